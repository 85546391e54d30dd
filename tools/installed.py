"The wheel as a newcomer gets it: built, installed without extras, used from an empty folder. One of the checks of tools/check.py."
import ast, os, re, shutil, subprocess, sys, zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
MOST_MB = 60
DECOYS = ["data/corpus/shard-00000.tar", "data/backbones/other/model.safetensors", "data/.cache/x.json", "runs/demo/metrics.csv", "nbs/runs/.ipynb_checkpoints/x.ipynb"]
RECIPE = """about: the beginning of the smoke recipe
steps:
  - {name: simulate, notebook: simulate, parameters: {train_seeds: 1, val_seeds: 1, test_seeds: 1, heldout_seeds: 1, web_clips: 2}}
"""
SHORTER = [("phys4d_run demo", "phys4d_run short.yaml"), ("phys4d_view ball.rrd", "phys4d_view ball.rrd --png ball.png")] # minutes, and a screen
WROTE = ["stack.rrd", "stack.mp4", "seen.rrd", "ball.rrd", "ball.png", "falls/index.json", "runs/short/manifest.json", "runs/short/data/truth/index.json"]

CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PHYS4D", "VIRTUAL_ENV"))} # nothing of the checkout

def sh(*args, **kw):
    "Run; on failure the end of what it said, as an error"
    r = subprocess.run([str(a) for a in args], capture_output=True, text=True, **{"env": CLEAN, **kw})
    if r.returncode: raise RuntimeError(f"{' '.join(map(str, args[:4]))} ended with {r.returncode}:\n{(r.stdout + r.stderr)[-3000:]}")
    return r.stdout

# ---- the wheel

def build(tmp):
    "A wheel from a copy of what git would take, with a few files beside it that must not travel"
    files = sh("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    for f in filter(lambda f: f and (ROOT/f).is_file(), files):
        (tmp/"src"/f).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT/f, tmp/"src"/f)
    for f in DECOYS:
        (tmp/"src"/f).parent.mkdir(parents=True, exist_ok=True)
        (tmp/"src"/f).write_text("not to be shipped")
    sh(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp, tmp/"src")
    return next(tmp.glob("*.whl"))

def contents(wheel):
    "What is wrong with the files in the wheel"
    names, mb = zipfile.ZipFile(wheel).namelist(), wheel.stat().st_size/1e6
    bad = [f"the wheel has {mb:.0f} MB; at most {MOST_MB}"] if mb > MOST_MB else []
    bad += [f"{f} travels in the wheel and should not" for f in DECOYS if f"phys4d/_shipped/{f}" in names]
    tracked = sh("git", "ls-files", "sim_scenes", "data", "nbs/runs", cwd=ROOT).split()
    return bad + [f"{f} is missing from the wheel" for f in tracked if f"phys4d/_shipped/{f}" not in names]

def run_time(wheel):
    "The requirements of a wheel without extras"
    with zipfile.ZipFile(wheel) as z: text = z.read(next(n for n in z.namelist() if n.endswith(".dist-info/METADATA"))).decode()
    return [r for r in re.findall(r"^Requires-Dist: (.+)$", text, re.M) if "extra ==" not in r]

# ---- an environment with the run-time requirements and nothing else

def closure(requirements):
    "Everything that pip would install for these requirements, from what is installed here: name -> distribution"
    found, todo, seen = {}, [Requirement(r) for r in requirements], set()
    while todo:
        r = todo.pop()
        key = canonicalize_name(r.name), frozenset(r.extras)
        if key in seen: continue
        seen.add(key)
        try: found[key[0]] = distribution(r.name)
        except PackageNotFoundError: raise RuntimeError(f"the requirement {r} is not installed in this environment; call `make setup`") from None
        needs = [Requirement(x) for x in found[key[0]].requires or []]
        todo += [x for x in needs if x.marker is None or any(x.marker.evaluate({"extra": e}) for e in r.extras or {""})]
    return found

def environment(tmp, wheel, dists):
    "A virtual environment that holds links to these distributions, and the wheel"
    venv = tmp/"venv"
    sh(sys.executable, "-m", "venv", "--without-pip", venv)
    site = next(venv.glob("lib/python*/site-packages"))
    for d in dists.values():
        for top in {f.parts[0] for f in d.files or [] if f.parts[0] not in ("..", "__pycache__")}:
            if not (site/top).exists(): (site/top).symlink_to(d.locate_file(top))
    sh(sys.executable, "-m", "pip", f"--python={venv/'bin'/'python'}", "install", "-q", "--no-deps", "--no-index", "--disable-pip-version-check", wheel)
    return venv

