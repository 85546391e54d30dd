"""How readable each room is, counted; a count may fall and never rises (`tools/style.csv`).

make test ONLY=style     compares; `python tools/style.py --write` keeps the counts of today, after they fell
"""
import ast, csv, json, subprocess, sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT/"tools/style.csv"
MOST_CELL, MOST_FUNCTION = 40, 60  # lines
COUNTS = "long lines", "several statements", "long cells", "long functions", "undocumented", "names of two rooms"

def notebooks(): # {room or page: its notebook}; the rooms first
    files = [f for f in (ROOT/"nbs").rglob("*.ipynb") if not any(p.startswith((".", "_")) for p in f.relative_to(ROOT).parts)]
    return {f.relative_to(ROOT/"nbs").with_suffix("").as_posix(): f for f in sorted(files, key=lambda f: (len(f.parts), f))}

def code_cells(nb):
    return ["".join(c["source"]) for c in nb["cells"] if c["cell_type"] == "code"]

def exported(cells): # the module as it is exported, a list of lines
    return "\n".join(c for c in cells if any(line.replace(" ", "").startswith("#|export") for line in c.splitlines()))

def linted(source, rule): # how often ruff finds a rule in a text
    ask = ["ruff", "check", "--isolated", "--select", rule, "--line-length", "140", "--output-format", "json", "--stdin-filename", "room.py", "-"]
    return len(json.loads(subprocess.run([sys.executable, "-m", *ask], input=source, capture_output=True, text=True).stdout or "[]"))

def functions(source): # every function, method and class of a text, those inside functions left out
    for node in ast.parse(source).body:
        yield node
        if isinstance(node, ast.ClassDef): yield from node.body

def told(sources): # names of methods that some class of the house documents: an override inherits the sentence; torch documents forward
    methods = [m for source in sources for c in functions(source) if isinstance(c, ast.ClassDef) for m in c.body]
    patched = [n for source in sources for n in functions(source) if isinstance(n, ast.FunctionDef) and is_patch(n)]
    return {"forward"} | {m.name for m in methods + patched if isinstance(m, ast.FunctionDef) and ast.get_docstring(m)}

def public_names(source): # what a room gives to others: functions, classes and constants
    for n in ast.parse(source).body:
        names = [n.name] if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and not is_patch(n) else []
        if isinstance(n, ast.Assign): names = [t.id for t in n.targets if isinstance(t, ast.Name)]
        yield from (name for name in names if not name.startswith("_"))

def counts(cells, said=(), taken=()): # one row; said: of `told`; taken: public names of other rooms
    source = exported(cells)
    defined = [n for n in functions(source) if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    public = [n for n in defined if not n.name.startswith("_") and not is_kernel(n)]
    bare = [n for n in public if ast.get_docstring(n) is None and not (n.name in said and (is_patch(n) or n.col_offset))]
    long = [n for n in defined if isinstance(n, ast.FunctionDef) and n.end_lineno - n.lineno >= MOST_FUNCTION]
    return (linted(source, "E501"), linted(source, "E702"), sum(len(c.splitlines()) > MOST_CELL for c in cells), len(long),
            len(bare), len(set(public_names(source)) & set(taken)))

def is_patch(node): # a method that a class gains beside its demo
    return any("patch" in ast.unparse(d) for d in node.decorator_list)

def is_kernel(node): # a warp kernel takes no docstring
    return any("wp." in ast.unparse(d) for d in node.decorator_list)

def today(): # {notebook: row}
    cells = {name: code_cells(json.loads(f.read_text())) for name, f in notebooks().items()}
    said = told([exported(c) for c in cells.values()])
    owners = Counter(n for c in cells.values() for n in set(public_names(exported(c))))
    return {name: counts(c, said, {n for n, rooms in owners.items() if rooms > 1}) for name, c in cells.items()}

def kept(): # {notebook: row}
    return {r[0]: tuple(map(int, r[1:])) for r in list(csv.reader(TABLE.open()))[1:]}

def worse(): # what rose, a sentence a line
    was, out = kept(), []
    for name, row in today().items():
        for what, now, before in zip(COUNTS, row, was.get(name, (0,)*len(COUNTS))):
            if now > before: out.append(f"nbs/{name}.ipynb: {what} rose from {before} to {now}")
    return "\n".join(out)

def write():
    rows = today()
    lines = [["notebook", *COUNTS], *([n, *map(str, r)] for n, r in rows.items() if any(r))]
    TABLE.write_text("\n".join(map(",".join, lines)) + "\n")
    return dict(zip(COUNTS, map(sum, zip(*rows.values()))))

if __name__ == "__main__":
    print(write() if "--write" in sys.argv else worse() or "nothing rose")
