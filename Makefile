# Targets of one or two lines; what they do stands in the package. `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
export DVC_NO_ANALYTICS := 1
export GOMP_SPINCOUNT := 0

.PHONY: help setup repro test soak lint format ui bench pins deps clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## +/\t/' | expand -t 10

.venv/.ready: pyproject.toml constraints.txt
	@.ci/setup "$(PYTHON)"

setup: .venv/.ready  ## the environment in .venv, and what the system lacks

repro: setup  ## the whole DAG: raw footage to clips, models and their scores
	@$(BIN)/facemotion run

test: setup  ## all tests, those marked slow too
	@$(BIN)/python -m pytest -m "not soak" -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

soak: setup  ## what is too long for `make test`: many kills, many parallel runs
	@$(BIN)/python -m pytest -m soak --timeout=7200

lint: setup  ## ruff and mypy
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

format: setup  ## put the code into house style
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

ui: setup  ## Prefect, MLflow and the page on this machine's loopback address, until Ctrl-C
	@$(BIN)/facemotion ui

bench: setup  ## every benchmark; figures to reports/benchmarks
	@$(BIN)/python -m benchmarks

pins: setup  ## write constraints.txt from the environment as it is
	@$(BIN)/python -m pipelines.pins

deps: setup  ## write what is read of every variant into dvc.yaml
	@$(BIN)/python -m pipelines.deps --write

clean:  ## remove unfinished work and caches of tools; downloads, data, models, reports and the record stay
	@find .work -mindepth 1 -maxdepth 1 -not -name downloads -exec rm -rf {} + 2>/dev/null; rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis && find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
