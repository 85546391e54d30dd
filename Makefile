# make demo   set up, then all three stages on the embedded default, on CPU: table, report, recordings
# make test   set up, then everything that CI checks
PYTHON ?= python3
BIN    := .venv/bin
RECIPE ?= demo
export RERUN_ANALYTICS ?= 0

.PHONY: help setup demo test docs lab readme publish clean
help:
	@sed -n 's/^# make/make/p' Makefile; echo "make docs   the notebooks as a site in _docs/"; echo "make lab    JupyterLab on this machine"; echo "make readme README.md from nbs/index.ipynb"; echo "make publish  outputs and table of runs/demo into the pages"; echo "make clean  notebooks without noise, modules exported"

setup: .venv/.ready
.venv/.ready: settings.ini setup.py constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] >= (3,11) else "phys4d needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.11 setup" % sys.version_info[:2])'
	@echo "Setting up .venv (about three minutes and 3 GB, once)"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -c constraints.txt -e '.[dev,docs]'
	$(BIN)/python -c "import phys4d.core"
	touch $@

demo: setup
	$(BIN)/python -m phys4d.batch $(RECIPE) $(if $(FRESH),--fresh) $(if $(OUT),--out $(OUT))

test: setup
	$(BIN)/python tools/check.py

docs: setup
	$(BIN)/python tools/build_docs.py

lab: setup
	RERUN_NOTEBOOK_ASSET=serve-local $(BIN)/jupyter lab --ServerApp.ip=127.0.0.1 --notebook-dir=nbs

readme: setup
	$(BIN)/python tools/readme.py

publish: setup
	$(BIN)/python tools/publish.py $(RUN)

clean: setup
	$(BIN)/nbdev_export && $(BIN)/nbdev_clean
