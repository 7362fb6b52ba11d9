# Everything a user or a developer runs. The tools live in .venv, made on first use.
PYTHON ?= python3
SHARED ?= ../shared
LOG ?=
ARGS ?=
BIN := .venv/bin
export TRAINING_EXPORTER_SHARED ?= $(abspath $(wildcard $(SHARED)))

.DEFAULT_GOAL := help

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/run ## Follow a training log: make run LOG=/path/to/log (without LOG: the demo)
	@$(BIN)/training-exporter $(if $(LOG),'$(LOG)',demo) $(ARGS)

demo: .venv/run ## Play a training run of ten minutes in one, with a simulated GPU
	@$(BIN)/training-exporter demo $(ARGS)

test: .venv/dev parts check ## Install what is missing, then run every check and every test
	$(BIN)/pytest $(ARGS)

check: .venv/dev lint bounds rules ## Lint, types, layers, size bounds, rule files

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bounds: .venv/dev
	$(BIN)/pytest -q -p no:randomly tests/surface

rules: .venv/dev ## Check and unit-test the shipped rule files
	$(BIN)/training-exporter check
	$(BIN)/training-exporter test-rules tests/rules/*.test.yml

golden: .venv/dev ## Rewrite the expectations of the format samples, then test them
	UPDATE_GOLDEN=1 $(BIN)/pytest -q tests/formats -k golden || true
	$(BIN)/pytest -q tests/formats

dashboard: .venv/dev ## Generate the Grafana dashboard from its source
	$(BIN)/python grafana/dashboard.py

docs: .venv/dev ## Generate docs/METRICS.md from the catalogue
	$(BIN)/python docs/generate.py

image: ## Build the container image with docker or buildah
	$(if $(shell command -v docker),docker,buildah) build -t training-exporter .

bench: .venv/dev ## Measure speed and memory against mtail and nvitop-exporter
	$(BIN)/python benchmarks/run.py

parts: ## Install the real parts that the tests run against (Debian packages, as root)
	@tests/parts.sh

clean: ## Remove what the targets made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

.venv/run: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/dev: .venv/run pyproject.toml
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

.PHONY: help run demo test check lint bounds rules golden dashboard docs image bench parts clean
