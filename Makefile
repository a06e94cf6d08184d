# `make` prints what there is to do. Every target brings what it needs into .venv by itself.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check fix docs screenshots survive prove lock

help: ## print these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# uv where the machine has it, venv and pip otherwise; the requirement files hold hashes, so both install the same.
.venv/runtime: requirements/runtime.txt pyproject.toml
	@sh tools/bootstrap $(PYTHON) requirements/runtime.txt
	@touch $@

.venv/dev: requirements/dev.txt pyproject.toml
	@sh tools/bootstrap $(PYTHON) requirements/dev.txt
	@touch $@ .venv/runtime

demo: .venv/runtime ## start two applications, ready to be linked (ARGS="--linked" links them)
	@$(BIN)/applinks demo $(ARGS)

test: .venv/dev ## run every test that this machine has the parts for (ARGS="-k word" picks)
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

survive: .venv/dev ## kill one of two applications at each write of their handshake, 100 times
	@$(BIN)/python -m tools.prove survive

prove: .venv/dev ## run the long proofs; none is longer than ten minutes
	@$(BIN)/python -m tools.prove

lock: .venv/dev ## write requirements/ anew from pyproject.toml
	@sh tools/lock
