# Readers need two of these: `make book` builds the pages, `make test` checks everything.
# The environment is made by the first target that needs it, and again when a version changes.

# Directory of the environment, and the Python that makes it (empty: the first suitable one).
VENV ?= .venv
PYTHON ?=
# 1 runs every notebook while the pages are built; empty shows the outputs stored in them.
EXECUTE ?=
# 1 adds the chapters as notebooks that run in the reader's browser, and the way to them.
LITE ?=
# Processes that run the tests side by side.
WORKERS ?= 2

BIN := $(VENV)/bin
export EXECUTE LITE VENV PYTHON

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help book test check format notebooks record bench launch-urls linkcheck clean environment

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

book: environment ## Build the pages into _build/html (EXECUTE=1 re-runs every notebook)
	@rm -rf _build/html/lite
	@$(if $(filter-out 0 false,$(LITE)),$(BIN)/python tools/lite.py)
	@$(BIN)/jupyter-book build . -W --keep-going -n

test: check book ## Check code, types, chapters and built pages (what CI runs)
	@$(BIN)/python tools/chromium.py
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope \
	--nbval --nbval-current-env --nbval-cell-timeout=600 tests cnnlab book/*.ipynb

check: environment ## Lint and type-check only (ruff, mypy)
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m mypy

format: environment ## Put the code into its standard form
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

notebooks: environment ## Run every chapter and store its outputs
	@$(BIN)/python tools/notebooks.py book/*.ipynb

record: environment ## Record an experiment anew (NAME=...; without NAME: list them)
ifdef NAME
	@$(BIN)/python -m cnnlab.experiments record $(NAME) $(ARGS)
else
	@$(BIN)/python -m cnnlab.experiments list
	@echo "Record one of them with: make record NAME=... ARGS='--seeds 10 --jobs 2'"
endif

bench: environment ## Time cnnlab against PyTorch on this machine
	@$(BIN)/python -m cnnlab.bench

launch-urls: environment ## Write the address everywhere (URL=https://github.com/you/your-book)
	@$(BIN)/python tools/launch_urls.py $(if $(URL),'$(URL)') $(if $(BRANCH),--branch '$(BRANCH)')

linkcheck: environment ## Ask every address that a page links to (report: _build/linkcheck/output.txt)
	@$(BIN)/jupyter-book build . --builder custom --custom-builder linkcheck -n

clean: ## Remove what was built, but not the environment
	rm -rf _build test-results .pytest_cache .mypy_cache .ruff_cache .hypothesis

environment:
	@sh tools/environment.sh
