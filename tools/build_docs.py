"The notebooks as a site in _docs/, without Quarto, and without a network when it is read. Called by `make docs`."
import os
import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT/"tools")]

from docs import cards, pages, site, tests, typed

QUIET = dict(PYTHONPATH=str(ROOT), TQDM_DISABLE="1", OMP_NUM_THREADS="1", PYTHONWARNINGS="ignore", TRANSFORMERS_VERBOSITY="error")
BEGAN = time.time()

def say(text): print(f"docs: {text}", flush=True)

def seconds(): return f"{time.time() - BEGAN:.0f} s"

def clean():
    "Empty folders for the prepared notebooks and for the site"
    for folder in (pages.PROC, site.OUT): shutil.rmtree(folder, ignore_errors=True)
    pages.PROC.mkdir()

def prepare(files):
    "First pass over the notebooks, each by itself; what went wrong"
    problems = []
    for i, f in enumerate(files, 1):
        bad = pages.process(f)
        problems += bad
        say(f"[{i:2d}/{len(files)}] {f.relative_to(pages.NBS)}{f'  {len(bad)} problems' if bad else ''}  ({seconds()})")
    return problems

def connect(files):
    "Second pass, when the names of all pages are known"
    names = pages.Names.read()
    for f in files: pages.tidy(pages.PROC/pages.page_name(f.relative_to(pages.NBS)), f.relative_to(ROOT).as_posix(), names)
    for pattern in ("*.css", "*.svg", "*.png"):
        for f in pages.NBS.glob(pattern): shutil.copy(f, pages.PROC)

def say_what_is_silent():
    "Parameters without a meaning, and words that no card needs (tools/docs/parameters.yml)"
    for what, names in (("nothing is said of", cards.SILENT), ("no card needs the word", set(cards.house_words()) - cards.USED)):
        if names: say(f"{what} {', '.join(sorted(names))}")

def build_site():
    "Pages, libraries and search index; how many pages, what went wrong, and whether there is KaTeX"
    site.configure()
    count, warnings = site.render()
    maths = site.katex()
    site.finish_pages(maths)
    site.add_libraries(maths)
    site.enrich_search()
    return count, warnings + site.check(), bool(maths)

def check():
    "What CI checks: the tests of the steps, and every command that a page tells to type"
    tests.run()
    problems = typed.check()
    for p in problems: print(p)
    return 1 if problems else 0

def main():
    os.chdir(ROOT)
    os.environ.update(QUIET)
    if "--check" in sys.argv: return check()
    tests.run()
    clean()
    files = pages.sources()
    say(f"{len(files)} notebooks")
    problems = prepare(files) + typed.check()
    connect(files)
    say_what_is_silent()
    count, more, maths = build_site()
    problems += more
    size = sum(f.stat().st_size for f in site.OUT.rglob("*") if f.is_file()) / 1e6
    say(f"{count} pages, {size:.1f} MB, {seconds()}, in _docs/ (open _docs/index.html)" + ("" if maths else "; no KaTeX here: formulae stay TeX"))
    for p in problems: print(f"docs: problem: {p}", file=sys.stderr)
    return 1 if problems else 0

if __name__ == "__main__": sys.exit(main())
