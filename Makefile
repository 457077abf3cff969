# Two commands matter to most people: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
HOST ?= 127.0.0.1
PORT ?= 8000
PYTEST_FLAGS ?= -n 2
# One more than cores: while a test waits for a server, another one works.
SERVERS_FLAGS ?= -n 3

.PHONY: setup run test test-servers lint format e2e bench lock docs clean

setup: $(STAMP) ## virtual environment with locked dependencies

$(STAMP): requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

run: setup ## a running desk with the county's data on http://HOST:PORT
	$(PY) manage.py migrate --verbosity 0
	$(PY) manage.py collectstatic --no-input --verbosity 0
	$(PY) manage.py load_reference
	$(PY) manage.py load_demo
	HOST=$(HOST) PORT=$(PORT) $(PY) manage.py serve

test: setup ## the tests on the embedded default, without the exhaustive ones: under three minutes
	$(PY) -m pytest $(PYTEST_FLAGS) -m "not slow"

test-servers: setup ## every test, on PostgreSQL and Redis (TEST_DATABASE_URL, TEST_REDIS_URL), with dovecot
	$(PY) -m pytest $(SERVERS_FLAGS)

e2e: setup ## browser tests in Debian's chromium
	$(PY) -m pytest tests/e2e $(PYTEST_FLAGS) --dist loadfile --override-ini addopts="-q --strict-markers"

lint: setup ## style, types, layers, pending migrations, ban list
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py check --fail-level WARNING
	$(PY) -m tests.banlist

format: setup
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: setup ## figures that matter, measured on this machine
	$(PY) -m tests.bench

docs: setup ## generated pages: docs/workflows/
	$(PY) manage.py document_workflows

lock: ## refresh the hashed locks (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group dev -o requirements/dev.txt

clean:
	rm -rf $(VENV) var
