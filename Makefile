# make run   set up (first time) and open the app      make test   set up and run every test
# make check   lint, types and the tests that take seconds
# make install   the set-up alone. PYTHON=/path/to/python3.14 picks another interpreter.

VENV := .venv
PY := $(VENV)/bin/python
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
CHECK := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c "$(CHECK)" 2>/dev/null && echo $$p && break; done)
PORT ?= 8501
# What a change is checked with while it is made: no run, no training, no browser, no layout.
QUICK := tests/test_architecture.py tests/figures tests/forget tests/js tests/metrics tests/stage

.PHONY: run test check install lint
run: $(VENV)/.base
	$(PY) -m streamlit run app.py --server.port $(PORT)

test: lint
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 --dist loadfile

check: lint
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 --dist loadfile $(QUICK)

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

install: $(VENV)/.base

# A stamp is written last: a broken install is taken up again, a finished one starts at once.
$(VENV)/.base: requirements.txt
	@test -n "$(PYTHON)" || { echo "Lethe needs Python 3.11 to 3.14 with venv; none was found. \
	Install one, or run: make PYTHON=/path/to/python3.14 $(MAKECMDGOALS)"; exit 2; }
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.base
	$(PY) -m pip install --quiet -r requirements-dev.txt
	touch $@
