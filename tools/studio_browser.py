"""The three dashboards in a real browser: JupyterLab on this machine, Debian's chromium, a mouse that chooses, moves and plays.

python tools/studio_browser.py [--run runs/demo] [--shots FOLDER]
"""
import argparse, json, os, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
BROWSER = next((b for b in ("chromium", "chromium-browser", "google-chrome") if shutil.which(b)), None)
FLAGS = ("--no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync "
         "--use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader").split()
TOKEN = "studio"

SMALL_RUN = """
from phys4d.sim import simulate
for n, (scene, seed) in enumerate((("rigid/ball_drop", 0), ("rigid/ball_collide", 4))):
    for stage, take in (("stage1", 2), ("stage2", 3)):
        name = f"{n:03d}-{scene.replace('/', '_')}-{seed}-t1-{stage}.safetensors"
        simulate(scene, seed=seed, take=take).save(f"run/eval/clips/generate_test/{name}")
"""
CELLS = {
    "clip": "from phys4d.sim import simulate\nfrom phys4d.studio import ClipExplorer\n"
            "ClipExplorer({'truth': simulate('rigid/ball_drop'), 'take 2': simulate('rigid/ball_drop', take=2)})",
    "scene": "from phys4d.studio import SceneExplorer\nSceneExplorer('rigid/ball_collide', seed=4)",
    "stages": "from phys4d.studio import StageCompare\nStageCompare({run!r})"}


# ---- JupyterLab

def notebook(code):
    cell = dict(cell_type="code", id="a", metadata={}, execution_count=None, outputs=[], source=code)
    return json.dumps(dict(nbformat=4, nbformat_minor=5, metadata=dict(kernelspec=dict(name="python3", display_name="python3")), cells=[cell]))

@contextmanager
def lab(folder):
    "JupyterLab that serves a folder on 127.0.0.1; its address"
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    env = os.environ | {"PYTHONPATH": str(ROOT), "PHYS4D_ROOT": str(ROOT), "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    p = subprocess.Popen([sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--port={port}",
                          f"--IdentityProvider.token={TOKEN}", f"--notebook-dir={folder}", "--log-level=ERROR"],
                         cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        until(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token={TOKEN}").status == 200, "JupyterLab answers", 90)
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError): os.killpg(p.pid, signal.SIGTERM)
        p.wait(20)

def until(true, what, seconds=60):
    "Wait until something is true, or fail with its words"
    end = time.time() + seconds
    while time.time() < end:
        with suppress(Exception):
            if true(): return
        time.sleep(.2)
    raise AssertionError(f"not within {seconds} s: {what}")


# ---- what a person sees and does

class Page:
    "One notebook with one dashboard"
    def __init__(self, browser, address, name, shots):
        self.page, self.name, self.shots, self.faults = browser.new_page(viewport=dict(width=1400, height=1000)), name, shots, []
        self.page.on("pageerror", lambda e: self.faults.append(str(e)))
        self.page.goto(f"{address}/doc/tree/{name}.ipynb?token={TOKEN}")
        self.page.wait_for_selector(".jp-CodeCell", timeout=90_000)
        until(lambda: "| Idle" in self.page.locator("#jp-main-statusbar").inner_text(), f"{name}: the kernel is idle", 90)
        until(self.run_cell, f"{name}: the cell runs", 90)
        try: until(lambda: self.pictures(), f"{name}: pictures", 120)
        except AssertionError:
            self.shot("failed")
            raise

    def run_cell(self):
        "Run the first cell; a kernel that has just come drops what comes too early, so look whether it counts"
        self.page.locator(".jp-CodeCell .cm-content").first.click()
        self.page.keyboard.press("Control+Enter")
        time.sleep(2)
        return "[ ]" not in self.page.locator(".jp-CodeCell .jp-InputPrompt").first.inner_text()

    def pictures(self): return self.page.eval_on_selector_all(".jp-OutputArea-output img[src^='data:image/png']", "all => all.map(i => i.src)")
    def text(self): return " ".join(self.page.locator(".jp-OutputArea-output").all_inner_texts())
    def points(self): return self.page.evaluate("() => { const p = document.querySelector('.js-plotly-plot'); return p ? JSON.stringify(p.data[0].z) : '' }")
    def select(self, label): return self.page.locator(".widget-dropdown", has_text=label).locator("select")
    def shot(self, what):
        if self.shots: self.page.screenshot(path=str(self.shots / f"{self.name}-{what}.png"))

    def changes(self, act, what, points=False):
        "Do something; the pictures (and points) must become others"
        before, cloud = self.pictures(), self.points()
        act()
        until(lambda: self.pictures() and self.pictures() != before, f"{self.name}: other pictures after: {what}")
        if points: until(lambda: self.points() != cloud, f"{self.name}: other points after: {what}")
        print(f"    {self.name}: {what}", flush=True)

    def move(self, steps):
        "Move the frame slider with the keyboard"
        self.page.locator(".widget-hslider", has_text="frame").first.locator(".noUi-handle").first.focus()
        for _ in range(steps): self.page.keyboard.press("ArrowRight")

    def play(self):
        "Press play, see the clock go, press pause"
        clock = self.text()
        self.page.locator(".widget-play button").first.click()
        until(lambda: self.text() != clock, f"{self.name}: the clock goes")
        seen = set()
        until(lambda: seen.add(tuple(self.pictures())) or len(seen) > 3, f"{self.name}: pictures play")
        self.page.locator(".widget-play button").first.click()


