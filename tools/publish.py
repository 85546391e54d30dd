"Put a finished run into the docs and the package: its pages' outputs, its table, its weights. Called by `make publish`; `RUN` names another run folder, `PARTS` some of the three."
import base64, io, json, shutil, subprocess, sys
from pathlib import Path
import nbformat
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent

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

def pages(run, manifest):
    "The outputs of the executed notebooks, into nbs/runs/"
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
    subprocess.run([Path(sys.executable).parent/"nbdev_clean"], cwd=ROOT, check=True)

def table(run, manifest):
    "The table that the pages read, into data/results/"
    to = ROOT/"data"/"results"/run.name
    to.mkdir(parents=True, exist_ok=True)
    for f in ("metrics.csv", "differences.csv", "manifest.json"): shutil.copy(run/f, to/f)
    print(f"publish: {to.relative_to(ROOT)}/ has the table; execute nbs/index.ipynb and call `make readme`")

def half(tensors, source):
    "float32 weights as float16; refused where one would leave its range or lose more than rounding"
    import torch
    out = {k: v.to(torch.float16) for k, v in tensors.items()}
    for k, v in tensors.items():
        if not torch.allclose(out[k].float(), v.float(), rtol=2**-10, atol=2**-24): sys.exit(f"publish: {k} in {source} does not fit float16; it was not shipped")
    return out

def weights(run, manifest):
    "Heads and LoRA of the last stage as float16, into data/lifted/; the same run gives the same bytes"
    from phys4d.core import load_tensors, save_tensors, write_text
    last = [run/s for s in ("stage1", "stage2", "stage3") if (run/s/"lifted.json").exists()][-1]
    info = json.loads((last/"lifted.json").read_text())
    if not info["backbone"].startswith("data/backbones/"): sys.exit(f"publish: {last} was trained on {info['backbone']}, which does not travel with phys4d; its weights were not shipped")
    to = ROOT/"data"/"lifted"/Path(info["backbone"]).name
    for f in ("heads.safetensors", "pytorch_lora_weights.safetensors"):
        if not (last/f).exists(): (to/f).unlink(missing_ok=True); continue
        tensors, meta = load_tensors(last/f, framework="pt")
        save_tensors(half(tensors, last/f), to/f, meta)
    write_text(to/"README.md", (last/"README.md").read_text())
    write_text(to/"lifted.json", json.dumps(info, indent=1) + "\n")
    print(f"publish: {to.relative_to(ROOT)}/ has the weights of {last.name}, {sum(f.stat().st_size for f in to.iterdir())/1e6:.1f} MB")

PARTS = {"pages": pages, "table": table, "weights": weights}

if __name__ == "__main__":
    run, *parts = [a for a in sys.argv[1:] if a] or ["runs/demo"]
    if wrong := [p for p in parts if p not in PARTS]: sys.exit(f"publish: no part {wrong[0]!r}; allowed: {', '.join(PARTS)}")
    run = Path(run)
    if not (run/"report.html").exists(): sys.exit(f"publish: {run} is no finished run (no report.html); call `make demo` first")
    manifest = json.loads((run/"manifest.json").read_text())
    for p in parts or PARTS: PARTS[p](run, manifest)
