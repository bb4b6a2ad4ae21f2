# The developer's interface: `make help` tells.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
DEBIAN := chromium fonts-noto-cjk gettext openssl postgresql redis-server

.DEFAULT_GOAL := help
.PHONY: help system setup run test check fmt bench messages

help: ## what can be done here
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

system: ## install what the tests need from Debian (browser, PostgreSQL, Redis)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(DEBIAN)

setup: $(VENV)/.ready ## make .venv with everything for running, testing and developing

$(VENV)/.run: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.ready: pyproject.toml $(VENV)/.run
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

run: $(VENV)/.run ## serve http://127.0.0.1:8000, everything in one process
	$(BIN)/podhub up --port $(PORT)

# Servers and commands are started by the hundred: keep what was compiled for the first, whatever the environment says.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.ready ## run all tests, on real SQLite, PostgreSQL, Redis, Celery and Chromium
	$(BIN)/pytest --numprocesses 3 --dist loadgroup -m 'not alone'
	$(BIN)/pytest -m alone

check: $(VENV)/.ready ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fmt: $(VENV)/.ready ## format the code and mend what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.ready ## measure speed, each figure beside its target
	$(BIN)/python -m tests.bench

messages: $(VENV)/.ready ## collect and compile the translations
	$(BIN)/python manage.py makemessages --locale zh_Hans --no-wrap
	$(BIN)/python manage.py compilemessages --ignore .venv
