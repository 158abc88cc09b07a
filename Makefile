# Everything a person or CI does with this project. `make demo` and `make test` set up .venv by themselves.

PYTHON ?= python3
JOBS ?= auto
FUZZ_SECONDS ?= 60
LIVES ?= 500
MINUTES ?= 3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
COMPILED := build/compiled
SOURCES = $(shell find detectors events monitor policies proxy -name '*.py' -o -name '*.yaml' -o -name '*.json' -o -name '*.j2' \
	-o -name '*.onnx' -o -name NOTICE)
FUZZ_STAMP := $(VENV)/.installed-fuzz
CONSUMERS_STAMP := $(VENV)/.installed-consumers
MODELS_STAMP := $(VENV)/.installed-models
TOO_OLD := sys.exit(sys.version_info < (3, 11))
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Python keeps what it compiles, also where the environment forbids that, as those of containers do: every test process
# and every start of the command would compile all of its imports again, which is half of its time. Empty is unset.
export PYTHONDONTWRITEBYTECODE :=
# Without --no-compile all that is installed is compiled, one file after another, which takes as long as the rest of the
# installation; of most of it nothing is ever imported.
INSTALL := $(PIP) install --no-compile --constraint constraints.txt --editable

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-deploy test-models check format bench bench-monitor fuzz soak chaos outage consumers leak-surface clean

help:
	@echo "make demo    scripted model, proxy and live traffic; stays up until Ctrl-C (make demo ARGS=--once ends)"
	@echo "make test    every check, and every test but those that need torch; CI runs it"
	@echo "make test-models  the tests that need torch, Detoxify and spaCy's model, which it installs (0.8 GB); CI runs it too"
	@echo "make test-deploy  rules, dashboard and alarms with the tools of Prometheus and the types of Grafana; installs them where it can"
	@echo "make check   linter, formatter, types and layers only"
	@echo "make format  let the linter and the formatter change the files"
	@echo "make bench   measure against other gateways; writes benchmarks/RESULTS.md"
	@echo "make bench-monitor  false alarms and delays of the monitor; writes benchmarks/monitor/RESULTS.md"
	@echo "make fuzz    property tests with many more examples, then the fuzz targets (FUZZ_SECONDS=60 each)"
	@echo "make soak    overload, stalled clients and reloads at their full size: some five minutes on a quiet machine"
	@echo "make chaos   kill everything under load, again and again, and check what is left (LIVES=500: some hours)"
	@echo "make outage  traffic while the broker is absent, stopped and frozen, beside a proxy whose broker is there (MINUTES=3)"
	@echo "make consumers  read what is published with kcat, and validate it with check-jsonschema; installs both"
	@echo "make leak-surface  write docs/leak-surface.md anew after an SDK was updated"
	@echo "make setup   only install into .venv"
	@echo "make compiled       build the compiled form into build/compiled; needs a C compiler"
	@echo "make test-compiled  the tests of what is compiled, and of the server, on the compiled form"
	@echo "make clean   remove caches and build folders, keep .venv"
	@echo
	@echo "Another Python: make PYTHON=python3.12 test"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(BIN)/python -c 'import sys, pip; $(TOO_OLD)' 2>/dev/null || { \
		$(PYTHON) -c 'import sys; $(TOO_OLD)' 2>/dev/null || { \
			echo "Sluicegate needs Python 3.11 or newer; '$(PYTHON)' is: $$($(PYTHON) --version 2>&1 | head -n 1)" >&2; \
			echo "Name another one, for example: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }; \
		$(PYTHON) -m venv --clear $(VENV) || { \
			echo "No virtual environment could be made. On Debian and Ubuntu, install python3-venv." >&2; exit 1; }; }
	@echo "Installing into $(VENV) (the first time takes a minute or two)."
	@$(INSTALL) '.[dev,demo]'
	@touch $@

demo: $(STAMP)
	@$(BIN)/sluicegate demo $(ARGS)

# Some tests run brokers, browsers and whole proxies, and a busy machine may starve one: what fails runs once more,
# alone, and fails for good if it fails again. A property that failed is tried with the example that it failed on.
test: check
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal $(ARGS) || { [ $$? = 1 ] && \
		echo "What failed runs once more, alone." && $(BIN)/python -m pytest -q -n 0 --lf --lfnf none $(ARGS); }

test-deploy: $(STAMP)
	@{ command -v promtool && command -v prometheus-alertmanager; } >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends prometheus prometheus-alertmanager; } \
		>/dev/null 2>&1; } || echo "promtool and Alertmanager are not installed (Debian: apt-get install prometheus" \
		"prometheus-alertmanager): what needs them is left out."
	SLUICEGATE_DEPLOY=1 $(BIN)/python -m pytest -q -n 0 tests/deploy $(ARGS)

