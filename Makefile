# phys4d: every target sets up .venv first where it is missing
PYTHON ?= python3
BIN    := .venv/bin
RECIPE ?= demo
export RERUN_ANALYTICS ?= 0

ifeq ($(wildcard settings.ini),)
$(error run make in the folder of phys4d, or as `make -C FOLDER`: $(CURDIR) holds no settings.ini)
endif

.PHONY: help setup demo test truth gpu docs lab readme publish wheel clean
help: # this list
	@sed -n 's/^\([a-z]*\):[^#]*# /make \1\t/p' Makefile

setup: .venv/.ready # .venv with everything; about three minutes and 3 GB, once
.venv/.ready: settings.ini setup.py constraints.txt
	@$$(test -x $(BIN)/python && echo $(BIN)/python || echo $(PYTHON)) tools/pythons.py
	@echo "Setting up .venv (about three minutes and 3 GB, once)"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -c constraints.txt -e '.[dev,docs]'
	$(BIN)/python -c "import phys4d.core"
	touch $@

demo: setup # all three stages on CPU: table, report, recordings in runs/demo (FRESH=1 starts over, RECIPE=, OUT=)
	$(BIN)/python -m phys4d.commands run $(RECIPE) $(if $(FRESH),--fresh) $(if $(OUT),--out $(OUT))

test: setup # everything that CI checks (ONLY=part of a check's name)
	$(BIN)/python tools/check.py $(ONLY)

truth: setup # the exact truth of every scene is as data/results/truth.csv says, bit for bit; two minutes (ONLY=part of a scene's name)
	$(BIN)/python tools/truth.py $(ONLY)

docs: setup # the notebooks as a site in _docs/
	$(BIN)/python tools/build_docs.py

gpu: # every check marked `cuda` in the notebooks, on this machine's GPU: data/results/gpu.json (ONLY=part of a name)
	@$$(test -x $(BIN)/python && echo $(BIN)/python || echo $(PYTHON)) tools/gpu.py $(ONLY)

lab: setup # JupyterLab on this machine
	RERUN_NOTEBOOK_ASSET=serve-local $(BIN)/jupyter lab --ServerApp.ip=127.0.0.1 --notebook-dir=nbs

readme: setup # README.md from nbs/index.ipynb
	$(BIN)/python tools/readme.py

publish: setup # outputs, table and trained weights of runs/demo into the pages and data/ (RUN=, PARTS=)
	$(BIN)/python tools/publish.py $(or $(RUN),runs/demo) $(PARTS)

wheel: setup # dist/phys4d-VERSION-py3-none-any.whl, with scenes, weights and recipes inside
	rm -rf build
	$(BIN)/python -m pip wheel --disable-pip-version-check --no-deps --no-build-isolation -w dist .

clean: setup # notebooks without noise, modules exported
	$(BIN)/nbdev_export && $(BIN)/nbdev_clean
