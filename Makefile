# Everything a developer runs. Each target builds .venv first where it needs it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made
SOURCES := $(wildcard migrator tests migrations benchmarks docs)

.PHONY: setup demo test check format pages bench bench-faults clean

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

setup: $(STAMP)

demo: setup
	$(BIN)/migrator demo

test: setup
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: setup
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	@set -e; at=$$(mktemp -d); trap 'rm -rf "$$at"' EXIT; echo "database: sqlite:///$$at/check.db" > "$$at/config.yaml"; \
	for step in upgrade check; do $(BIN)/migrator --config "$$at/config.yaml" db $$step; done
	$(BIN)/python docs/generate.py --check

pages: setup
	$(BIN)/python docs/generate.py

bench: setup
	$(BIN)/python -m benchmarks

bench-faults: setup
	$(BIN)/python -m benchmarks.faults

format: setup
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

clean:
	rm -rf $(VENV)
