# `make test` and `make demo` work from a bare clone, with nothing but Python 3.11+ and make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Each takes half of the tests, in their order, and then what the other has not come to.
WORKERS = --numprocesses 2 --dist worksteal

.PHONY: test slow soak demo clean

$(BIN)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	# uv unpacks on all cores; where it does not reach the packages, pip, with its settings, may.
	# Neither compiles them: Python compiles what it imports.
	$(BIN)/pip install --quiet uv && $(BIN)/uv pip install --quiet --python $(BIN)/python \
		--editable '.[test]' || $(BIN)/pip install --quiet --no-compile --editable '.[test]'
	touch $@

test: $(BIN)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python benchmarks/tables.py --check
	$(BIN)/pytest $(WORKERS)

slow: $(BIN)/installed
	$(BIN)/pytest -m slow $(WORKERS)

soak: $(BIN)/installed
	$(BIN)/pytest -m soak $(WORKERS)

demo: $(BIN)/installed
	$(BIN)/kgan train --recipe digits
	test -e saved_models/digits/more.png || $(BIN)/kgan generate saved_models/digits \
		--num-samples 100 --seed 0 --output saved_models/digits/more.png

clean:
	rm -rf $(VENV)
