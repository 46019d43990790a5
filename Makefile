# Cordée. `make help` lists what one can do.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PORT ?= 8000
RUNS ?= 1000
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH := $(CURDIR)

FRENCH := app/translations/fr/LC_MESSAGES/messages
CLIENT_SOURCES := $(shell find static/src -type f 2>/dev/null) package.json vite.config.ts $(FRENCH).po

.PHONY: help run test soak check bench screenshots translations clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/.run $(FRENCH).mo static/dist/.built ## install, build, migrate, seed and serve at http://localhost:8000 (PORT=)
	@exec $(BIN)/python deploy/run_demo.py --port $(PORT)

test: $(VENV)/.dev $(VENV)/.debian $(FRENCH).mo static/dist/.built ## install everything and run every test, browser ones included
	@deploy/test.sh

soak: $(VENV)/.dev node_modules/.installed $(FRENCH).mo ## play 1000 random honest lives in each client, looking for a false alarm (RUNS=, CORDEE_SEED=)
	CORDEE_RUNS=$(RUNS) $(BIN)/python -m pytest -q -n 2 tests/unit/client/test_honest_runs.py
	CORDEE_RUNS=$(RUNS) $(BIN)/npx vitest run --root . --config tests/web/soak.config.ts honest-runs

check: $(VENV)/.dev node_modules/.installed static/dist/.built ## style, types, import rules, bundle size
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/npm run --silent check
	$(BIN)/npm run --silent size

bench: $(VENV)/.dev $(VENV)/.debian $(FRENCH).mo static/dist/.built ## measure speed against the stated peers, write docs/benchmarks.md
	$(BIN)/python -m bench

screenshots: $(VENV)/.dev $(VENV)/.debian $(FRENCH).mo static/dist/.built ## make the README's picture from the running system
	$(BIN)/python docs/screenshots.py

translations: $(VENV)/.dev ## collect the words to translate into the French catalogue
	$(BIN)/python -m app.translations.collect

clean: ## remove what was built (keeps instance/, the demo data)
	rm -rf $(VENV) node_modules static/dist

$(VENV)/.made:
	@deploy/make_venv.sh $(VENV)
	@touch $@

$(VENV)/.run: deploy/requirements.lock | $(VENV)/.made
	@echo "Installing Python packages (a minute the first time)…"
	@$(BIN)/python -m pip install -qq --use-pep517 --disable-pip-version-check --require-hashes -r deploy/requirements.lock
	@deploy/put_on_path.sh $(VENV)
	@touch $@

$(VENV)/.dev: deploy/requirements-dev.lock $(VENV)/.run
	@echo "Installing the test tools…"
	@$(BIN)/python -m pip install -qq --use-pep517 --disable-pip-version-check --require-hashes -r deploy/requirements-dev.lock
	@touch $@

$(VENV)/.debian: deploy/debian-packages.txt deploy/debian.sh
	@deploy/debian.sh
	@touch $@

$(FRENCH).mo: $(FRENCH).po $(VENV)/.run
	@$(BIN)/pybabel --quiet compile -d app/translations -l fr

node_modules/.installed: package-lock.json .npmrc $(VENV)/.run
	@echo "Installing the client's packages…"
	@$(BIN)/npm ci --silent
	@touch $@

static/dist/.built: node_modules/.installed $(CLIENT_SOURCES)
	@echo "Building the client…"
	@$(BIN)/npm run --silent build
	@touch $@
