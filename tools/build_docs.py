"The notebooks as a site in _docs/, without Quarto, and without a network when it is read. Called by `make docs`."
import html, json, os, re, shutil, subprocess, sys, tarfile, tempfile, time
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
NBS, PROC, OUT = ROOT/"nbs", ROOT/"_proc", ROOT/"_docs"
KATEX_CDN = re.compile(r"https://cdn\.jsdelivr\.net/npm/katex@[\d.]+/dist")
KATEX_VERSION = "0.16.22"
BOOT = """<script>
addEventListener("DOMContentLoaded", () => document.querySelectorAll(".plotly-figure").forEach(div => {
  const fig = JSON.parse(div.nextElementSibling.textContent);
  Plotly.newPlot(div, fig.data, {...fig.layout, autosize: true}, {responsive: true, displaylogo: false})
    .then(() => fig.frames && fig.frames.length && Plotly.addFrames(div, fig.frames));
}));</script>"""

def say(text): print(f"docs: {text}", flush=True)

# ---- notebooks

def sources():
    "Every notebook of nbs/ that is a page"
    return sorted(f for f in NBS.rglob("*.ipynb") if not any(p.startswith((".", "_")) for p in f.relative_to(NBS).parts))

def page_name(name):
    "Path of a notebook as its page is called: 07_viz.ipynb -> viz.ipynb"
    p = Path(name)
    return p.with_name(re.sub(r"^\d+[a-z]?_", "", p.name)).as_posix()

def fold_export(cell):
    "Exported code is folded away below its card; hidden cells go"
    marks = cell.directives_.keys()
    if marks & {"hide", "default_exp", "exporti"}: del cell["source"]
    elif marks & {"export", "exports"}:
        if re.search(r"^(@|def |class |async def )", cell.source, re.M): cell.source = f'#| code-fold: true\n#| code-summary: "Source"\n{cell.source}'
        else: del cell["source"]

def procs():
    "nbdev's processors, but cards are filled from the imported modules (nbdev would run every cell that imports something)"
    from nbdev import processors as p
    return [p.FrontmatterProc, p.populate_language, p.add_show_docs, p.strip_ansi, p.hide_line, p.rm_header_dash,
            p.clean_show_doc, fold_export, p.clean_magics, p.hide_, p.strip_hidden_metadata]

def card(room, name):
    "Signature, comments and docstring of an exported name, as Markdown"
    from importlib import import_module
    from nbdev.showdoc import show_doc
    obj = import_module(f"phys4d.{room}")
    for part in name.split("."): obj = getattr(obj, part)
    text = show_doc(obj)._repr_markdown_()
    text = re.sub(r"^---\n+", "", text)
    text = re.sub(r"^\[source\].*\n+", "", text, flags=re.M)
    if isinstance(obj, type): text = re.sub(r"^def ", "class ", text, count=1, flags=re.M)
    return re.sub(r"^### .*$", f"### {name}", text.replace(":NoneType=None", "=None"), count=1, flags=re.M)

def process(src):
    "Prepare one notebook; a list of what went wrong"
    from execnb.nbio import read_nb, write_nb
    from nbdev.process import NBProcessor
    dst, bad = PROC/page_name(src.relative_to(NBS)), []
    dst.parent.mkdir(parents=True, exist_ok=True)
    nb = read_nb(src)
    title = next((c.source for c in nb.cells if c.cell_type == "markdown"), "")
    if more := [l for l in title.splitlines() if l.strip() and l[0] not in "#>"]:
        bad.append(f"{src.relative_to(ROOT)}: only the title (#) and the subtitle (>) of the first text cell reach the page; move {more[0][:60]!r} into the next cell")
    try: NBProcessor(nb=nb, procs=procs()).process()
    except Exception as e: bad.append(f"{src.relative_to(ROOT)}: {' '.join(str(e).split())[:300]}")
    write_nb(nb, dst)
    nb = json.loads(dst.read_text())
    for c in nb["cells"]:
        if not (name := shown_name(c)): continue
        try: c["outputs"] = [dict(output_type="execute_result", execution_count=None, metadata={}, data={"text/markdown": card(dst.stem, name)})]
        except Exception as e:
            bad.append(f"{src.relative_to(ROOT)}: no card for {name}: {type(e).__name__}: {' '.join(str(e).split())[:200]}")
            c["outputs"] = []
    dst.write_text(json.dumps(nb))
    return bad