def direct_imports(requirements):
    "Imports of rooms and run notebooks that no run-time requirement answers for; those that may fail (try … except ImportError) aside"
    import nbformat
    asked, owners = {canonicalize_name(Requirement(r).name) for r in requirements}, packages_distributions()
    code = {f.name: f.read_text() for f in (ROOT/"phys4d").glob("*.py")}
    for f in (ROOT/"nbs"/"runs").glob("*.ipynb"):
        code[f.name] = "\n".join(c.source for c in nbformat.read(f, 4).cells if c.cell_type == "code" and not re.search(r"^\s*[%!]", c.source, re.M))
    bad = []
    for name, text in code.items():
        tree = ast.parse(text)
        tried = {n for t in ast.walk(tree) if isinstance(t, ast.Try) for b in t.body for n in ast.walk(b)}
        for n in ast.walk(tree):
            if n in tried: continue
            mods = [a.name for a in n.names] if isinstance(n, ast.Import) else [n.module] if isinstance(n, ast.ImportFrom) and not n.level else []
            for m in {m.partition(".")[0] for m in mods} - set(sys.stdlib_module_names) - {"phys4d"}:
                if not asked & {canonicalize_name(d) for d in owners.get(m, [])}: bad.append(f"{name} imports {m}, which no run-time requirement in settings.ini brings")
    return sorted(set(bad))

# ---- used

def ten_lines():
    "The README's first block of Python"
    return re.search(r"```python\n(.*?)```", (ROOT/"README.md").read_text(), re.S)[1]

def commands():
    "The README's commands, as they are typed, in two rows that can run side by side"
    text = (ROOT/"README.md").read_text()
    lines = [l for block in re.findall(r"```sh\n(.*?)```", text, re.S) for l in block.splitlines() if l.startswith("phys4d_")]
    for old, new in SHORTER:
        if not any(l.startswith(old) for l in lines): raise RuntimeError(f"README.md no longer says {old!r}; mend SHORTER in tools/installed.py")
        lines = [l.replace(old, new) for l in lines]
    return lines[:2], lines[2:]

def scripts():
    "The commands of settings.ini that the README does not show"
    asked = re.search(r"^console_scripts = (.*)$", (ROOT/"settings.ini").read_text(), re.M)[1]
    typed = {l.split()[0] for row in commands() for l in row}
    return [f"README.md does not show {c}" for c in sorted({a.partition("=")[0] for a in asked.split()} - typed)]

def use(venv, work):
    "Run everything in an empty folder; what went wrong"
    work.mkdir()
    # programs of libraries (rerun) lie beside the Python whose libraries are borrowed: pip puts them into venv/bin where it installs for real
    env = CLEAN | {"PATH": f"{venv/'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{CLEAN['PATH']}", "TQDM_DISABLE": "1", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "RERUN_ANALYTICS": "0"}
    (work/"ten_lines.py").write_text(ten_lines())
    (work/"short.yaml").write_text(RECIPE)
    before = {p for p in venv.rglob("*") if "__pycache__" not in p.parts}
    def run(line):
        try: return sh("bash", "-c", line, cwd=work, env=env) and ""
        except RuntimeError as e: return str(e)
    one, two = commands()
    with ThreadPoolExecutor(2) as pool: bad = sum(pool.map(lambda row: [run(line) for line in row], [["python ten_lines.py", *one], two]), [])
    bad += [f"{p.relative_to(venv)} was written into the installation" for p in venv.rglob("*") if p not in before and "__pycache__" not in p.parts]
    return [b for b in bad if b] + [f"{f} was not written into the working folder" for f in WROTE if not (work/f).exists()]

def installed():
    "The wheel, installed without extras outside of any checkout, runs the README's ten lines and every command"
    with TemporaryDirectory() as tmp:
        tmp = Path(tmp)
        try:
            wheel = build(tmp)
            needs = run_time(wheel)
            bad = contents(wheel) + direct_imports(needs) + scripts() or use(environment(tmp, wheel, closure(needs)), tmp/"work")
        except RuntimeError as e: return str(e)
    return "\n".join(bad)

if __name__ == "__main__": sys.exit(installed())
