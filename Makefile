# `make demo` and `make test` need python3 (3.11 or newer, with venv), make and nothing else: see README.md.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
DEMO ?= catalog:token/lognormal-1000-256x64

.PHONY: demo test lint format check-types pytest install dev clean

demo: install
	$(BIN)/batchproof solve $(DEMO) --time-limit 60 --out results/demo

test: dev
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory check-types
	@$(MAKE) --no-print-directory pytest

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format:
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check-types:
	$(BIN)/mypy

pytest:
	$(BIN)/pytest -n 2

install: $(VENV)/.installed
dev: $(VENV)/.installed-dev

# Reinstalled whenever pyproject.toml is newer; a venv whose Python is gone or too old, or that was made by half,
# is made anew.
CURRENT = import sys; sys.exit(sys.version_info < (3, 11) and "batchproof needs Python 3.11 or newer")
WHOLE = import pip, sys; sys.exit(sys.version_info < (3, 11))
ifneq ($(shell $(BIN)/python -c '$(WHOLE)' 2>/dev/null && echo yes),yes)
$(shell rm -f $(VENV)/.installed $(VENV)/.installed-dev)
endif

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c '$(CURRENT)'
	@$(BIN)/python -c '$(WHOLE)' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) install --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
