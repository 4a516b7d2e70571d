# `make demo` shows it, `make test` checks it; each sets up all it needs.
.PHONY: help demo test lint wheel-test docs-check bench slow setup clean

help:
	@echo "make demo        napari with a sample, its boundaries, fiducials, warp and coverage"
	@echo "make test        ruff, mypy and the tests (setup included)"
	@echo "make lint        ruff and mypy alone"
	@echo "make slow        the tests that take minutes"
	@echo "make wheel-test  build the wheel and use it from an empty environment"
	@echo "make docs-check  run the commands that README and docs show"
	@echo "make bench       measure time and memory (benchmarks/)"
	@echo "make clean       remove .venv, build results and caches"

setup:
	@.ci/system-packages
	@.ci/setup

demo: setup
	@.ci/demo

test: setup
	@.ci/check

lint:
	@.ci/setup
	@.ci/check --lint

slow: setup
	@.ci/display .venv/bin/python -m pytest -q -m slow --timeout=1800

wheel-test: setup
	@.ci/wheel-test

docs-check: setup
	@.venv/bin/python .ci/docs_check.py

bench: setup
	@for file in benchmarks/bench_*.py; do \
	  echo "== $$file"; \
	  .ci/display .venv/bin/python -m benchmarks.$$(basename $$file .py) || exit 1; \
	done

clean:
	rm -rf .venv build dist out .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
