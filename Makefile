# `make test` and `make demo` work from a bare clone, with nothing but Python 3.11+ and make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: test slow demo clean

$(BIN)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[test]'
	touch $@

test: $(BIN)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python benchmarks/tables.py --check
	$(BIN)/pytest --numprocesses 2 --dist loadfile

slow: $(BIN)/installed
	$(BIN)/pytest -m slow --numprocesses 2

demo: $(BIN)/installed
	$(BIN)/kgan train --recipe digits
	test -e saved_models/digits/more.png || $(BIN)/kgan generate saved_models/digits \
		--num-samples 100 --seed 0 --output saved_models/digits/more.png

clean:
	rm -rf $(VENV)