test-models: $(MODELS_STAMP)
	$(BIN)/python -m pytest -q -m models tests/detectors tests/proxy/cli tests/benchmarks $(ARGS)

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	@command -v nginx >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light; } >/dev/null 2>&1; } || \
		echo "nginx is not installed: the benchmark runs without this peer."
	@$(MAKE) --no-print-directory compiled || echo "The benchmark runs without the compiled build."
	$(BIN)/python -m benchmarks.run $(ARGS)

bench-monitor: $(STAMP)
	$(BIN)/python -m benchmarks.monitor $(ARGS)

fuzz: $(FUZZ_STAMP)
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal -m hypothesis $(ARGS)
	@for target in tests/fuzz/fuzz_*.py; do \
		echo "$$target for $(FUZZ_SECONDS) s"; \
		PYTHONPATH=. $(BIN)/python $$target -max_total_time=$(FUZZ_SECONDS) || exit 1; \
	done

soak: $(STAMP)
	SLUICEGATE_SOAK=1 $(BIN)/python -m pytest -q -n 0 tests/proxy/server/test_overload.py \
		tests/proxy/server/test_slow_peers.py tests/proxy/server/test_reload.py $(ARGS)

leak-surface: $(STAMP)
	PYTHONPATH=. $(BIN)/python -m tests.leaks.surface

$(MODELS_STAMP): $(STAMP)
	@$(INSTALL) '.[dev,demo,detoxify,ner]'
	@touch $@

$(FUZZ_STAMP): $(STAMP)
	@$(INSTALL) '.[dev,demo,fuzz]'
	@touch $@

chaos: $(STAMP)
	SLUICEGATE_CHAOS=$(LIVES) $(BIN)/python -m pytest -q -n 0 -s tests/chaos tests/events/outbox/test_machine.py $(ARGS)

outage: $(STAMP)
	SLUICEGATE_OUTAGE_S=$$((20 * $(MINUTES))) $(BIN)/python -m pytest -q -n 0 -s tests/chaos/test_outage.py $(ARGS)

consumers: $(CONSUMERS_STAMP)
	@command -v kcat >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends kcat; } >/dev/null 2>&1; } || \
		{ echo "kcat is not installed. On Debian and Ubuntu: sudo apt-get install kcat" >&2; exit 1; }
	SLUICEGATE_CONSUMERS=1 $(BIN)/python -m pytest -q -n 0 tests/events/test_consumers.py $(ARGS)

$(CONSUMERS_STAMP): $(STAMP)
	@$(INSTALL) '.[dev,demo,consumers]'
	@touch $@

.PHONY: compiled test-compiled

compiled: $(COMPILED)/.built

$(COMPILED)/.built: setup.py pyproject.toml $(SOURCES) | $(STAMP)
	@command -v cc >/dev/null || command -v gcc >/dev/null || { \
		echo "No C compiler was found. On Debian and Ubuntu, install gcc and python3-dev." >&2; exit 1; }
	@echo "Compiling into $(COMPILED) (one to three minutes)."
	@rm -rf $(COMPILED) build/lib* build/bdist*
	@mkdir -p $(COMPILED)
	@SLUICEGATE_COMPILED=1 $(BIN)/python -m build --wheel --no-isolation --outdir $(COMPILED) . \
		>$(COMPILED)/log 2>&1 || { tail -n 30 $(COMPILED)/log >&2; exit 1; }
	@$(BIN)/python -m zipfile -e $(COMPILED)/*.whl $(COMPILED)/lib
	@touch $@

# The packages come from the compiled wheel; beside the tests there are no sources that could be taken instead.
test-compiled: $(COMPILED)/.built
	@rm -rf $(COMPILED)/tree
	@mkdir $(COMPILED)/tree
	@cp -a tests benchmarks docs deploy *.md *.toml constraints.txt setup.py Makefile $(COMPILED)/tree
	cd $(COMPILED)/tree && SLUICEGATE_WHEEL=$(abspath $(COMPILED)) PYTHONPATH=$(abspath $(COMPILED)/lib) \
		$(abspath $(BIN)/python) -m pytest -q -n $(JOBS) --dist worksteal $(or $(ARGS),tests/test_compiled.py \
		tests/detectors tests/policies tests/proxy \
		--deselect tests/proxy/wire/test_adding_a_dialect.py::test_the_ollama_modules_are_as_small_as_the_page_says)

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .atheris
