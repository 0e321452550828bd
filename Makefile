# Two commands, each all the set-up there is: `make demo` and `make test`. Both make their own virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: demo test quick lint docs verify resolve clean

# The main job: prune the bundled example to 80 % and compare dense with sparse firmware in an emulator.
demo: $(VENV)/demo
	$(BIN)/tinyprune compare --board stm32f4

test: $(VENV)/test
	$(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST)

# Under two minutes: no TensorFlow, nothing slow.
quick: $(VENV)/test
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not keras and not slow" $(PYTEST)

lint: $(VENV)/test
	$(BIN)/python -m pytest tests/style $(PYTEST)

# The site, in build/site/index.html, with what of it is made from the code.
docs: $(VENV)/test
	$(BIN)/python docs/generate
	$(BIN)/mkdocs build

# The full-size golden checks (an hour or two, resumable), into docs/verification.md. TINYPRUNE_MODELS names a folder with
# mlperf_tiny/*.tflite; VERIFY="--graphs 300" and the like make it smaller.
verify: $(VENV)/test
	$(BIN)/python tests/verify.py $(VERIFY)

# Shows that binary wheels of everything exist for the Python versions that are supported; downloads nothing.
resolve: $(VENV)/test
	for version in 3.10 3.11 3.12 3.13; do \
	    $(BIN)/python -m pip install --quiet --dry-run --ignore-installed --target build/resolve --only-binary :all: \
	        --no-build-isolation --python-version $$version ".[keras,zig,report]" || exit 1; \
	    echo "Python $$version: resolves"; \
	done

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo: pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable ".[keras,zig]"
	touch $@

$(VENV)/test: pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable ".[keras,zig,verify,report,docs,dev]"
	touch $@
