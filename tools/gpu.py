"""Runs every cell of the notebooks that is marked `#| cuda NAME`, and writes data/results/gpu.json. Called by `make gpu`.

Plain Python: beside torch it needs what the rooms of such cells import (diffusers, transformers, peft, einops, numpy, safetensors, pydantic).
A check sees all that its room's module holds, and what it imports itself. Cells of one notebook with the same NAME are one check, told in
several cells; no other cell of the notebook is run.
"""
import contextlib, gc, importlib, io, json, os, re, sys, time, traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT/"data/results/gpu.json"
MARK = re.compile(r"^#\|\s*cuda\b[ \t]*(.*)$", re.M)
EXPORT = re.compile(r"^#\|\s*default_exp[ \t]+(\S+)", re.M)

def checks(only:str="")->list: # of dicts: name, notebook, room, source
    "All checks marked `cuda`, in the order of the pages"
    found = []
    for file in sorted((ROOT/"nbs").rglob("*.ipynb")):
        if any(p.startswith((".", "_")) for p in file.relative_to(ROOT).parts): continue
        cells = [c for c in json.loads(file.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
        sources = ["".join(c["source"]) for c in cells]
        room = next((m[1] for s in sources if (m := EXPORT.search(s))), None)
        for i, source in enumerate(sources):
            if not (m := MARK.search(source)): continue
            name = m[1].strip() or f"{file.stem}, code cell {i}"
            if not (only in name or only in file.stem): continue
            check = dict(name=name, notebook=str(file.relative_to(ROOT)), room=room, source=source)
            if found and (found[-1]["name"], found[-1]["notebook"]) == (name, check["notebook"]): found[-1]["source"] += "\n" + source
            else: found.append(check)
    return found

def run(check:dict, torch)->dict: # what is written of it
    "One check in a namespace of its own"
    names = {"__name__": "gpu"}
    with contextlib.suppress(ImportError): # a room that needs more than is here: its cells import what they can
        if check["room"]: names = {**vars(importlib.import_module(f"phys4d.{check['room']}")), **names}
    gc.collect(); torch.cuda.empty_cache(); torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    said, error, peaks, start = io.StringIO(), None, [], time.time()
    reset, peak = torch.cuda.reset_peak_memory_stats, torch.cuda.max_memory_allocated
    torch.cuda.reset_peak_memory_stats = lambda *a: (peaks.append(peak()), reset(*a)) # a cell may measure parts of itself
    try:
        with contextlib.redirect_stdout(said):
            exec(compile(check["source"], check["notebook"], "exec"), names)
            torch.cuda.synchronize()
    except Exception as e:
        error = f"{type(e).__name__}: {e}"[:400]
        traceback.print_exc(limit=-4)
    finally: torch.cuda.reset_peak_memory_stats = reset
    out = dict(name=check["name"], notebook=check["notebook"], passed=error is None, seconds=round(time.time() - start, 2))
    out |= dict(peak_gb=round(max(peaks + [peak()])/1e9, 2), said=said.getvalue().strip())
    return out | ({"error": error} if error else {})

def main(only:str="")->int:
    "Run all, or those whose name or page contains `only`"
    sys.path.insert(0, str(ROOT))
    found = checks(only)
    for c in found: compile(c["source"], c["notebook"], "exec")
    try: import torch
    except ImportError: return _sorry(found, "torch is not installed")
    if not torch.cuda.is_available(): return _sorry(found, f"torch {torch.__version__} sees no CUDA GPU")
    if not found: print(f"make gpu: no check's name contains '{only}'"); return 1
    card = torch.cuda.get_device_properties(0)
    head = dict(device=card.name, memory_gb=round(card.total_memory/1e9, 1), torch=torch.__version__, cuda=torch.version.cuda,
                date=time.strftime("%Y-%m-%d", time.gmtime()), only=only)
    results = []
    for c in found:
        print(f"· {c['name']} ({c['notebook']})", flush=True)
        results.append(run(c, torch))
        r = results[-1]
        print(f"  {'passed' if r['passed'] else 'FAILED'} in {r['seconds']} s, {r['peak_gb']} GB  {r['said'] or r.get('error', '')}", flush=True)
        _write(head | dict(checks=results)) # so that nothing is lost if a machine goes away
    failed = [r["name"] for r in results if not r["passed"]]
    print(f"make gpu: {len(results) - len(failed)} of {len(results)} checks passed on {head['device']}; {FILE.relative_to(ROOT)} is written" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return bool(failed)

def _sorry(found, why):
    print(f"make gpu: {why} on this machine, so none of the {len(found)} checks was run and {FILE.relative_to(ROOT)} stays as it is; run it where `python -c \"import torch; print(torch.cuda.is_available())\"` says True")
    return 1

def _write(what):
    FILE.parent.mkdir(parents=True, exist_ok=True)
    tmp = FILE.with_suffix(f".{os.getpid()}.tmp")
    tmp.write_text(json.dumps(what, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(tmp, FILE)

if __name__ == "__main__": sys.exit(main(*sys.argv[1:2]))
