"Can this Python install phys4d, and what will it cost? One sentence, before `make setup` downloads anything. Runs on any Python 3."
import platform, shutil, sys, sysconfig
from pathlib import Path

OLDEST = (3, 11)
WHEEL = ((3, 11), "Linux", "x86_64")      # the only one that PyPI has of pybullet 3.2.7 for a Python that phys4d accepts
INSTALL = {"Linux": "`apt-get install g++ PYTHON-dev`", "Darwin": "`xcode-select --install`", "Windows": "the Build Tools for Visual Studio"}

def advice(version, system, machine, compiler, headers=True):
    "(version, 'Linux', 'x86_64', path of a C++ compiler or None, is Python.h there) -> (sentence or '', can it go on)"
    name = "Python %d.%d" % version
    if version < OLDEST:
        return "phys4d needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.11 setup" % version, False
    if (version, system, machine) == WHEEL: return "", True
    why = "pybullet has no ready wheel for %s on %s %s" % (name, system, machine)
    other = "; Python 3.11 has one: make PYTHON=python3.11 setup" if (system, machine) == WHEEL[1:] else ""
    if compiler and headers: return "%s and is built from source with %s, about 8 minutes%s" % (why, Path(compiler).name, other), True
    lacks = "Python's headers (Python.h) are missing" if compiler else "there is no C++ compiler"
    how = INSTALL.get(system, "the packages of your system")
    return "%s, and %s to build it: install them with %s%s" % (why, lacks, how.replace("PYTHON", "python%d.%d" % version), other), False

def here():
    "The arguments of `advice` for the Python that runs this"
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++", "cl"))), None)
    headers = Path(sysconfig.get_paths()["include"], "Python.h").exists()
    return sys.version_info[:2], platform.system(), platform.machine(), compiler, headers

if __name__ == "__main__":
    sentence, fine = advice(*here())
    if sentence: print(sentence, file=sys.stderr)
    sys.exit(0 if fine else 1)
