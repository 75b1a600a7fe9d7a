# Every target does its own set-up into .venv; nothing else on the machine is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
GIVEN := .cache/codes-given.json
STAMP := $(VENV)/.installed

# Compiled test modules and `cadence serve` of the process tests start in half the time; an empty value means "not set".
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup demo test quick lint types unit contract fuzz faults bench bench-load bench-budget lock docs codes-shown commands-shown clean

setup: $(STAMP) ## install Cadence and its locked dependencies into .venv

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked dependencies into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: setup ## plan, review and merge one change on built-in stand-ins for GitHub, CI and the model
	@$(BIN)/cadence demo

test: setup lint types unit ## everything but the contract check

quick: setup lint types ## lint, types and the tests that start nothing: what a change needs before it is tried (seconds)
	@$(BIN)/pytest -n auto --dist worksteal -q --hypothesis-profile quick tests/unit

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "run: .venv/bin/ruff format ."; exit 1; }

types: setup
	@$(BIN)/mypy

unit: setup
	@$(BIN)/pytest tests -n auto --dist worksteal -q --record-codes=$(GIVEN)
	@$(BIN)/python -m tests.shown $(GIVEN) --check

contract: setup ## hold our requests and the sandbox's answers against GitHub's published description (needs npm)
	@$(BIN)/python tests/contract/fetch.py
	@CADENCE_CONTRACT=1 $(BIN)/pytest -q tests/contract

fuzz: setup ## 10,000 random ChangeSets through the builder, each proved by git apply (minutes)
	@$(BIN)/python -m tests.fuzz --cases 10000

faults: setup ## crash and stop at every effect and step of the main job, and print what came of it (needs PostgreSQL, minutes)
	@$(BIN)/python -m tests.faults

bench: setup ## what a commit costs in repositories of 1 thousand, 50 thousand and 500 thousand files (minutes)
	@$(BIN)/python bench/builder.py

bench-load: setup ## what `cadence serve` costs when idle, and how fast it handles deliveries (minutes)
	@$(BIN)/python bench/load.py

bench-budget: setup ## runs that come to a cap on what models may use, and what exceeded it (a minute)
	@$(BIN)/python bench/budget.py

docs: setup ## regenerate the generated pages under docs/ and the JSON schemas
	@$(BIN)/python -m tools.docs_pages

codes-shown: setup ## run every test, and make docs/codes-shown.md from the reason codes that they saw given (minutes)
	@$(BIN)/pytest tests -n auto --dist worksteal -q --record-codes=$(GIVEN) --ignore tests/architecture/test_codes_shown.py
	@$(BIN)/python -m tests.shown $(GIVEN)

commands-shown: setup ## run the journeys of every command, and make docs/commands-shown.md from what they saw
	@$(BIN)/pytest tests/journeys/test_commands_shown.py -q --write-commands-shown

lock: ## renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --extra demo --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.lock

clean:
	rm -rf $(VENV) .cadence .cache build *.egg-info
