# make demo   environment in .venv, simulated world, monitored days, site in demo/_site/
# make serve  show the site on this machine
# make lab    JupyterLab with the notebooks
# make check  lint and the fast tests (no browser, nothing over five seconds)
# make test   lint and every test
# make lint   formatter, linter, type checker
# make format put the code into shape
# make bench  detection against numpy, DuckDB and the toolkit, how it grows (ROWS="1e6 1e7", which is an hour), and how often the evidence errs
# make attack kills, full disks, two runs at once, broken files; writes the table of docs/attacks.md (MINUTES=10: as much as fits)
# make lock   the versions and hashes of every dependency again (needs uv)
# make clean  remove environment, demo and site
# make help   this list
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
DEMO    = demo
ROWS    = 1e6

.DEFAULT_GOAL := help

# Where modules may not be kept compiled, every kernel compiles all of them again: a second and more for each notebook.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo check test lint format bench attack serve lab lock clean

help:
	@grep -E '^# make' Makefile | sed 's/^# //'

# One stamp for the environment: it is made again when the lock or the project file changes.
$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "coordlib needs Python 3.11 or newer; name one: make demo PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "python3 cannot make a virtual environment; on Debian: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }
	$(BIN)/python -m pip install --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	$(BIN)/python -m coordlib.detect.compiled
	$(BIN)/python -m coordlib.significance
	@touch $@

demo: $(VENV)/.ready
	$(BIN)/coordlib demo --workspace $(DEMO) --aside
	@test -e _site -a ! -L _site || ln -sfn $(DEMO)/_site _site
	@echo "The site is in $(CURDIR)/$(DEMO)/_site/index.html ('make serve' shows it on this machine)."

check: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not browser and not slow"

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.ready
	$(BIN)/python benchmarks/engines.py $(ROWS) --write
	$(BIN)/python benchmarks/scaling.py $(ROWS) --write
	$(BIN)/python benchmarks/significance.py --write

attack: $(VENV)/.ready
	$(BIN)/python benchmarks/attack/attack.py $(if $(MINUTES),--minutes $(MINUTES))

serve: $(VENV)/.ready
	$(BIN)/coordlib serve $(DEMO)/_site

lab: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet "jupyterlab>=4.6"
	$(BIN)/jupyter lab notebooks

# Needs uv; the lock names versions and hashes for every platform and no index address.
lock:
	uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-strip-extras --no-header --no-annotate --no-emit-index-url --quiet --output-file requirements.lock

clean:
	rm -rf build demo _site .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
