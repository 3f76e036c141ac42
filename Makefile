# Everything a newcomer or CI needs. `make help` prints the targets. PYTHON=… chooses the interpreter (3.11 or newer).
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
WAIT ?= 1
ARGS ?=

.PHONY: help demo up test check format docs lock bench audit doctor web screenshots clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  \033[1mmake %-11s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/locks/demo.txt ## start a server and do real work on it; stays up until Ctrl-C (WAIT=0: aside, and stops by itself)
	@scripts/web try
	@$(BIN)/lakeward demo $(if $(filter 0,$(WAIT)),--no-wait --port 0 --data .lakeward) $(ARGS)

up: .venv/locks/demo.txt ## start the server; options in ARGS="--port 5001"
	@scripts/web try
	@$(BIN)/lakeward up $(ARGS)

test: .venv/locks/test.txt ## install what the tests need and run all of them; some of them: ARGS="tests/docs -k links"
	@$(BIN)/python scripts/test_suites.py $(ARGS)

check: .venv/locks/test.txt ## lint, format, types, import order, generated pages, links: what CI runs before the tests
	@$(BIN)/python scripts/check.py

format: .venv/locks/test.txt ## put the code into form
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

docs: .venv/locks/test.txt ## write the generated pages anew: routes, configuration, schema
	@$(BIN)/python scripts/generated.py

bench: .venv/locks/test.txt ## this server and MLflow's own under the same load, then their pages in a browser; ARGS="--quick"
	@$(BIN)/python -m benchmarks $(ARGS)
	@$(if $(filter-out --quick,$(ARGS)),,$(BIN)/python -m benchmarks.ui $(or $(ARGS),--write docs/benchmarks-ui.md))

lock: .venv/locks/tools.txt ## resolve the dependencies anew (UPGRADE=1: to their newest versions)
	@scripts/lock $(if $(filter 1,$(UPGRADE)),--upgrade)

web: ## build the web interface; demo, up and test do it by themselves
	@scripts/web build

screenshots: .venv/locks/test.txt ## make the pictures in docs/ui anew
	@scripts/ui-suite --screenshots -q -k screenshots

audit: .venv/locks/lakeward.txt ## known vulnerabilities of what the server brings; says so where that cannot be asked
	@PYTHON="$(PYTHON)" scripts/venv .venv-audit requirements/audit.txt >/dev/null 2>&1 || true
	@$(BIN)/python scripts/known_vulnerabilities.py

doctor: .venv/locks/lakeward.txt ## look at database, objects, disk and versions, and say what to do
	@$(BIN)/lakeward doctor $(ARGS)

clean: ## remove what make made: environments, caches; data stays
	rm -rf .venv .venv-* web/node_modules tests/openid/node_modules src/lakeward/web/static build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The stamp is a copy of the lock that the environment stands on, so a second make is instant. test holds demo, and demo
# holds lakeward, with the same versions.
.venv/locks/%.txt: requirements/%.txt requirements/tools.txt
	@PYTHON="$(PYTHON)" scripts/venv .venv $< --checkout
	@touch $@
