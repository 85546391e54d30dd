"""The truth of every scene as SHA-256, so that a change of code shows where it changes a bit.

make truth, or python tools/truth.py [PART ...]: compares with data/results/truth.csv what has PART in its name (nothing: all, about two minutes)
python tools/truth.py --write        writes the table anew, after a change that is meant
"""
import csv, hashlib, os, sys, tempfile
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT/"data/results/truth.csv"
SEEDS, TAKES, SIZE, FRAMES = (0, 1), (1, 2), (36, 48), 9
DATASETS = [("dataset", source, codec) for source in ("sim", "web") for codec in ("raw", "blosc2")]
PARTS = "rgb", "depth", "seg", "normals", "flow", "flow_back", "scene_flow", "visible"
os.environ |= {"TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1"}

def clip_hash(scene, seed, take):
    from phys4d.sim import simulate
    clip = simulate(scene, seed, SIZE, FRAMES, take=take, tracks=32)
    told = hashlib.sha256()
    for name, a in pieces({n: getattr(clip, n) for n in PARTS} | clip.states | dict(K=clip.camera.K, pose=clip.camera.world_from_cam)):
        told.update(f"{name} {a.dtype} {a.shape}".encode() + a.tobytes())
    return told.hexdigest()

def pieces(value, name=""): # every array of a nested thing, in the order of names
    import numpy as np
    if isinstance(value, dict): inner = sorted(value.items())
    elif isinstance(value, (list, tuple)) and any(isinstance(v, (dict, list, tuple)) for v in value): inner = enumerate(value)
    else: inner = None if value is not None else []
    if inner is None: yield name, np.asarray(value)
    else:
        for k, v in inner: yield from pieces(v, f"{name}.{k}")

def dataset_hash(source, codec):
    from phys4d.data import make_dataset
    with tempfile.TemporaryDirectory() as d:
        make_dataset(d, ["rigid/ball_drop", "rigid/domino_row", "rope/ball_swing"][:3 if source == "sim" else 2], range(3), 32, 5, takes=(1, 2), source=source, codec=codec)
        files = sorted(p for p in Path(d).rglob("*.tar"))
        return hashlib.sha256(b"".join(p.name.encode() + p.read_bytes() for p in files)).hexdigest()

def row(job):
    name, a, b = job
    return [*map(str, job), dataset_hash(a, b) if name == "dataset" else clip_hash(name, a, b)]

def jobs():
    scenes = sorted(str(p.relative_to(ROOT/"sim_scenes").with_suffix("")) for p in (ROOT/"sim_scenes").glob("*/*.yaml"))
    return [(s, seed, take) for s in scenes for seed in SEEDS for take in TAKES] + DATASETS

def main(args):
    write = "--write" in args
    parts = [a for a in args if a != "--write"]
    kept = {} if write else {tuple(r[:3]): r[3] for r in list(csv.reader(TABLE.open()))[1:]}
    todo = [j for j in jobs() if not parts or any(p in str(j[0]) for p in parts)]
    rows, bad = [], []
    with get_context("spawn").Pool(len(os.sched_getaffinity(0))) as pool:
        for i, r in enumerate(pool.imap(row, todo), 1):
            rows.append(r)
            if not write and kept.get(tuple(r[:3])) != r[3]: bad.append(" ".join(r[:3]))
            print(f"\r{i}/{len(todo)}  {len(bad)} differ", end="", file=sys.stderr, flush=True)
    if write:
        TABLE.write_text("\n".join(map(",".join, [["scene", "seed or source", "take or codec", "sha256"], *rows])) + "\n")
    print("", *(bad or [f"{len(rows)} as before" if not write else f"{len(rows)} written"]), sep="\n")
    return bool(bad)

if __name__ == "__main__": raise SystemExit(main(sys.argv[1:]))
