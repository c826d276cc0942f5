# `make run` and `make test` are all one needs; `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
.DEFAULT_GOAL := help

.PHONY: help install dev run serve test check bench drill superuser lock

help:  ## List what there is
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /: /'

install: .venv/installed  ## Set up the virtual environment .venv with what requirements.txt pins

.venv/installed: requirements.txt constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

dev: install .venv/dev  ## The same, with the tools that `make check` needs

.venv/dev: requirements-dev.txt constraints.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
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

check: dev  ## What CI runs: lint, types, import rules, migrations, deploy check, tests with coverage
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy . && $(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	DEBUG=0 SECRET_KEY=$$($(BIN)/python -c "import secrets; print(secrets.token_urlsafe(50))") $(BIN)/python manage.py check --deploy --fail-level WARNING
# At once, as each keeps a processor busy and not more: most on PostgreSQL; and SQLite, which takes less long, with
# the clients after it, of which none may be missing, and the servers. What these say follows the other.
	@log=$$(mktemp); \
	( pytest="$(BIN)/python -m pytest -p no:cacheprovider"; failed=0; \
	  $$pytest --database=sqlite --only-with-database || failed=1; \
	  $$pytest --database=sqlite --no-skips clients || failed=1; \
	  $$pytest --database=postgres --no-skips -m kills_servers || failed=1; \
	  exit $$failed ) > $$log 2>&1 & others=$$!; \
	$(BIN)/python -m pytest --database=postgres --no-skips -m "not kills_servers" --cov --cov-report=term --cov-fail-under=95; postgres=$$?; \
	wait $$others; others=$$?; cat $$log; rm $$log; \
	test $$postgres -eq 0 && test $$others -eq 0

bench: install .venv/bench  ## Measure speed beside yardsticks: 10 minutes, or 3 with QUICK=1; only some: PARTS="reads growth"
	$(BIN)/python -m benchmarks $(PARTS) $(if $(QUICK),--quick)

.venv/bench: requirements-bench.txt constraints.txt
	$(BIN)/python -m pip install --quiet -r requirements-bench.txt
	@touch $@

drill: install .venv/drill  ## Break parts of a site under load, and say what was lost: all, or some with QUICK=1 or DRILLS="back-up"
	$(BIN)/python -m drills $(DRILLS) $(if $(QUICK),--quick)

.venv/drill: requirements-drill.txt constraints.txt
	$(BIN)/python -m pip install --quiet -r requirements-drill.txt
	@touch $@

superuser: install  ## Make an account for the Admin
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py createsuperuser

lock: dev  ## Pin anew what the requirements bring along, in constraints.txt
	: > constraints.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --no-annotate --no-emit-index-url \
		--custom-compile-command "make lock" requirements.txt requirements-dev.txt requirements-bench.txt \
		requirements-drill.txt -o constraints.txt
