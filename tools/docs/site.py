"The site around the pages: configuration, themes, search index, finishing of the HTML, and checks of the result."
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml

from .pages import NBS, PROC, ROOT, page_name

OUT = ROOT/"_docs"
KATEX_CDN = re.compile(r"https://cdn\.jsdelivr\.net/npm/katex@[\d.]+/dist")
KATEX_VERSION = "0.16.22"
SCRIPT = Path(__file__).with_name("site.js")
SKIP = '<a class="skip-link" href="#quarto-document-content">Skip to the text</a>'

# ---- configuration

def existing(items):
    "Entries of a sidebar or navbar under their pages' names, without those whose notebook is not there"
    out = []
    for item in items if isinstance(items, list) else [items]:
        if isinstance(item, str): out += [name for name in matching(item) if name not in out]
        elif "section" in item:
            inside = existing(item["contents"])
            if inside: out.append(item | {"contents": inside})
        elif not str(item.get("href", "")).endswith(".ipynb"): out.append(item)
        elif (NBS/item["href"]).exists(): out.append(item | {"href": page_name(item["href"])})
    return out

def matching(pattern):
    "Pages of the notebooks that a name or a pattern names"
    files = sorted(NBS.glob(pattern)) if "*" in pattern else [NBS/pattern]
    return [page_name(f.relative_to(NBS)) for f in files if f.exists()]

def quarto_config():
    "_quarto.yml together with the files it names"
    conf = yaml.safe_load((NBS/"_quarto.yml").read_text())
    for extra in conf.pop("metadata-files"):
        for key, value in yaml.safe_load((NBS/extra).read_text()).items(): conf[key] = {**conf.get(key, {}), **value}
    return conf

def dark_theme():
    "Bootstrap's own dark mode as a theme: its rules for `data-bs-theme=dark` hold for the whole page"
    import smalldocs
    css = Path(smalldocs.__file__).parent/"assets"/"vendor"/"bootstrap"/"bootstrap.min.css"
    return css.read_text().replace("[data-bs-theme=dark]", ":root")

def configure():
    "Write the configuration that smalldocs reads, and the dark theme"
    conf = quarto_config()
    web = conf["website"]
    web["sidebar"]["contents"] = existing(web["sidebar"]["contents"])
    for side in ("left", "right"): web["navbar"][side] = existing(web["navbar"].get(side, []))
    conf["format"]["html"]["theme"]["dark"] = "dark.css"
    conf["project"]["output-dir"] = str(OUT)
    conf["project"]["resources"] = ["**/*.png", "**/*.gif", "**/*.mp4", "**/*.svg"]
    (PROC/"dark.css").write_text(dark_theme())
    (PROC/"_quarto.yml").write_text(yaml.safe_dump(conf, sort_keys=False))

def render():
    "Write the pages; how many, and what smalldocs warns of"
    from smalldocs.config import load
    from smalldocs.site import Site
    site = Site(load(PROC), quiet=True)
    return site.build(), [w for w in site.warnings if "broken link" not in w]

# ---- libraries beside the pages

def katex():
    "KaTeX's files: from this environment's cache, else by npm; None when neither has them"
    cache = Path(sys.prefix)/"share"/"phys4d-docs"/f"katex-{KATEX_VERSION}"
    if (cache/"katex.min.js").exists(): return cache
    if not shutil.which("npm"): return None
    with tempfile.TemporaryDirectory() as d:
        done = subprocess.run(["npm", "pack", "--silent", f"katex@{KATEX_VERSION}"], cwd=d, capture_output=True, text=True, timeout=60)
        packs = list(Path(d).glob("*.tgz"))
        if done.returncode or not packs: return None
        with tarfile.open(packs[0]) as tar: tar.extractall(d, filter="data")
        return keep_katex(Path(d)/"package"/"dist", cache)

def keep_katex(dist, cache):
    "Style, script and woff2 fonts of a KaTeX package, put into the cache at once"
    tmp = cache.with_name(cache.name + ".tmp")
    shutil.rmtree(tmp, ignore_errors=True)
    (tmp/"contrib").mkdir(parents=True)
    for name in ("katex.min.js", "contrib/auto-render.min.js"): shutil.copy(dist/name, tmp/name)
    shutil.copytree(dist/"fonts", tmp/"fonts", ignore=lambda _, files: [f for f in files if not f.endswith(".woff2")])
    css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[^"]*"\)', "", (dist/"katex.min.css").read_text())
    (tmp/"katex.min.css").write_text(css)
    os.replace(tmp, cache)
    return cache

def add_libraries(maths):
    "KaTeX, plotly and our own script beside the pages"
    libs = OUT/"site_libs"
    shutil.copy(SCRIPT, libs/"site.js")
    if maths: shutil.copytree(maths, libs/"katex", dirs_exist_ok=True)
    if any("plotly.min.js" in f.read_text() for f in OUT.rglob("*.html")):
        from plotly.offline import get_plotlyjs
        (libs/"plotly").mkdir(parents=True, exist_ok=True)
        (libs/"plotly"/"plotly.min.js").write_text(get_plotlyjs())

# ---- finishing of the HTML: pure functions, text to text

def hang_lines(code):
    "Each line of a highlighted block in a span that knows its indent: what wraps stands below its own beginning"
    out, carried = [], ""
    for line in code.split("\n"):
        text = html.unescape(re.sub(r"<[^>]+>", "", line))
        indent = len(text) - len(text.lstrip(" "))
        whole, carried = carried + line, still_open(carried + line)
        style = f' style="--in:{indent}ch"' if indent else ""
        out.append(f'<span class="line"{style}>{whole}{"</span>" if carried else ""}</span>')
    return "\n".join(out)