def names():
    "Exported name -> room, and room -> names in the order of the file"
    order = {}
    for f in sorted((ROOT/"phys4d").glob("[!_]*.py")):
        m = re.search(r"^__all__ = (\[.*?\])", f.read_text(), re.M | re.S)
        order[f.stem] = re.findall(r"'([^']+)'", m[1]) if m else []
    return {n: room for room, ns in order.items() for n in ns}, order

def linkify(text, index, order, shown, here, up):
    "`name` and `room.name` and `room` in prose become links"
    def page(room, name): return f"{room}.ipynb" + (f"#{re.sub(r'[^a-z0-9_-]', '', name.lower())}" if name in shown else "")
    def link(m):
        name = m[1]
        room, _, rest = name.rpartition(".")
        if name in order: target = f"{name}.ipynb"
        elif name in index: target = page(index[name], name)
        elif rest in order.get(room.removeprefix("phys4d."), []): target = page(room.removeprefix("phys4d."), rest)
        elif room in index and name in shown: target = page(index[room], name)
        else: return m[0]
        return m[0] if target == f"{here}.ipynb" else f"[`{name}`]({up}{target})"
    parts = re.split(r"(^```.*?^```\s*?$|\$\$.*?\$\$|<[^>\n]+>)", text, flags=re.M | re.S)
    return "".join(p if i % 2 else re.sub(r"(?<![\[`\w])`([A-Za-z_][\w.]*)(?:\(\))?`(?![\]`])", link, p) for i, p in enumerate(parts))

def plotly_html(fig):
    height = fig.get("layout", {}).get("height", 400)
    data = json.dumps(fig, separators=(",", ":")).replace("</", "<\\/")
    return f'<div class="plotly-figure" style="height:{int(height)}px"></div><script type="application/json">{data}</script>'

def tidy_output(o, *names):
    "An output that a page without a kernel and without a network can show; None to drop it"
    data = o.get("data", {})
    if o.get("name") == "stderr": return None          # notices of libraries
    if "application/vnd.plotly.v1+json" in data:
        return o | {"data": {"text/html": plotly_html(data["application/vnd.plotly.v1+json"])}}
    if "application/vnd.jupyter.widget-view+json" in data:
        if re.search(r"%\||it/s|Loading", "".join(data.get("text/plain", ""))): return None     # a progress bar
        return o | {"data": {"text/html": '<div class="live-only">A live widget stands here in JupyterLab (<code>make lab</code>).</div>'}}
    if "text/html" in data:
        text = "".join(data["text/html"])
        text = re.sub(r"<script[^>]*src=.https://[^>]*></script>", "", text)
        text = re.sub(r"<style scoped>.*?</style>", "", text, flags=re.S).replace('border="1"', "")
        return o | {"data": data | {"text/html": text}}
    if "text/markdown" in data: return o | {"data": data | {"text/markdown": linkify("".join(data["text/markdown"]), *names)}}
    return o

def shown_name(cell):
    m = re.search(r"^show_doc\(([\w.]+)", "".join(cell["source"]), re.M) if cell["cell_type"] == "code" else None
    return m and m[1]

def in_order(cells, room, order):
    "Cards in the order of the file (nbdev lists the names of one cell backwards), then the code they come from"
    rank = {n: i for i, n in enumerate(order.get(room, []))}
    out, run = [], []
    for c in [*cells, None]:
        if c is not None and shown_name(c): run.append(c); continue
        if run:
            code = out.pop() if out and "code-fold" in "".join(out[-1]["source"]) else None
            out += sorted(run, key=lambda c: rank.get(shown_name(c).split(".")[0], 10**6)) + ([code] if code else [])
            run = []
        if c is not None: out.append(c)
    return out

