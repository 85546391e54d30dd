"Put a finished run into the docs: its pages' outputs and its table. Called by `make publish`; `RUN` names another run folder."
import base64, io, json, shutil, subprocess, sys
from pathlib import Path
import nbformat
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
KEEP = ROOT/"data"/"results" # small tables that the pages read

def small(png, most=60_000):
    "A big picture with 256 colours"
    raw = base64.b64decode(png)
    if len(raw) < most: return png
    out = io.BytesIO()
    Image.open(io.BytesIO(raw)).convert("RGB").quantize(256, kmeans=4).save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()

def shown(outputs, run):
    "Outputs without bars, warnings and the folder of this machine"
    text = json.dumps([o for o in outputs if o.get("name") != "stderr"])
    for folder in (f"{run.resolve()}", f"{ROOT}"): text = text.replace(f"{folder}/", "")
    outputs = [nbformat.from_dict(o) for o in json.loads(text)]
    for o in outputs:
        if "image/png" in o.get("data", {}): o.data["image/png"] = small(o.data["image/png"])
        if "execution_count" in o: o.execution_count = None
    return outputs

def publish(run):
    manifest = json.loads((run/"manifest.json").read_text())
    for name in manifest["steps"]:
        page = ROOT/"nbs"/"runs"/f"{name}.ipynb"
        if not page.exists(): continue
        done, nb = nbformat.read(run/"notebooks"/f"{name}.ipynb", 4), nbformat.read(page, 4)
        made = {c.id: c for c in done.cells if c.cell_type == "code"}
        for c in nb.cells:
            if c.cell_type != "code": continue
            if c.id not in made or made[c.id].source != c.source: sys.exit(f"publish: {page.name} has changed since {run} was made; run the demo again")
            c.outputs = shown(made[c.id].outputs, run)
        nbformat.write(nb, page)
        print(f"publish: nbs/runs/{name}.ipynb, {page.stat().st_size/1e3:.0f} kB")
    to = KEEP/run.name
    to.mkdir(parents=True, exist_ok=True)
    for f in ("metrics.csv", "differences.csv", "manifest.json"): shutil.copy(run/f, to/f)
    subprocess.run([Path(sys.executable).parent/"nbdev_clean"], cwd=ROOT, check=True)
    print(f"publish: {to.relative_to(ROOT)}/ has the table; execute nbs/index.ipynb and call `make readme`")

if __name__ == "__main__":
    run = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/demo")
    if not (run/"report.html").exists(): sys.exit(f"publish: {run} is no finished run (no report.html); call `make demo` first")
    publish(run)