def clip(p):
    until(lambda: p.points() not in ("", "null", "undefined"), "clip: points")
    p.changes(lambda: p.move(5), "the slider is moved", points=True)
    p.shot("moved")
    p.changes(p.play, "play", points=True)
    p.changes(lambda: p.move(30), "to the last frame")
    before = p.points()
    p.select("points of").select_option("take 2")
    until(lambda: p.points() != before, "clip: other points after another clip is chosen")
    p.shot("take2")

def scene(p):
    until(lambda: "seed 4: take 1" in p.text(), "scene: the first clip")
    p.shot("first")
    p.changes(lambda: p.select("scene").select_option(label="ball drop"), "another scene is chosen", points=True)
    until(lambda: "rigid/ball_drop, seed 4" in p.text(), "scene: its words")
    p.changes(lambda: p.page.locator(".widget-toggle-buttons button", has_text="both").click(), "both takes")
    until(lambda: "they differ most at" in p.text(), "scene: both takes, where they differ")
    p.shot("both")
    p.changes(p.play, "play")
    p.page.locator(".jupyter-widget-Collapse-header, .lm-Collapse-header, .jupyter-widgets-accordion-header").first.click()
    handle = p.page.locator(".widget-hslider", has_text="gap").first.locator(".noUi-handle").first
    handle.focus()
    p.changes(lambda: p.page.keyboard.press("PageUp"), "a slider of the template is moved")
    until(lambda: "gap = " in p.text(), "scene: the moved value in words")
    p.shot("slider")
    p.changes(lambda: p.select("category").select_option("rope"), "another category")
    until(lambda: "rope/" in p.text() and "…" not in p.text().split("rope/")[0][-30:], "scene: a rope")
    p.shot("rope")

def stages(p):
    until(lambda: "truth" in p.text() and len(p.pictures()) > 4, "stages: the first scene")
    p.shot("first")
    names = p.select("scene").locator("option").all_inner_texts()
    for name in names[1:4]: p.changes(lambda: p.select("scene").select_option(label=name), f"scene {name}", points=True)
    p.changes(lambda: p.move(6), "the slider is moved", points=True)
    p.shot("moved")
    p.changes(p.play, "play")
    p.changes(lambda: p.page.locator(".widget-select-multiple select").select_option(["truth", "stage1"]), "two stages are chosen")
    p.shot("two")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--run", help="run folder for StageCompare; by default a little one is made")
    args.add_argument("--only", choices=["clip", "scene", "stages"], help="one of the dashboards")
    args.add_argument("--shots", type=Path, help="folder for screenshots")
    a = args.parse_args()
    if not BROWSER: sys.exit("no browser: install chromium")
    if a.shots: a.shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as d:
        if not a.run: subprocess.run([sys.executable, "-c", SMALL_RUN], cwd=d, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, stdout=subprocess.DEVNULL)
        run = str(Path(a.run).resolve() if a.run else Path(d) / "run")
        for name, code in CELLS.items(): (Path(d) / f"{name}.ipynb").write_text(notebook(code.format(run=run) if name == "stages" else code))
        with lab(d) as address, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=shutil.which(BROWSER), args=FLAGS)
            for test in [t for t in (clip, scene, stages) if a.only in (None, t.__name__)]:
                began, p = time.time(), Page(browser, address, test.__name__, a.shots)
                try: test(p)
                except AssertionError:
                    if a.shots: p.shot("failed")
                    raise
                if p.faults: raise AssertionError(f"{test.__name__}: the page complains: {p.faults[0]}")
                print(f"{test.__name__}: ok ({time.time() - began:.0f} s)", flush=True)
                p.page.close()
            browser.close()

if __name__ == "__main__": main()
