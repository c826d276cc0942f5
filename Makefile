# `make run` and `make test` are all one needs; `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
.DEFAULT_GOAL := help

.PHONY: help install dev run serve test check check-next coverage audit image bench drill superuser lock another-python

help:  ## List what there is
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /: /'

install: .venv/installed  ## Set up the virtual environment .venv with what requirements.txt pins

# If a PYTHON is named, and .venv is of another, it is made anew.
WHICH := -c "import sys; print(sys.version, sys.base_prefix)"
ifneq ($(origin PYTHON),file)
ifneq ($(shell $(PYTHON) $(WHICH)),$(shell $(BIN)/python $(WHICH) 2> /dev/null))
ANOTHER := another-python
endif
endif

.venv/installed: requirements.txt requirements-runtime.txt constraints.txt $(ANOTHER)
	$(PYTHON) -m venv $(if $(ANOTHER),--clear) .venv
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

dev: install .venv/dev  ## The same, with the tools that `make check` needs

.venv/dev: .venv/installed requirements-dev.txt constraints.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
# bravado brings it, to check IRIs that our documents do not have; whatever loads the views would take a second longer.
	$(BIN)/python -m pip uninstall --quiet --yes rfc3987-syntax
	@touch $@

run: install  ## Serve the API for development on SQLite, with demo data, on $PORT (8000)
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py seed_demo --if-empty
	@PORT=$$($(BIN)/python -c "from movie_booking.settings import PORT; print(PORT)") && \
		echo "Open http://127.0.0.1:$$PORT/ (customer: demo, popcorn-and-cola), /swagger/ or /admin/ (after make superuser)" && \
		exec $(BIN)/python manage.py runserver $$PORT

serve: export DEBUG ?= 0
serve: install  ## Serve the API in production on $PORT (8000), settings from the environment
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@exec $(BIN)/python -m movie_booking.serve

test: install  ## Run all tests on PostgreSQL 18, then those that reach a database on SQLite, then real clients
	$(BIN)/python -m pytest --database=postgres
	$(BIN)/python -m pytest --database=sqlite --only-with-database
	$(BIN)/python -m pytest --database=sqlite clients

check: dev .venv/drill  ## What CI runs: lint, types, import rules, migrations, deploy check, tests, drills, audit; PYTHON=python3.13
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy . && $(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	DEBUG=0 SECRET_KEY=$$($(BIN)/python -c "import secrets; print(secrets.token_urlsafe(50))") $(BIN)/python manage.py check --deploy --fail-level WARNING
	@.ci/tests $(BIN)/python

coverage: dev  ## Which lines and branches the tests reach, on PostgreSQL: it takes twice as long as without
	$(BIN)/python -m pytest --database=postgres --no-skips --cov --cov-report=term --cov-fail-under=95

check-next:  ## Try the newest Django 6, with PYTHON=python3.12 or newer; only some tests: TESTS=accounts. It fails nothing
	@.ci/next $(PYTHON) $(TESTS)

audit: dev  ## Look for what is unsafe: in the code, in committed files, and in what advisories say of packages
	$(BIN)/python -m audit

image: dev  ## Carry out the Dockerfile without Docker, and look through compose.yaml, the units and the migrations
	$(BIN)/python -m pytest --database=postgres deploy

bench: install .venv/bench  ## Measure speed beside yardsticks: 10 minutes, or 3 with QUICK=1; only some: PARTS="reads growth"
	$(BIN)/python -m benchmarks $(PARTS) $(if $(QUICK),--quick)

.venv/bench: .venv/installed requirements-bench.txt constraints.txt
	$(BIN)/python -m pip install --quiet -r requirements-bench.txt
	@touch $@

drill: install .venv/drill  ## Break parts of a site under load, and say what was lost: all, or some with QUICK=1 or DRILLS="back-up"
	$(BIN)/python -m drills $(DRILLS) $(if $(QUICK),--quick)

.venv/drill: .venv/installed requirements-drill.txt constraints.txt
	$(BIN)/python -m pip install --quiet -r requirements-drill.txt
	@touch $@

superuser: install  ## Make an account for the Admin
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py createsuperuser

lock: dev  ## Pin anew what the requirements bring along, in constraints.txt
	: > constraints.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --no-annotate --no-emit-index-url \
		--no-emit-package pip --custom-compile-command "make lock" requirements.txt requirements-dev.txt requirements-bench.txt \
		requirements-drill.txt -o constraints.txt
