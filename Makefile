# make run: the app, at http://localhost:8501 (make run PORT=9000 for another port)
# make test: lint, format, types and every test, the ones in a browser included
# make bench: the speed tables of the README, beside PyTorch and hand-written NumPy, and thirty people on one server
PORT ?= 8501
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

# One thread for NumPy's matrix products: they are small, and each person is answered in a thread of its own. With one a
# core, those of several people, or of another program, wait for one another: measured at up to 30 times slower.
# And one heap for all threads, whose freed memory is kept: see rnnviz/engine/memory.py. Both are read as Python starts.
export OPENBLAS_NUM_THREADS ?= 1
export MALLOC_ARENA_MAX ?= 1

.PHONY: run test bench browser

run: .venv/run
	$(BIN)/python -m rnnviz --server.port $(PORT)

test: .venv/test browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/basedpyright --pythonpath $(BIN)/python
	$(BIN)/python -m pytest

bench: .venv/test .venv-bench/ready browser
	.venv-bench/bin/python -m benchmarks.engine
	.venv-bench/bin/python -m benchmarks.training
	.venv-bench/bin/python -m benchmarks.anatomy
	$(BIN)/python -m benchmarks.server
	$(BIN)/python -m benchmarks.browser
	$(BIN)/python -m benchmarks.classroom

.venv/python:
	@test -n "$(PYTHON)" || { echo "rnnviz needs Python 3.11 or newer, and found none. Name one: make run PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "$(PYTHON) could not make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@touch $@

.venv/run: requirements.txt | .venv/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/test: requirements-test.txt .venv/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@

.venv-bench/ready: requirements.txt requirements-bench.txt | .venv/python
	$(BIN)/python -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-bench.txt
	@touch $@

browser:
	@sh tests/browser/find_chromium.sh