def still_open(line):
    "The opening tag of the span that a highlighted line leaves open, if it does (they do not nest)"
    tags = re.findall(r"<span[^>]*>|</span>", line)
    return tags[-1] if tags and tags[-1] != "</span>" else ""

def hang_code(page):
    return re.sub(r'(<pre class="sourceCode[^>]*><code[^>]*>)(.*?)(</code></pre>)', lambda m: m[1] + hang_lines(m[2]) + m[3], page, flags=re.S)

def in_columns(text):
    "Whether printed text is a table, whose columns wrapping would break"
    lines = [line for line in text.splitlines() if line.strip()]
    short = all(len(line) <= 120 for line in lines)
    return short and len(lines) > 2 and sum(bool(re.search(r"\S {2,}\S", line)) for line in lines) > len(lines)/2

def mark_columns(page):
    "Printed tables scroll, by the keyboard too; other printed text wraps"
    def mark(m): return f'<pre class="columns" tabindex="0">{m[1]}' if in_columns(html.unescape(m[1])) else m[0]
    return re.sub(r"<pre>(<code>.*?</code>)", mark, page, flags=re.S)

def mark_sentences(page):
    "A cell of a table of numbers in which a sentence stands: it wants width, and begins on the left"
    return re.sub(r"<td>([^<]{30,})</td>", r'<td class="sentence">\1</td>', page)

def describe_pictures(page):
    "A picture without a description is called after the heading above it"
    heading = "page"
    def visit(m):
        nonlocal heading
        if m[1]: heading = html.unescape(re.sub(r"<[^>]+>", "", m[1])).strip() or heading
        return m[0] if m[1] or " alt=" in m[0] else m[0].replace("<img ", f'<img alt="Figure: {html.escape(heading)}" ', 1)
    return re.sub(r"<h[1-6][^>]*>(.*?)</h[1-6]>|<img [^>]*>", visit, page, flags=re.S)

def label_tools(page):
    "Names for the controls that smalldocs leaves without"
    page = page.replace('title="Toggle dark mode"', 'title="Toggle dark mode" aria-label="Toggle dark mode"')
    return page.replace('<i class="bi bi-github" role="img"></i>', '<i class="bi bi-github" aria-hidden="true"></i>')

def use_local_katex(page, up, maths):
    "KaTeX from beside the pages, or none"
    if maths: return KATEX_CDN.sub(f"{up}site_libs/katex", page)
    return re.sub(rf"<(script|link)[^>]*{KATEX_CDN.pattern}[^>]*>(</script>)?", "", page)

def add_scripts(page, up):
    "Our script after the search library that it improves, and plotly where a figure stands"
    plotly = f'<script src="{up}site_libs/plotly/plotly.min.js"></script>' if "plotly-figure" in page or "Plotly.newPlot" in page else ""
    fuse = f'<script src="{up}site_libs/fuse/fuse.min.js"></script>'
    return page.replace(fuse, f'{fuse}<script src="{up}site_libs/site.js"></script>{plotly}', 1)

def finish(page, up, maths):
    "All that is done to a rendered page; `up` leads from it to the site's root"
    page = use_local_katex(page, up, maths)
    page = add_scripts(page, up)
    page = mark_sentences(mark_columns(hang_code(page)))
    page = label_tools(describe_pictures(page))
    return re.sub(r"(<body[^>]*>)", rf"\1{SKIP}", page, count=1)

def finish_pages(maths):
    for f in OUT.rglob("*.html"):
        up = "../" * len(f.relative_to(OUT).parent.parts)
        f.write_text(finish(f.read_text(), up, maths))

# ---- search

def subtitle(page):
    "What a page says of itself in its head"
    found = re.search(r'<meta name="description" content="([^"]*)"', page)
    return html.unescape(found[1]) if found else ""

def enrich_search():
    "The pages' subtitles join the index, which is also written as a script for pages that are opened as files"
    index = json.loads((OUT/"search.json").read_text())
    for entry in index:
        if not entry["section"]: entry["about"] = subtitle((OUT/entry["href"]).read_text())
    text = json.dumps(index, ensure_ascii=False)
    (OUT/"search.json").write_text(text)
    (OUT/"search.js").write_text(f"window.phys4dSearch = {text};")

# ---- checks

def without_scripts(page): return re.sub(r"<script\b[^>]*>.*?</script>", lambda m: m[0][:m[0].index(">") + 1], page, flags=re.S)

def link_problem(page, tag, url, ids):
    "What is wrong with one link of a page, if something is; `ids` has the anchors of every page"
    parts = urlsplit(html.unescape(url))
    if parts.scheme in ("data", "mailto", "javascript"): return None
    if parts.scheme or parts.netloc: return None if tag == "a" else f"<{tag}> fetches {url}"
    target = (page.parent/unquote(parts.path)).resolve() if parts.path else page
    if target.is_dir(): target /= "index.html"
    if not target.is_file(): return f"broken link {url}"
    if parts.fragment and target in ids and unquote(parts.fragment) not in ids[target]: return f"no anchor {url}"

def check():
    "Broken links, anchors and assets, and anything that would be fetched from elsewhere when a page is read"
    pages = {f: without_scripts(f.read_text()) for f in OUT.rglob("*.html")}
    ids = {f: set(re.findall(r'\bid="([^"]+)"', text)) for f, text in pages.items()}
    bad = {f"{f.relative_to(OUT)}: {problem}" for f, text in pages.items()
           for tag, url in re.findall(r'<(\w+)\b[^>]*?\s(?:href|src)="([^"]*)"', text) if (problem := link_problem(f, tag, url, ids))}
    for f in OUT.rglob("*.css"):
        if re.search(r"(url\(|@import\s+)[\"']?https?:", f.read_text()): bad.add(f"{f.relative_to(OUT)}: fetches from elsewhere")
    return sorted(bad)
