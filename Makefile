.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# A test run is dozens of processes that load the same modules: compiled once, whatever is set.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo demo-once test lint format bench chaos live lock

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): requirements-dev.lock pyproject.toml
	@echo "Creating .venv (about a minute, once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## Sandbox, Dagster, real syncs and searches; stays up until Ctrl-C
	@$(BIN)/sync-assets demo

demo-once: $(STAMP) ## The same, and ends after the searches
	@$(BIN)/sync-assets demo --once

test: $(STAMP) ## All tests in their short forms
	@$(BIN)/python -m pytest -n 3 --dist worksteal -m "not chaos"

lint: $(STAMP) ## ruff, pyright (strict) and the import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports

format: $(STAMP) ## Apply ruff's fixes and formatting
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMP) ## Measure ourselves and peers side by side; rewrites docs/benchmarks.md
	@$(BIN)/python -m benchmarks

chaos: $(STAMP) ## The long tests: kills, faults, 5,000 files; rewrites docs/reliability.md
	@$(BIN)/python -m benchmarks.chaos

live: $(STAMP) ## Opt-in, read-only: real vendors against what the sandbox claims
	@$(BIN)/python -m sync_assets.cli.live

lock: ## Pin the newest allowed versions (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --upgrade pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
