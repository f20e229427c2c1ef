# make run   set up (first time) and open the app      make test   set up and run every test
# make check   lint, types and the tests that take seconds
# make test-anywhere   the sensitive tests once more, as other processors would round
# make install   the set-up alone. PYTHON=/path/to/python3.14 picks another interpreter.

VENV := .venv
PY := $(VENV)/bin/python
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
CHECK := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c "$(CHECK)" 2>/dev/null && echo $$p && break; done)
PORT ?= 8501
# What a change is checked with while it is made: no run, no training, no browser, no layout.
QUICK := tests/test_architecture.py tests/figures tests/forget tests/js tests/metrics tests/stage

.PHONY: run test test-anywhere check install lint
run: $(VENV)/.base
	$(PY) -m streamlit run app.py --server.port $(PORT)

test: lint
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 --dist loadfile

check: lint
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 --dist loadfile $(QUICK)

# The sensitive tests once more, as other processors would round. Which instructions a library
# picks, and in what order it adds, goes by the processor: torch (ATEN, MKL, ONEDNN), numba under
# umap-learn (NUMBA), numpy and scipy (OPENBLAS). A bound that holds only for one processor's draw of
# a chaotic fit fails under one of these. A numba cache of one setting is of no use to another.
#   old       nothing newer than SSE: the least a 64-bit processor has
#   avx2      no AVX-512, as on AMD until Zen 3 and on Intel's desktops; two threads
#   compiler  umap-learn's fits alone are compiled otherwise
#   mixed     torch's plainest sums beside OpenBLAS's of 2009; two threads
# None forces instructions that a processor in use today may lack.
ANYWHERE := tests/projection tests/service/test_extra_maps.py tests/metrics tests/methods \
	tests/models/test_models_train.py tests/runs/test_evaluation.py tests/runs/test_tabular.py
elsewhere = env NUMBA_CACHE_DIR=$(VENV)/numba-$(1) $(2) \
	$(PY) -m pytest -q -n 2 --dist loadfile $(ANYWHERE)
test-anywhere: $(VENV)/.dev
	$(call elsewhere,old,OMP_NUM_THREADS=1 ATEN_CPU_CAPABILITY=default MKL_CBWR=COMPATIBILITY \
	ONEDNN_MAX_CPU_ISA=SSE41 NUMBA_CPU_NAME=generic OPENBLAS_CORETYPE=Prescott)
	$(call elsewhere,avx2,OMP_NUM_THREADS=2 ATEN_CPU_CAPABILITY=avx2 MKL_CBWR=AVX2 \
	ONEDNN_MAX_CPU_ISA=AVX2 OPENBLAS_CORETYPE=Haswell)
	$(call elsewhere,compiler,OMP_NUM_THREADS=1 NUMBA_CPU_NAME=generic)
	$(call elsewhere,mixed,OMP_NUM_THREADS=2 ATEN_CPU_CAPABILITY=default OPENBLAS_CORETYPE=Nehalem)

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
