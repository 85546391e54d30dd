"Notebooks become pages: nbdev's processors, cards of exported names, links between pages, outputs that need no kernel."
import html
import json
import re
from pathlib import Path

from .cards import ROOT, card

NBS, PROC = ROOT/"nbs", ROOT/"_proc"
PLOTLY = "application/vnd.plotly.v1+json"
WIDGET = "application/vnd.jupyter.widget-view+json"
LIVE_ONLY = '<div class="live-only">A live widget stands here in JupyterLab (<code>make lab</code>).</div>'
KEPT_MARKS = re.compile(r"#\|\s*(echo|output|label|fig|tbl|code|column|layout|include)")

# ---- names of pages

def sources():
    "Every notebook of nbs/ that is a page"
    return sorted(f for f in NBS.rglob("*.ipynb") if not any(p.startswith((".", "_")) for p in f.relative_to(NBS).parts))

def page_name(name):
    "Path of a notebook as its page is called: 07_viz.ipynb -> viz.ipynb"
    path = Path(name)
    return path.with_name(re.sub(r"^\d+[a-z]?_", "", path.name)).as_posix()

def text_of(cell): return "".join(cell["source"])

def shown_name(cell):
    "The exported name that a cell shows as a card, if it does"
    found = re.search(r"^show_doc\(([\w.]+)", text_of(cell), re.M) if cell["cell_type"] == "code" else None
    return found and found[1]

# ---- first pass: one notebook by itself

def fold_export(cell):
    "Exported code is folded away below its card; hidden cells and cells that only import or assign go"
    marks = cell.directives_.keys()
    if marks & {"hide", "default_exp", "exporti"}: del cell["source"]
    elif marks & {"export", "exports"}:
        if re.search(r"^(@|def |class |async def )", cell.source, re.M):
            cell.source = f'#| code-fold: true\n#| code-summary: "Source"\n{cell.source}'
        else: del cell["source"]

def processors():
    "nbdev's processors, but cards are filled from the imported modules (nbdev would run every cell that imports something)"
    from nbdev import processors as p
    return [p.FrontmatterProc, p.populate_language, p.add_show_docs, p.strip_ansi, p.hide_line, p.rm_header_dash,
            p.clean_show_doc, fold_export, p.clean_magics, p.hide_, p.strip_hidden_metadata]

def lost_text(cells):
    "Lines of the first text cell that would not reach the page"
    title = next((text_of(c) for c in cells if c["cell_type"] == "markdown"), "")
    return [line for line in title.splitlines() if line.strip() and line[0] not in "#>"]

def one_line(error): return " ".join(str(error).split())[:300]

def fill_card(cell, room, notebook):
    "Put the card of the name that a cell shows into the cell; what went wrong, if something did"
    name = shown_name(cell)
    if not name: return None
    try: text = card(room, name, notebook)
    except Exception as e:
        cell["outputs"] = []
        return f"no card for {name}: {type(e).__name__}: {one_line(e)}"
    cell["outputs"] = [dict(output_type="execute_result", execution_count=None, metadata={}, data={"text/markdown": text})]

def process(src):
    "Prepare one notebook in _proc/; a list of what went wrong"
    from execnb.nbio import read_nb, write_nb
    from nbdev.process import NBProcessor
    dst, path = PROC/page_name(src.relative_to(NBS)), src.relative_to(ROOT).as_posix()
    dst.parent.mkdir(parents=True, exist_ok=True)
    nb, bad = read_nb(src), []
    if lost := lost_text(nb.cells):
        bad.append(f"only the title (#) and the subtitle (>) of the first text cell reach the page; move {lost[0][:60]!r} into the next cell")
    try: NBProcessor(nb=nb, procs=processors()).process()
    except Exception as e: bad.append(one_line(e))
    write_nb(nb, dst)
    page = json.loads(dst.read_text())
    bad += filter(None, [fill_card(c, dst.stem, path) for c in page["cells"]])
    dst.write_text(json.dumps(page))
    return [f"{path}: {b}" for b in bad]

# ---- second pass: what needs to know all pages

class Names:
    "Which room exports a name, which names have a card, and so where a name in backticks leads"
    def __init__(self, order, shown):
        self.order, self.shown = order, shown # room -> names in the order of the file; names that have a card
        self.room = {name: room for room, names in order.items() for name in names}

    @classmethod
    def read(cls):
        "From the modules and the prepared notebooks"
        cells = [c for f in PROC.rglob("*.ipynb") for c in json.loads(f.read_text())["cells"]]
        rooms = sorted((ROOT/"phys4d").glob("[!_]*.py"))
        return cls({f.stem: exported(f.read_text()) for f in rooms}, {n for c in cells if (n := shown_name(c)) and c["outputs"]})

    def page(self, room, name=""):
        "The page of a room, at the card of a name when it has one"
        return f"{room}.ipynb" + (f"#{re.sub(r'[^a-z0-9_.-]', '', name.lower())}" if name in self.shown else "")

    def target(self, name):
        "Where `name`, `room`, `room.name` or `Class.method` leads; None when nowhere"
        before, _, last = name.rpartition(".")
        before = before.removeprefix("phys4d.")
        if name in self.order: return self.page(name)
        if name in self.room: return self.page(self.room[name], name)
        if last in self.order.get(before, []): return self.page(before, last)
        if before in self.room and name in self.shown: return self.page(self.room[before], name)

