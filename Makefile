# One target per habit; `make` lists them. Needs only Python 3.11 or later and make:
# everything else goes into .venv and .servers. Another Python: `make test PYTHON=python3.12`.

PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c "" 2>/dev/null && echo $$name && break; done)
FUZZ_SECONDS ?= 60
BIN := .venv/bin
# The stamp names the Python, so that another one gets an environment made by it.
MADE := .venv/.made-by-$(notdir $(PYTHON))
READY := .venv/.ready
# Gradio's own client for JavaScript, for the snippets of `gradwire view --js`.
NODE_CLIENT := @gradio/client@2.7.0
NODE := .servers/node/.ready

.PHONY: help demo test lint format types unit servers-subset servers test-servers releases \
	test-cli test-map test-large test-ray faults bench bench-rows fuzz soak pictures clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*##/\t/' | expand -t 18

demo: $(READY)  ## Start a real Gradio app here, and use it
	@$(BIN)/gradwire demo

test: lint types servers-subset  ## Everything that has to pass: lint, types, unit and server tests
	$(BIN)/pytest -n 3 --dist worksteal

lint: $(READY)  ## Lint, and check the format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(READY)  ## Format, and fix what can be fixed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(READY)  ## mypy --strict
	$(BIN)/mypy

unit: $(READY)  ## The tests that need no server
	$(BIN)/pytest tests/unit

servers-subset: $(READY)  ## Install the Gradio releases that `make test` needs
	@$(BIN)/python scripts/servers.py --subset

servers: $(READY)  ## Install all pinned Gradio releases
	@$(BIN)/python scripts/servers.py --all

test-servers: servers  ## The server tests and the conformance suite, on all pinned releases
	GRADWIRE_TEST_SERVERS=all $(BIN)/pytest tests/conformance tests/server

releases: servers  ## Write the table of docs/releases.md anew
	GRADWIRE_TEST_SERVERS=all GRADWIRE_WRITE_TABLE=1 $(BIN)/pytest tests/conformance

test-cli: servers-subset $(NODE)  ## All of the command line, typed clients and notebooks
	$(BIN)/pytest tests/cli tests/codegen tests/notebooks tests/unit/codegen -m 'slow or not slow' --ignore tests/cli/test_map.py

test-map: servers-subset  ## All of `map`, of pools, and of `gradwire map`: 20,000 rows, killed ten times
	$(BIN)/pytest tests/unit/batch tests/cli/test_map.py tests/server/test_map.py tests/server/test_pool.py \
		-m 'slow or not slow' --timeout 1800

test-large: servers-subset  ## The tests with files of a gigabyte
	$(BIN)/pytest -m large --timeout 900

test-ray: servers-subset  ## The tests with Ray, on this machine; installs it
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[dev,ray]'
	$(BIN)/pytest tests/cluster -m ray

faults: servers-subset  ## Every fault at every place; writes the table of docs/reliability.md
	GRADWIRE_WRITE_TABLE=1 $(BIN)/pytest tests/faults -m 'faults or not faults'

bench: $(READY)  ## Measure gradwire and its peers; see benchmarks/README.md
	$(BIN)/python benchmarks/run.py

bench-rows: $(READY)  ## Measure `map`; MILLION=--million for a million rows
	$(BIN)/python benchmarks/rows.py $(MILLION)

pictures: $(READY)  ## Draw the screens that the README shows
	@$(BIN)/python scripts/pictures.py

fuzz: $(READY)  ## Throw arbitrary bytes at all that reads a server's words; FUZZ_SECONDS=60 each
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --group fuzz
	@$(BIN)/python fuzz/run.py --seconds $(FUZZ_SECONDS)

soak: servers-subset  ## 100,000 predictions and 1,000 generator jobs: nothing may grow
	$(BIN)/python benchmarks/soak.py

clean:  ## Remove all that make has made
	rm -rf .venv .servers .mypy_cache .pytest_cache .ruff_cache .hypothesis .fuzz dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE):
	@test -n "$(PYTHON)" || { echo "No Python found; make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 is needed")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

$(READY): pyproject.toml $(MADE)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[dev]'
	@touch $@

$(NODE):
	@mkdir -p $(dir $@)
	@if command -v npm >/dev/null; then \
		npm install --no-audit --no-fund --silent --prefix $(dir $@) $(NODE_CLIENT); \
	else echo "No npm: the snippets in JavaScript are not tried." >&2; fi
	@touch $@
