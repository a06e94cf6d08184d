# `make` prints what there is to do. Every target brings what it needs into .venv by itself.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check fix docs screenshots bench survive prove lock

help: ## print these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# uv where the machine has it, venv and pip otherwise; the requirement files hold hashes, so both install the same.
.venv/runtime: requirements/runtime.txt pyproject.toml
	@sh tools/bootstrap $(PYTHON) requirements/runtime.txt
	@touch $@

.venv/dev: requirements/dev.txt pyproject.toml
	@sh tools/bootstrap $(PYTHON) requirements/dev.txt
	@touch $@ .venv/runtime

# Other people's software in JavaScript, a Node.js that runs it among it; the last line of the tests names what is missing.
JAVASCRIPT := tests/javascript/node_modules/.installed
$(JAVASCRIPT): tests/javascript/package-lock.json tests/javascript/.npmrc
	@if command -v npm >/dev/null 2>&1; then \
	  echo "Installing the packages of tests/javascript: some seconds, once." >&2; \
	  (cd tests/javascript && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) && touch $@ \
	    || echo "npm could not install the packages of tests/javascript." >&2; \
	fi

demo: .venv/runtime ## start two applications, ready to be linked (ARGS="--linked" links them)
	@$(BIN)/applinks demo $(ARGS)

test: .venv/dev $(JAVASCRIPT) ## run every test that this machine has the parts for (ARGS="-k word" picks)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -q --requirements $(ARGS)

check: .venv/dev ## the whole gate: lint, types, contracts, docs, tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.docs --check
	@$(MAKE) --no-print-directory test

fix: .venv/dev ## mend what can be mended by itself: format, import order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: .venv/dev ## write the generated pages of docs/reference
	@$(BIN)/python -m tools.docs

screenshots: .venv/dev ## draw every page in every state into screenshots/, and the pictures of the README
	@$(BIN)/python -m tests.pages.screenshots screenshots
	@$(BIN)/python -m tests.interplay.pictures docs/images

bench: .venv/dev $(JAVASCRIPT) ## measure us beside others, about nine minutes, and write docs/reference/performance.md
	@$(BIN)/python -m bench $(ARGS)

survive: .venv/dev ## kill one of two applications at each write of their handshake, 100 times
	@$(BIN)/python -m tools.prove survive

prove: .venv/dev $(JAVASCRIPT) ## run the long proofs; none is longer than ten minutes
	@$(BIN)/python -m tools.prove

lock: .venv/dev ## write requirements/ anew from pyproject.toml
	@sh tools/lock