def tidy(f, index, order, shown):
    "Links, outputs and order of one prepared notebook"
    nb, room = json.loads(f.read_text()), f.stem
    up = "../" * len(f.relative_to(PROC).parent.parts)
    for c in nb["cells"]:
        text = "".join(c["source"])
        if c["cell_type"] == "raw": c["source"] = re.sub(r"^output-file:.*\n", "", text, flags=re.M)
        elif c["cell_type"] == "markdown":
            text = re.sub(r"https://phys4d\.github\.io/phys4d/(\w+)\.html", rf"{up}\1.ipynb", text)
            text = re.sub(r"\]\(([\w./-]+\.ipynb)", lambda m: f"]({page_name(m[1])}", text)
            c["source"] = linkify(text, index, order, shown, room, up)
        elif c["cell_type"] == "code":
            c["outputs"] = [t for o in c.get("outputs", []) if (t := tidy_output(o, index, order, shown, room, up))]
            c["source"] = "\n".join(l for l in text.split("\n") if not l.startswith("#|") or re.match(r"#\|\s*(echo|output|label|fig|tbl|code|column|layout|include)", l)).strip("\n")
    nb["cells"] = in_order(nb["cells"], room, order)
    f.write_text(json.dumps(nb))

def shown_names():
    "Every name that has a card on some page"
    return {n for f in PROC.rglob("*.ipynb") for c in json.loads(f.read_text())["cells"] if (n := shown_name(c)) and c["outputs"]}

# ---- the site

def config():
    "_quarto.yml with page names, and without entries whose notebook is not there yet"
    import yaml
    conf = yaml.safe_load((NBS/"_quarto.yml").read_text())
    for extra in conf.pop("metadata-files"):
        more = yaml.safe_load((NBS/extra).read_text())
        for k, v in more.items(): conf[k] = {**conf.get(k, {}), **v}
    def clean(items):
        out = []
        for it in items if isinstance(items, list) else [items]:
            if isinstance(it, str):
                found = sorted(NBS.glob(it)) if "*" in it else [NBS/it] if (NBS/it).exists() else []
                seen = {x for x in out if isinstance(x, str)}
                out += [n for f in found if (n := page_name(f.relative_to(NBS))) not in seen]
            elif "section" in it:
                kids = clean(it["contents"])
                if kids: out.append(it | {"contents": kids})
            elif not str(it.get("href", "")).endswith(".ipynb") or (NBS/it["href"]).exists():
                out.append(it | {"href": page_name(it["href"])} if str(it.get("href", "")).endswith(".ipynb") else it)
        return out
    web = conf["website"]
    web["sidebar"]["contents"] = clean(web["sidebar"]["contents"])
    for side in ("left", "right"): web["navbar"][side] = clean(web["navbar"].get(side, []))
    conf["project"]["output-dir"] = str(OUT)
    conf["project"]["resources"] = ["**/*.png", "**/*.gif", "**/*.mp4", "**/*.svg"]
    conf.pop("format-links", None)
    (PROC/"_quarto.yml").write_text(yaml.safe_dump(conf, sort_keys=False))

