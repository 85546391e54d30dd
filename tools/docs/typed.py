"Commands that a page tells to type: each must be one that its program understands."
import contextlib
import io
import json
import re
import shlex
from importlib import import_module

from .pages import ROOT, sources, text_of

FENCE = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.M | re.S)
INLINE = re.compile(r"`(phys4d_\w+ [^`]+)`")

def typed_lines(text):
    "The phys4d commands of a Markdown text: lines of shell blocks, and code with arguments in the prose"
    lines = [line.strip() for block in FENCE.findall(text) for line in block.splitlines()]
    return [line for line in lines if line.startswith("phys4d_")] + INLINE.findall(FENCE.sub("", text))

def find_command(words):
    "The command that the first words name, and the words that are left for it"
    from phys4d.commands import Command
    script = re.search(rf"\b{re.escape(words[0])}=([\w.]+):(\w+)", (ROOT/"settings.ini").read_text())
    found, rest = script and getattr(import_module(script[1]), script[2]), words[1:]
    while found and not isinstance(found, Command) and rest: found, rest = found.commands.get(rest[0]), rest[1:]
    return found, rest

def check_recipe(options):
    "Names and values of a recipe's parameters"
    from phys4d import batch
    base = batch.parse_assignments(batch.load_recipe(options.recipe), options.parameter)
    batch.parse_grid(base, options.sweep)

def typed_problem(line):
    "What its program says against a line; None when it has nothing to say. Lines with … are sketches"
    words = shlex.split(line, comments=True)
    if "…" in line or "..." in line or len(words) < 2: return None
    command, rest = find_command(words)
    if command is None: return "no such command"
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try: options = command.parser().parse_args(rest)
        except SystemExit as e: return said.getvalue().strip() if e.code else None
    try:
        if words[0] == "phys4d_run" and not options.recipe.endswith(".yaml"): check_recipe(options)
    except Exception as e: return str(e)

def texts():
    "Path and text of every page's prose, and of the root's Markdown files"
    for f in sources():
        yield f, "\n\n".join(text_of(c) for c in json.loads(f.read_text())["cells"] if c["cell_type"] == "markdown")
    for f in sorted(ROOT.glob("*.md")): yield f, f.read_text()

def check():
    "Every typed command that its program would refuse"
    found = [(f, line) for f, text in texts() for line in typed_lines(text)]
    return [f"{f.relative_to(ROOT)}: `{line}`: {problem}" for f, line in found if (problem := typed_problem(line))]
