# Written for GNU make 3.81 (macOS) and newer.
PYTHON = $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 \
	&& $$p -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
BIN := .venv/bin
LOCK := uv.lock pyproject.toml bootstrap.py

# Where it is set, each of the many processes started here compiles every module anew: 13 s, not 5.
unexport PYTHONDONTWRITEBYTECODE

# run.json of a system that was killed must not be read as that of the one that is starting
define forget-killed-run
if command -v flock >/dev/null && [ -f var/run.lock ]; then flock -n var/run.lock rm -f var/run.json; fi || true
endef

.DEFAULT_GOAL := help
.PHONY: help run stop test check test-api test-browser test-faults test-peers bench

help: ## what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-14s %s\n", $$1, $$2}'

run: .venv/.stamp-run ## start everything on this machine; Ctrl-C stops it
	@$(forget-killed-run)
	@exec $(BIN)/python manage.py run

stop: ## stop what `make run` started, from another terminal
	@if [ -x $(BIN)/python ]; then exec $(BIN)/python manage.py stop; fi

test: .venv/.stamp-dev ## the fast suite: real PostgreSQL and Redis, no network
	@exec $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/.stamp-dev ## style, types, walls, migrations, documents
	@exec sh .ci/check

test-browser: .venv/.stamp-browser ## the suite that drives a real Chromium
	@exec $(BIN)/python -m pytest -m browser $(ARGS)

test-api: .venv/.stamp-api ## the suite of the API's clients; CASES=50 requests an operation and person
	@exec $(BIN)/python -m pytest -m client -n auto --maxprocesses 4 $(ARGS)

test-faults: .venv/.stamp-dev ## the suite that kills and freezes a running system
	@exec $(BIN)/python -m pytest -m fault $(ARGS)

test-peers: .venv/.stamp-dev ## the suite that speaks to real servers: Synapse, Bluesky, Dovecot, Postfix, Kannel; installs them
	@$(BIN)/python -m tests.peers.prepare
	@exec $(BIN)/python -m pytest -m peer tests/peers $(ARGS)

bench: .venv/.stamp-dev ## measure; ROWS=50000 by default
	@exec $(BIN)/python -m bench $(ARGS)

.venv/.stamp-%: $(LOCK)
	@if [ -z "$(PYTHON)" ]; then \
		echo "Relais needs Python 3.11 or newer; none was found as python3, python3.13, python3.12 or python3.11." >&2; \
		echo "On Debian and Ubuntu:  sudo apt install python3.11 python3.11-venv" >&2; exit 1; fi
	@$(PYTHON) bootstrap.py $*
	@touch $@
