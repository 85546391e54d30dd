"The card of an exported name: links to its source, signature, sentence, and a table of its parameters."
import dataclasses
import html
import inspect
import re
from copy import copy
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import yaml
from nbdev.showdoc import BasicMarkdownRenderer

ROOT = Path(__file__).resolve().parents[2]
WORDS = Path(__file__).with_name("parameters.yml")
MODULES = re.compile(r"\b(?:[a-z_]\w*\.)+(?=[A-Za-z_])") # before a name
EMPTY = inspect.Parameter.empty
USED, SILENT = set(), set() # words of the house that some card needed; parameters of which nothing is said

# ---- cells of a table

def cell(text):
    "Text as one cell of a Markdown table"
    return " ".join(str(text).split()).replace("|", r"\|")

def prose(text):
    "A comment as one cell: what is no code in it is no markup either"
    parts = re.split(r"(`[^`]*`)", cell(text))
    return "".join(p if i % 2 else html.escape(p, quote=False).replace("*", r"\*").replace("_", r"\_").replace("~", r"\~").replace("$", r"\$")
                   for i, p in enumerate(parts))

def code(text):
    "Text as one cell of code; two backticks, since one would become a link, and a parameter may be called like a function"
    return f"``{cell(text)}``" if text else ""

def linked(text):
    "A type as one cell of code, which becomes a link when it is ours"
    return f"`{cell(text)}`" if text else ""

