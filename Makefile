# `make help` lists the targets; it prints this file's `##` comments.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
# Tools that only read the code need settings, but no database.
OFFLINE := DATABASE_URL=postgres://localhost/none

.PHONY: help run test check bench audit check-stripe-cli check-stripe-js format lint types contracts templates migrations deploy-check containers sheet requirements clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: .venv/.shop ## Start the whole shop on this machine: web, worker, sandbox, PostgreSQL
	@$(BIN)/python -m config.local

test: .venv/.dev ## Run every test, the browser journeys included
	@$(BIN)/pytest -n 2 --dist loadgroup -m "not browser"
	@$(BIN)/pytest -m browser

check: .venv/.dev format lint types contracts templates migrations deploy-check containers test audit ## Run what CI runs

format: .venv/.dev ## Check the formatting
	@$(BIN)/ruff format --check .

lint: .venv/.dev ## Look for mistakes ruff knows
	@$(BIN)/ruff check .

types: .venv/.dev ## Check the types
	@$(OFFLINE) $(BIN)/mypy .
	@$(OFFLINE) $(BIN)/mypy --config-file sandbox/mypy.ini sandbox tests/sandbox tests/sandbox_process.py

contracts: .venv/.dev ## Check who imports whom
	@$(OFFLINE) $(BIN)/lint-imports

templates: .venv/.dev ## Check the templates
	@$(BIN)/djlint --lint --quiet templates sandbox/templates

migrations: .venv/.dev ## Check that no migration is missing
	@$(BIN)/python manage.py makemigrations --check --dry-run

deploy-check: .venv/.dev ## Run Django's deployment checks with settings as in production
	@env $(OFFLINE) SITE_URL=https://shop.example.com SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
	  TRIAL_PEPPER=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
	  STRIPE_SECRET_KEY=sk_test_check STRIPE_PUBLISHABLE_KEY=pk_test_check STRIPE_WEBHOOK_SECRET=whsec_check EMAIL_URL=smtp://localhost:25 \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING

containers: .venv/.dev ## Check the Dockerfiles and compose.yaml
	@$(BIN)/hadolint Dockerfile deploy/pgbouncer.Dockerfile
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml

audit: .venv/.shop ## Recount the books of the local shop (or of DATABASE_URL)
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py audit_ledger

bench: .venv/.dev ## Measure speed as ratios; BENCH_JSON=path writes them as JSON too
	@$(BIN)/python -m bench

check-stripe-cli: .venv/.dev ## Let the official Stripe CLI trigger events at the sandbox, with the shop behind it (needs npm)
	@$(BIN)/python -m tests.stripe_cli

check-stripe-js: .venv/.dev ## Hold the sandbox's Stripe.js against the official types (needs npm)
	@sandbox/checks/stripe_js/check.sh

sheet: .venv/.shop ## Paint docs/images/designs.webp anew: every style and area on one sheet
	@$(BIN)/python -m docs.sheet

requirements: .venv/.dev ## Pin the newest versions that fit requirements*.in
	@$(BIN)/pip install --quiet uv
	@for name in requirements requirements-gemini requirements-openai requirements-s3 requirements-dev; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-header $$name.in -o $$name.txt; done

clean: ## Remove the virtual environment (the data under .local/ stay)
	@rm -rf .venv

.venv/.shop: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@echo "Installing the shop's requirements into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.dev: .venv/.shop requirements-dev.txt
	@echo "Installing what the checks and tests need into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
