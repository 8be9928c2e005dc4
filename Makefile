# Needs Python 3.11 or newer and make; everything else is installed into .venv.
#
#   make demo    edits of the bundled faces, into out/
#   make test    style, types and tests, as in continuous integration
#   make docs    the documentation site, into site/: python3 -m http.server --directory site
#   make clean   removes .venv, out/, site/ and what the tools left behind

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test docs clean

demo: .venv/.installed
	$(BIN)/python examples/demo.py

test: .venv/.installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadgroup

docs: .venv/.docs
	$(BIN)/zensical build --strict --clean

clean:
	rm -rf .venv out dist site .cache .pytest_cache .ruff_cache

.venv/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("latentwalk needs Python 3.11 or newer, this is " \
		+ sys.version.split()[0] + ": make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

.venv/.docs: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@