def markdown_table(head, rows):
    "A Markdown table without the columns in which nothing stands; empty when only one is left"
    keep = [i for i in range(len(head)) if any(row[i] for row in rows)]
    if len(keep) < 2: return "" # names alone: the signature says as much
    lines = [[head[i] for i in keep], ["---"] * len(keep)] + [[row[i] for i in keep] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

# ---- what a signature says

def type_name(annotation):
    "An annotation as one writes it, without the modules"
    if annotation in (EMPTY, None, type(None)): return ""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return MODULES.sub("", text.replace(" | ", "|"))

def default_text(name, said, obj):
    "A default as one writes it"
    value = said.get("default", EMPTY)
    if value is EMPTY: return ""
    made = {f.name: f.default_factory for f in dataclasses.fields(obj)} if dataclasses.is_dataclass(obj) else {}
    if made.get(name, dataclasses.MISSING) is not dataclasses.MISSING: value = made[name]()
    text = getattr(value, "__name__", None) or repr(value)
    return text if len(text) <= 60 else text[:57] + "..."

@lru_cache
def house_words():
    "What a parameter of a name means wherever its function adds nothing"
    return yaml.safe_load(WORDS.read_text())

def meaning(name, comment, obj):
    "What a parameter means: by the house's word for this function, its comment, the word of its room, the word everywhere"
    room, words = obj.__module__.rpartition(".")[2], house_words()
    keys = f"{room}.{obj.__qualname__}.{name}", f"{room}.{name}", name
    key = next((key for key in keys if key in words), None)
    if comment and key != keys[0]: return comment
    if key: USED.add(key)
    elif name not in ("args", "kwargs"): SILENT.add(keys[0])
    return words.get(key, "")

def stars(said):
    "The stars before a parameter that takes many"
    return {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}.get(said.get("kind"), "")

def parameters(obj, said):
    "Name, type, default and meaning of each parameter, and of what comes back; `said` is what docments found"
    said = {name: p for name, p in said.items() if name not in ("self", "cls")}
    back = said.pop("return", {})
    rows = [(code(stars(p) + n), linked(type_name(p.get("anno", EMPTY))), code(default_text(n, p, obj)), prose(meaning(n, p.get("docment"), obj)))
            for n, p in said.items()]
    back = () if isinstance(obj, type) or not back.get("docment") else ("*returns*", linked(type_name(back["anno"])), "", prose(back["docment"]))
    return rows, back

def parameter_table(obj, said):
    "The parameters as a Markdown table; empty when there are none, or only *args and **kwargs of which nothing is said"
    rows, back = parameters(obj, said)
    said = [row for row in rows if row[3] or not row[0].startswith("``*")] + ([back] if back else [])
    return markdown_table(("name", "type", "default", "meaning"), rows + ([back] if back else [])) if said else ""

def without_comments(text):
    "A signature of docments without the comments, which stand in the table"
    bare = copy(text)
    bare.dm = {name: p | {"docment": None} for name, p in text.dm.items()}
    return str(bare)

def signature(obj, name, text):
    "The signature as one line, which the page wraps; `text` is what docments made of it"
    line = re.sub(r"\(\n\s+", "(", re.sub(r"\n\)", ")", re.sub(r",\n\s+", ", ", without_comments(text))))
    line = line.replace(":NoneType=None", "=None").replace(" | ", "|").replace("<factory>", "...").rstrip(":")
    line = re.sub(r"(?<=[:>])[\w.|\[\], ]+", lambda m: MODULES.sub("", m[0]), line) # in annotations, not in defaults
    return re.sub(r"^(?:def |class )?\w+", f"class {name}", line).removesuffix("->None") if isinstance(obj, type) else line

def docstring(obj):
    "The own docstring, unless a dataclass wrote it of itself"
    text = inspect.cleandoc(obj.__doc__ or "")
    return "" if dataclasses.is_dataclass(obj) and text.startswith(f"{obj.__name__}(") else text

# ---- the methods of a class

def public_methods(cls):
    "Name and function of each public method that the class itself defines, and of its properties"
    for name, member in vars(cls).items():
        if name.startswith("_") or (isinstance(member, type)): continue
        if isinstance(member, property): yield name, member.fget, False
        elif isinstance(member, (staticmethod, classmethod)): yield name, member.__func__, True
        elif inspect.isfunction(member): yield name, member, True

def call_text(name, fn, is_call):
    "A method as one calls it"
    if not is_call: return name
    given = [p for p in inspect.signature(fn).parameters.values() if p.name not in ("self", "cls")]
    return f"{name}({', '.join(stars(dict(kind=p.kind)) + p.name for p in given)})"

def method_table(cls):
    "The public methods of a class as a Markdown table"
    rows = [(code(call_text(*m)), cell(docstring(m[1]).split("\n\n")[0])) for m in public_methods(cls)]
    return markdown_table(("method", "what it does"), rows) if rows else ""

# ---- where it stands

def line_of(text, name, notebook=False):
    "Line on which a module, or an exported cell of a notebook's JSON, defines a name; None when it does not"
    leaf = re.escape(name.split(".")[-1])
    before = (r'\s*"' if notebook else "") + (r"\s*" if "." in name else "")
    begins = re.compile(rf"{before}(?:async )?(?:def|class) {leaf}\b")
    exported = not notebook
    for number, line in enumerate(text.splitlines(), 1):
        if notebook and '"cell_type":' in line: exported = False
        if notebook and re.match(r'\s*"#\| ?exports?\b', line): exported = True
        if exported and begins.match(line): return number

def github(path, text, name):
    "Address on GitHub of the line that defines a name; `plain` because a rendered notebook has no lines"
    from nbdev.config import get_config
    conf, line = get_config(), line_of(text, name, path.endswith(".ipynb"))
    return f"{conf.git_url}/blob/{conf.branch}/{path}{'?plain=1' if path.endswith('.ipynb') else ''}{f'#L{line}' if line else ''}"

@lru_cache(maxsize=4)
def read(path): return (ROOT/path).read_text()

def source_links(room, name, notebook):
    "Where the name is defined: the notebook's line, and the line of the module written from it"
    places = dict(notebook=notebook, module=f"phys4d/{room}.py")
    links = [f'<a href="{html.escape(github(path, read(path), name))}" title="{path} on GitHub">{what}</a>' for what, path in places.items()]
    return f'<div class="card-source">source: {" · ".join(links)}</div>'

# ---- the card

class Card(BasicMarkdownRenderer):
    "nbdev's card, whose renderer writes the comments behind the parameters: here they stand in a table"
    def _repr_markdown_(self):
        head = signature(self.sym, self.nm.split(".")[-1], self.dm)
        parts = [f"```python\n{head}\n```", docstring(self.sym), parameter_table(self.sym, self.dm.dm)]
        if isinstance(self.sym, type): parts.append(method_table(self.sym))
        return "\n\n".join(p for p in parts if p)

def card(room, name, notebook):
    "An exported name as Markdown; `notebook` is the path of the notebook that defines it"
    obj = import_module(f"phys4d.{room}")
    for part in name.split("."): obj = getattr(obj, part)
    if isinstance(obj, property): obj = obj.fget
    return f"### {name}\n\n{source_links(room, name, notebook)}\n\n{Card(obj, name=name)._repr_markdown_()}"