def exported(text):
    "The names in a module's __all__"
    found = re.search(r"^__all__ = (\[.*?\])", text, re.M | re.S)
    return re.findall(r"'([^']+)'", found[1]) if found else []

def linkify(text, names, here, up):
    "`name` in prose becomes a link, but not in code, formulae, HTML or other links"
    def link(m):
        target = names.target(m[1])
        return m[0] if target in (None, f"{here}.ipynb") else f"[`{m[1]}`]({up}{target})"
    parts = re.split(r"(^```.*?^```\s*?$|\$\$.*?\$\$|<[^>\n]+>)", text, flags=re.M | re.S)
    backticks = re.compile(r"(?<![\[`\w])`([A-Za-z_][\w.]*)(?:\(\))?`(?![\]`])")
    return "".join(p if i % 2 else backticks.sub(link, p) for i, p in enumerate(parts))

def local_links(text, up):
    "Links to the published site, and to notebooks by their file names, become links between pages"
    text = re.sub(r"https://phys4d\.github\.io/phys4d/(\w+)\.html", rf"{up}\1.ipynb", text)
    return re.sub(r"\]\(([\w./-]+\.ipynb)", lambda m: f"]({page_name(m[1])}", text)

# ---- outputs

def plotly_html(fig):
    "A figure as an empty box with its data beside it; site.js draws it"
    layout = fig.get("layout", {})
    title = layout.get("title") or ""
    name = (title.get("text") if isinstance(title, dict) else title) or "figure"
    data = json.dumps(fig, separators=(",", ":")).replace("</", "<\\/")
    box = f'<div class="plotly-figure" role="img" aria-label="{html.escape(name)}" style="height:{int(layout.get("height", 400))}px"></div>'
    return f'{box}<script type="application/json">{data}</script>'

def plain_html(text):
    "HTML of an output without scripts from elsewhere and without pandas' own looks"
    text = re.sub(r"<script[^>]*src=.https://[^>]*></script>", "", text)
    return re.sub(r"<style scoped>.*?</style>", "", text, flags=re.S).replace('border="1"', "")

def is_progress_bar(data): return re.search(r"%\||it/s|Loading", "".join(data.get("text/plain", "")))

def tidy_output(output, link):
    "An output that a page without a kernel and without a network can show; None to drop it. `link` makes links of the names on a card"
    data = output.get("data", {})
    if output.get("name") == "stderr": return None # notices of libraries
    if PLOTLY in data: return output | {"data": {"text/html": plotly_html(data[PLOTLY])}}
    if WIDGET in data: return None if is_progress_bar(data) else output | {"data": {"text/html": LIVE_ONLY}}
    if "text/html" in data: return output | {"data": data | {"text/html": plain_html("".join(data["text/html"]))}}
    if "text/markdown" in data: return output | {"data": data | {"text/markdown": link("".join(data["text/markdown"]))}}
    return output

# ---- order, and the whole of the second pass

def in_order(cells, order):
    "Cards in the order of the file (nbdev lists the names of one cell backwards), then the code they come from"
    rank = {name: i for i, name in enumerate(order)}
    out, cards = [], []
    for c in [*cells, None]:
        if c is not None and shown_name(c):
            cards.append(c)
            continue
        if cards:
            code = [out.pop()] if out and "code-fold" in text_of(out[-1]) else []
            out += sorted(cards, key=lambda c: rank.get(shown_name(c).split(".")[0], len(rank))) + code
            cards = []
        if c is not None: out.append(c)
    return out

def front_matter(text, notebook):
    "The front matter without nbdev's own entry, and with a link to the notebook on GitHub"
    from nbdev.config import get_config
    conf = get_config()
    link = f"code-links:\n- text: This notebook\n  icon: journal-code\n  href: {conf.git_url}/blob/{conf.branch}/{notebook}\n"
    text = re.sub(r"^output-file:.*\n", "", text, flags=re.M)
    return re.sub(r"\n---\s*$", f"\n{link}---", text)

def visible_code(text):
    "Code without the marks that are nbdev's own business"
    lines = text.split("\n")
    return "\n".join(l for l in lines if not l.startswith("#|") or KEPT_MARKS.match(l)).strip("\n")

def tidy(page, notebook, names):
    "Links, outputs and order of one prepared notebook; `notebook` is the path of its source"
    nb, here = json.loads(page.read_text()), page.stem
    up = "../" * len(page.relative_to(PROC).parent.parts)
    link = lambda text: linkify(text, names, here, up)
    for c in nb["cells"]:
        text = text_of(c)
        if c["cell_type"] == "raw": c["source"] = front_matter(text, notebook)
        elif c["cell_type"] == "markdown": c["source"] = link(local_links(text, up))
        elif c["cell_type"] == "code":
            on_card = link if shown_name(c) else str # in other outputs a name in backticks may be anything
            c["outputs"] = [o for o in (tidy_output(o, on_card) for o in c.get("outputs", [])) if o]
            c["source"] = visible_code(text)
    nb["cells"] = in_order(nb["cells"], names.order.get(here, []))
    page.write_text(json.dumps(nb))
