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
from fastcore.docments import docments
from nbdev.showdoc import BasicMarkdownRenderer
from pydantic import BaseModel

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

def owners(obj):
    "Classes of which a method or a class takes over what it says nothing about itself, the nearest first"
    if isinstance(obj, type): return obj.__mro__[1:-1]
    cls = getattr(import_module(obj.__module__), obj.__qualname__.partition(".")[0], None)
    return cls.__mro__[1:-1] if isinstance(cls, type) and "." in obj.__qualname__ else ()

def word(keys):
    "The first of these words that the house has; that it was needed is noted"
    key = next((key for key in keys if key in house_words()), None)
    if key: USED.add(key)
    return house_words().get(key, "")

def places(name, obj):
    "Where a word for a parameter may stand: for its function, for its room, for the whole house"
    room = obj.__module__.rpartition(".")[2]
    return f"{room}.{obj.__qualname__}.{name}", f"{room}.{name}", name

GIVEN = re.compile(r"(?:^|[,(])\s*\*{0,2}(\w+)\s*(?=[:,=)]|$)") # names in a line of a signature, those inside of a default's brackets, too

NAMED = re.compile(r"(?:^|[;,] )(\w+): ([^;]+)") # in the comment behind what comes back
RETURNS = re.compile(r"\)\s*(->.*)?:\s*$")

@lru_cache(maxsize=None)
def shared_comments(obj):
    "What a comment behind several parameters says of those that stand before the last, and `-> ...: # x: what x is` of x"
    try: lines = inspect.getsource(obj).splitlines()
    except (OSError, TypeError): return {}
    end = next((i for i, line in enumerate(lines) if line.split("#")[0].rstrip().endswith(":")), 0)
    found = {}
    for line in lines[:end + 1]:
        code, _, comment = line.partition("# ")
        told = [(name, comment) for name in GIVEN.findall(code.strip().rpartition("def ")[2])] if comment else []
        found |= dict(NAMED.findall(comment) if RETURNS.search(code) else told)
    return found

def inherited(name, obj):
    "What a class above says of a parameter"
    above = owners(obj) if isinstance(obj, type) else [getattr(c, obj.__name__, None) for c in owners(obj)]
    for other in above:
        if not (isinstance(other, type) or inspect.isfunction(other)) or not (other.__module__ or "").startswith("phys4d."): continue
        said = docments(other, full=True).get(name)
        if said and (text := said["docment"] or word(places(name, other)[:2])): return text

def meaning(name, comment, obj):
    "What a parameter means: by the house's word for this function, its comment, the word of its room, the class above, the house"
    own, room, house = places(name, obj)
    text = word([own]) or comment or shared_comments(inspect.unwrap(obj)).get(name) or word([room]) or inherited(name, obj) or word([house])
    if not text and name not in ("args", "kwargs"): SILENT.add(own)
    return text

def stars(said):
    "The stars before a parameter that takes many"
    return {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}.get(said.get("kind"), "")

FIELD = re.compile(r"^    (\w+)\s*:[^#]*?(?:#\s*(.*))?$", re.M)

def fields(cls):
    "A pydantic model's fields as docments tells parameters: type, default, and the comment behind each"
    comments = dict(FIELD.findall(inspect.getsource(cls)))
    return {name: dict(anno=f.annotation, default=EMPTY if f.is_required() or f.default_factory else f.default, docment=comments.get(name))
            for name, f in cls.model_fields.items()}

def parameters(obj, said):
    "Name, type, default and meaning of each parameter, and of what comes back; `said` is what docments found"
    if isinstance(obj, type) and issubclass(obj, BaseModel): said = fields(obj)
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