def katex():
    "KaTeX's files: from this environment's cache, else by npm; None when neither has them"
    cache = Path(sys.prefix)/"share"/"phys4d-docs"/f"katex-{KATEX_VERSION}"
    if (cache/"katex.min.js").exists(): return cache
    if not shutil.which("npm"): return None
    with tempfile.TemporaryDirectory() as d:
        r = subprocess.run(["npm", "pack", "--silent", f"katex@{KATEX_VERSION}"], cwd=d, capture_output=True, text=True, timeout=60)
        packs = list(Path(d).glob("*.tgz"))
        if r.returncode or not packs: return None
        with tarfile.open(packs[0]) as tar: tar.extractall(d, filter="data")
        dist = Path(d)/"package"/"dist"
        tmp = cache.with_name(cache.name + ".tmp")
        shutil.rmtree(tmp, ignore_errors=True); (tmp/"contrib").mkdir(parents=True)
        for name in ("katex.min.css", "katex.min.js", "contrib/auto-render.min.js"): shutil.copy(dist/name, tmp/name)
        shutil.copytree(dist/"fonts", tmp/"fonts", ignore=lambda _, fs: [f for f in fs if not f.endswith(".woff2")])
        css = (tmp/"katex.min.css").read_text()
        (tmp/"katex.min.css").write_text(re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[^"]*"\)', "", css))
        os.replace(tmp, cache)
    return cache

def localise(maths):
    "Put KaTeX and plotly beside the pages that need them"
    plotly = False
    for f in OUT.rglob("*.html"):
        text, up = f.read_text(), "../" * len(f.relative_to(OUT).parent.parts)
        if maths: text = KATEX_CDN.sub(f"{up}site_libs/katex", text)
        else: text = re.sub(rf"<(script|link)[^>]*{KATEX_CDN.pattern}[^>]*>(</script>)?", "", text)
        if "plotly-figure" in text or "Plotly.newPlot" in text:
            plotly = True
            text = text.replace("</head>", f'<script src="{up}site_libs/plotly/plotly.min.js"></script>{BOOT}</head>', 1)
        text = re.sub(r'<img (?![^>]*alt=)', '<img alt="figure" ', text)
        f.write_text(text)
    libs = OUT/"site_libs"
    if maths: shutil.copytree(maths, libs/"katex", dirs_exist_ok=True)
    if plotly:
        from plotly.offline import get_plotlyjs
        (libs/"plotly").mkdir(parents=True, exist_ok=True)
        (libs/"plotly"/"plotly.min.js").write_text(get_plotlyjs())

def render():
    from smalldocs.config import load
    from smalldocs.site import Site
    site = Site(load(PROC), quiet=True)
    n = site.build()
    return n, [w for w in site.warnings if "broken link" not in w]

# ---- checks

def check():
    "Broken links, anchors and assets, and anything that would be fetched from elsewhere when a page is read"
    bad, ids, texts = [], {}, {}
    for f in OUT.rglob("*.html"):
        t = re.sub(r"<script\b[^>]*>.*?</script>", lambda m: m[0][:m[0].index(">") + 1], f.read_text(), flags=re.S)
        texts[f], ids[f] = t, set(re.findall(r'\bid="([^"]+)"', t))
    for f, t in texts.items():
        here = f.relative_to(OUT)
        for tag, attr, url in re.findall(r'<(\w+)\b[^>]*?\s(href|src)="([^"]*)"', t):
            u = urlsplit(html.unescape(url))
            if u.scheme in ("data", "mailto", "javascript"): continue
            if u.scheme or u.netloc:
                if tag != "a": bad.append(f"{here}: <{tag}> fetches {url}")
                continue
            target = (f.parent/unquote(u.path)).resolve() if u.path else f
            if target.is_dir(): target /= "index.html"
            if not target.is_file(): bad.append(f"{here}: broken link {url}")
            elif u.fragment and target in ids and unquote(u.fragment) not in ids[target]: bad.append(f"{here}: no anchor {url}")
    for f in OUT.rglob("*.css"):
        if re.search(r"(url\(|@import\s+)[\"']?https?:", f.read_text()): bad.append(f"{f.relative_to(OUT)}: fetches from elsewhere")
    return sorted(set(bad))

def main():
    began = time.time()
    os.chdir(ROOT)
    os.environ.update(PYTHONPATH=str(ROOT), TQDM_DISABLE="1", OMP_NUM_THREADS="1", PYTHONWARNINGS="ignore")
    for d in (PROC, OUT): shutil.rmtree(d, ignore_errors=True)
    PROC.mkdir()
    files, problems = sources(), []
    say(f"{len(files)} notebooks")
    for i, f in enumerate(files, 1):
        bad = process(f)
        problems += bad
        say(f"[{i:2d}/{len(files)}] {f.relative_to(NBS)}{f'  {len(bad)} problems' if bad else ''}  ({time.time() - began:.0f} s)")
    (index, order), shown = names(), shown_names()
    for f in PROC.rglob("*.ipynb"): tidy(f, index, order, shown)
    for f in (*NBS.glob("*.css"), *NBS.glob("*.svg"), *NBS.glob("*.png")): shutil.copy(f, PROC)
    config()
    n, warnings = render()
    maths = katex()
    localise(maths)
    problems += warnings + check()
    size = sum(f.stat().st_size for f in OUT.rglob("*") if f.is_file()) / 1e6
    say(f"{n} pages, {size:.1f} MB, {time.time() - began:.0f} s, in _docs/ (open _docs/index.html)" + ("" if maths else "; no KaTeX here: formulae stay TeX"))
    for p in problems: print(f"docs: problem: {p}", file=sys.stderr)
    return 1 if problems else 0

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
