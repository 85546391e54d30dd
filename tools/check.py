"What CI checks, in the order in which it is cheap to fail. Called by `make test`."
import ast, json, os, re, shutil, signal, subprocess, sys, tempfile, time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
def exported_name(notebook): # the module that a notebook writes; None for a page
    name = re.search(r"default_exp (\w+)", notebook.read_text())
    return name and name[1]

ROOMS = [name for f in sorted((ROOT/"nbs").glob("[0-9]*.ipynb")) if (name := exported_name(f))]  # the notebooks' numbers are the order
ENV = os.environ | {"TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1",
                    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PYTHONWARNINGS": "ignore"}

def sh(*args, **kw): return subprocess.run([str(a) for a in args], cwd=ROOT, env=ENV, capture_output=True, text=True, **kw)

def tree_state():
    "What differs from the last commit: in CI nothing"
    return sh("git", "diff").stdout

def export_and_clean():
    before = tree_state()
    for tool in ("nbdev_export", "nbdev_clean"):
        r = sh(BIN/tool)
        if r.returncode: return r.stderr
        if tree_state() != before:
            return f"{tool} changed files; run `make clean` and commit:\n" + sh("git", "diff", "--stat").stdout
    if os.environ.get("CI") and before: return "the checkout is not clean:\n" + before[:2000]

def notebooks():
    bad = []
    for f in sorted((ROOT/"nbs").rglob("*.ipynb")):
        if any(p.startswith((".", "_")) for p in f.relative_to(ROOT).parts): continue
        nb = json.loads(f.read_text())
        name = f.relative_to(ROOT)
        if nb["nbformat_minor"] < 5 or any("id" not in c for c in nb["cells"]): bad.append(f"{name}: cells without ids (needs nbformat 4.5)")
        if f.stat().st_size > 1e6: bad.append(f"{name}: {f.stat().st_size/1e6:.1f} MB; at most 1 MB")
        for i, c in enumerate(nb["cells"]):
            src = "".join(c["source"])
            if c["cell_type"] != "code": continue
            if re.search(r"^\s*from \S+ import \*", src, re.M): bad.append(f"{name} cell {i}: star import")
            if any(o.get("output_type") == "error" for o in c.get("outputs", [])) : bad.append(f"{name} cell {i}: ends in an error")
            out = json.dumps(c.get("outputs", []))
            if re.search(r"/(root|home|Users)/", out): bad.append(f"{name} cell {i}: a machine's path in its output")
    return "\n".join(bad)

def directions():
    "A room imports only from rooms above it"
    bad = []
    for i, room in enumerate(ROOMS):
        f = ROOT/"phys4d"/f"{room}.py"
        if not f.exists(): bad.append(f"phys4d/{room}.py is missing"); continue
        for node in ast.walk(ast.parse(f.read_text())):
            names = []
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("phys4d"):
                names = [node.module.split(".")[1]] if "." in node.module else [a.name for a in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level: names = [(node.module or node.names[0].name).split(".")[0]]
            elif isinstance(node, ast.Import): names = [a.name.split(".")[1] for a in node.names if a.name.startswith("phys4d.")]
            for n in names:
                if n not in ROOMS: bad.append(f"{room}: imports unknown room {n!r}")
                elif ROOMS.index(n) > i: bad.append(f"{room} imports {n}, which stands below it")
                elif n in ("viz", "evals", "report") and room in ("latents", "trainer", "pretrain", "sft", "rollout", "rewards", "rl"): bad.append(f"{room} imports {n}; trainers take callbacks instead")
    extra = {f.stem for f in (ROOT/"phys4d").glob("*.py")} - set(ROOMS) - {"__init__", "_modidx"}
    return "\n".join(bad + [f"phys4d/{n}.py is written by no notebook" for n in sorted(extra)])

def lint():
    "The rules in ruff.toml"
    r = sh(sys.executable, "-m", "ruff", "check", "--quiet", "phys4d", "tools")
    return r.stdout + r.stderr

def style():
    "How readable each room is: counts that may only fall"
    from style import worse
    return worse()

IMPORTS = """
import ast, importlib, os, pathlib, sys, traceback
for f in pathlib.Path("phys4d").glob("*.py"): # what the rooms import from libraries
    for node in ast.parse(f.read_text()).body:
        if isinstance(node, ast.Import): [importlib.import_module(a.name) for a in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and not node.module.startswith("phys4d"):
            [getattr(importlib.import_module(node.module), a.name, None) for a in node.names]
sys.stdout.flush()
failed = []
for room in sys.argv[1:]: # each in a process of its own, in which no other room was imported
    pid = os.fork()
    if not pid:
        try: importlib.import_module(f"phys4d.{room}"); code = 0
        except BaseException: traceback.print_exc(limit=-1); code = 1
        sys.stderr.flush(); os._exit(code)
    if os.waitpid(pid, 0)[1]: failed.append(room)
sys.exit(f"do not import alone: {', '.join(failed)}" if failed else 0)
"""

def imports():
    "Each room in an interpreter where no other room is loaded; the libraries are loaded once, before the fork"
    r = sh(sys.executable, "-c", IMPORTS, *ROOMS)
    return r.stderr[-3000:] if r.returncode else ""

GCC = "/usr/bin/g++"
PYTHONS = [ # what `make setup` meets, whether it goes on, and a part of what it says
    ((3, 10), "Linux", "x86_64", GCC, True, False, "needs Python 3.11 or newer"),
    ((3, 11), "Linux", "x86_64", None, False, True, ""),
    ((3, 12), "Linux", "x86_64", GCC, True, True, "for Python 3.12 on Linux x86_64 and is built from source with g++, about 8 minutes; Python 3.11 has one"),
    ((3, 13), "Linux", "x86_64", None, True, False, "there is no C++ compiler to build it: install them with `apt-get install g++ python3.13-dev`; Python 3.11 has one"),
    ((3, 13), "Linux", "x86_64", GCC, False, False, "headers (Python.h) are missing"),
    ((3, 11), "Linux", "aarch64", GCC, True, True, "built from source"),
    ((3, 11), "Darwin", "arm64", None, True, False, "install them with `xcode-select --install`"),
    ((3, 13), "Plan9", "mips", None, True, False, "install them with the packages of your system"),
]

def pythons():
    "What `make setup` says of a Python before it downloads anything; and that the Python which runs this may go on"
    from pythons import advice, here
    bad = [] if advice(*here())[1] else ["this Python is refused"]
    for *given, go, says in PYTHONS:
        sentence, fine = advice(*given)
        if fine != go or says not in sentence or bool(says) != bool(sentence) or len(sentence) > 400: bad.append(f"{given}: {fine}, {sentence!r}")
    return "\n".join(bad)

def papers():
    "settings.ini, CITATION.cff and CHANGELOG.md are about one version; CONTRIBUTING.md names notebooks that exist; README.md is the notebook's"
    import yaml
    version = re.search(r"^version = (\S+)", (ROOT/"settings.ini").read_text(), re.M)[1]
    cited = yaml.safe_load((ROOT/"CITATION.cff").read_text())["version"]
    told = re.findall(r"^## (\S+)", (ROOT/"CHANGELOG.md").read_text(), re.M)
    gone = [n for n in re.findall(r"`(\d\d[a-z]?_\w+)`", (ROOT/"CONTRIBUTING.md").read_text()) if not (ROOT/"nbs"/f"{n}.ipynb").exists()]
    import readme
    if lost := readme.dead((ROOT/"README.md").read_text()): return f"README.md links to {', '.join(lost)}, which does not exist; execute nbs/index.ipynb and call `make readme`"
    if readme.stale(): return "README.md is not what nbs/index.ipynb says; call `make readme`"
    if gone: return f"CONTRIBUTING.md speaks of {', '.join(gone)}, which is no notebook in nbs/"
    return "" if cited == version and version in told else f"settings.ini has version {version}, CITATION.cff {cited}, CHANGELOG.md {', '.join(told)}"

def installed():
    "The wheel, installed without extras into an empty environment, at work in an empty folder"
    from installed import installed
    return installed()

def typed():
    "The steps of the docs, and every command that a page tells to type"
    r = sh(sys.executable, "tools/build_docs.py", "--check")
    return (r.stdout + r.stderr)[-3000:] if r.returncode else ""

def nbdev_test():
    live = subprocess.Popen([BIN/"nbdev_test", "--n_workers", str(min(os.cpu_count() or 1, 8)), "--timing", "--do_print"], cwd=ROOT, env=ENV,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    for line in live.stdout:
        lines.append(line)
        if line.startswith(("Starting", "- Completed")): print("   ", line.rstrip().replace(str(ROOT) + "/", ""), flush=True)
    return "".join(_failures(lines)) if live.wait() else ""

def _failures(lines, most=40):
    "Of each failed notebook its first lines, then the list of them"
    out, left = [], 0
    for line in lines:
        if re.match(r"\w+ in .*\.ipynb:$", line): left = most
        if left > 0 and not line.startswith(("Starting", "- Completed")): out.append(line)
        left = 0 if line.startswith("nbdev Tests Failed") else left - 1
    return out + lines[-30:]

def demo_path():
    "The demo's recipe at its smallest sizes: killed in the middle, resumed, complete, and then nothing left to do"
    out = Path(tempfile.mkdtemp())/"smoke"
    cmd, seen = [sys.executable, "-m", "phys4d.commands", "run", "smoke", "--out", out], []
    first = subprocess.Popen([str(c) for c in cmd], cwd=ROOT, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1, start_new_session=True)
    for line in first.stdout:
        print("   ", line.rstrip(), flush=True); seen.append(line)
        if line.startswith("[3/"): time.sleep(4); os.killpg(first.pid, signal.SIGKILL); break
    first.wait()
    if not any(line.startswith("[3/") for line in seen): return f"the first run ended before its third step:\n{sh(*cmd).stderr[-3000:]}"
    second = sh(*cmd)
    for line in second.stdout.splitlines(): print("   ", line, flush=True)
    if second.returncode: return f"the resumed run failed:\n{second.stderr[-3000:]}"
    if second.stdout.count("already done") != 2: return f"the resumed run did not skip the two finished steps:\n{second.stdout}"
    third = sh(*cmd)
    if third.stdout.count("already done") != 7: return f"the third run found something to do:\n{third.stdout}"
    rows = (out/"metrics.csv").read_text().splitlines()
    if rows[0] != "suite,stage,metric,unit,better,mean,median,lo,hi,n,drawn,runs": return f"metrics.csv has the columns {rows[0]}"
    lost = {"baseline", "stage1", "stage2", "stage3", "truth", "frozen"} - {r.split(",")[1] for r in rows[1:]}
    if lost: return f"metrics.csv lacks {lost}"
    missing = [p for p in ("report.html", "manifest.json", "recordings/*.rrd", "clips/*.mp4", "notebooks/report.ipynb") if not list(out.glob(p))]
    shutil.rmtree(out.parent)
    return f"the run folder lacks {missing}" if missing else ""

CHECKS = [("export and clean leave the tree as it is", export_and_clean), ("notebooks are well-formed", notebooks), ("imports go one way", directions),
          ("ruff", lint), ("counts of style do not rise", style), ("every module imports alone", imports), ("what setup says of a Python", pythons),
          ("papers say one version, and names that exist", papers),
          ("commands in the pages are understood", typed), ("the wheel without extras, in an empty folder", installed), ("nbdev_test", nbdev_test),
          ("the demo's path, killed and resumed, at the smallest sizes", demo_path)]

QUICK = export_and_clean, notebooks, directions, lint, style, imports, pythons, papers

def main(only=None):
    passed = failed = 0
    for i, (name, fn) in enumerate(CHECKS, 1):
        if only and not (fn in QUICK if only == "quick" else only in fn.__name__): continue
        print(f"[{i}/{len(CHECKS)}] {name} ...", flush=True)
        t, message = time.time(), fn()
        print(f"[{i}/{len(CHECKS)}] {name}: {'FAILED' if message else 'ok'} ({time.time()-t:.0f} s)", flush=True)
        if message: print(message.replace(str(ROOT) + "/", "")); failed += 1
        else: passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0

if __name__ == "__main__":
    if not shutil.which("git"): sys.exit("git is needed for the checks")
    sys.exit(main(*sys.argv[1:2]))
