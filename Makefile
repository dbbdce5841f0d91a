# Everything lives in .venv; a stamp file makes the second call quick.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# hundreds of processes in the tests import the same modules: let the first keep what it compiled
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test lint bench docs man package clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -c constraints.txt "torch==2.13.0"
	$(BIN)/pip install -q -c constraints.txt -e ".[japanese,plots,serve,documents,onnx,dev]"
	touch $(STAMP)

demo: setup
	$(BIN)/seqcli --models-dir demo train-lm corpora/stories.txt --name demo --replace
	$(BIN)/seqcli --models-dir demo predict-word "some of them" -m demo -k 5
	$(BIN)/seqcli --models-dir demo predict-word "in the morning the" -m demo -k 5

# in the order of their names: by itself xdist leaves files of few tests, long ones among them, to the end
test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/language.py

# the site, into site/: nothing that it shows is fetched when it is read
docs: setup
	$(BIN)/pip install -q -c constraints.txt mkdocs-material mkdocstrings-python
	$(BIN)/python docs/recording.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

man: setup
	$(BIN)/python docs/manual.py man

# dist/: a wheel and an sdist, without a network; the same commit gives the same bytes
package: man
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build

clean:
	rm -rf .venv demo site man dist
