# make run   set up (first time) and open the app      make test   set up and run the tests
# make test-long   the tests of whole pipelines, by real processes: benches, a cluster, several tabs
# make serve the same for others on the network, behind LETHE_TOKEN: docs/SERVING.md
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

.PHONY: run serve test test-long test-anywhere check install lint
run: $(VENV)/.base
	$(PY) -m streamlit run app.py --server.port $(PORT)

# For others on the network: docs/SERVING.md
serve: $(VENV)/.base
	$(PY) -m streamlit run app.py --server.port $(PORT) --server.address 0.0.0.0 \
	--server.allowedHosts '*'

# A file stays in one process, and files come in their order: by their number of tests, as xdist
# would have them, the slowest would come last and one process wait for the other.
PYTEST := $(PY) -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

test: lint
	OMP_NUM_THREADS=1 $(PYTEST) -m "not long"

test-long: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(PYTEST) -m long

check: lint
	OMP_NUM_THREADS=1 $(PYTEST) $(QUICK)

# The sensitive tests once more, as other processors would round. Which instructions a library
# picks, and in what order it adds, goes by the processor: torch (ATEN, MKL, ONEDNN), numba under
# umap-learn (NUMBA), numpy and scipy (OPENBLAS). A bound that holds only for one processor's draw of
# a chaotic fit fails under one of these.
#   old       nothing newer than SSE: the least a 64-bit processor has
#   avx2      no AVX-512, as on AMD until Zen 3 and on Intel's desktops; two threads
#   compiler  umap-learn's fits alone are compiled otherwise: the tests that know of it
#   mixed     torch's plainest sums beside OpenBLAS's of 2009, two threads: one more draw of the fits
# None forces instructions that a processor in use today may lack. Sentences made of given numbers
# are the same everywhere; measures, which fit nothing, are rounded by the first two. Two threads
# wait asleep (tests/conftest.py). Numba keeps what it compiles by the processor's name.
FITS := tests/projection tests/service/test_extra_maps.py tests/methods \
	tests/models/test_models_train.py tests/runs/test_evaluation.py tests/runs/test_tabular.py
SENTENCES := headline planted_told verdict verdict_numbers
MEASURES := tests/metrics $(SENTENCES:%=--ignore=tests/metrics/test_%.py)
UMAP = $$(grep -lr umap tests/projection tests/service/test_extra_maps.py --include='test_*.py')
test-anywhere: $(VENV)/.dev
	OMP_NUM_THREADS=1 ATEN_CPU_CAPABILITY=default MKL_CBWR=COMPATIBILITY ONEDNN_MAX_CPU_ISA=SSE41 \
	NUMBA_CPU_NAME=generic OPENBLAS_CORETYPE=Prescott $(PYTEST) $(FITS) $(MEASURES)
	OMP_NUM_THREADS=2 ATEN_CPU_CAPABILITY=avx2 MKL_CBWR=AVX2 ONEDNN_MAX_CPU_ISA=AVX2 \
	OPENBLAS_CORETYPE=Haswell $(PYTEST) $(FITS) $(MEASURES)
	OMP_NUM_THREADS=1 NUMBA_CPU_NAME=generic $(PYTEST) $(UMAP)
	OMP_NUM_THREADS=2 ATEN_CPU_CAPABILITY=default OPENBLAS_CORETYPE=Nehalem $(PYTEST) $(FITS)

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
