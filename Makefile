# Few commands, the same in CI. Works with GNU make 3.81 (macOS).
#   make demo   a whole node with a made-up city on 127.0.0.1:8000 (PORT=…)   make test   every test (ARGS='-k word')
#   make check  lint, types, import order, policy packs                       make bench  the speed figures
#   make setup  .venv with the locked dependencies                            make lock   lock again (ARGS=--upgrade)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SUITS := import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 $(ARGS)

# Many images forbid Python to keep what it has compiled; every process of a test run would compile the tests anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-faults check bench lock
.DEFAULT_GOAL := setup

setup: $(VENV)/.base

demo: setup
	@exec $(BIN)/gongxin demo

test: $(VENV)/.dev
	@$(BIN)/python -m pytest -n logical --dist worksteal $(ARGS)

# kill -9, a restarted database, a full disk: minutes, not seconds (ARGS='--seed 7 --rounds 100').
test-faults: $(VENV)/.dev
	@$(BIN)/python -m tests.faults $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/gongxin packs check
	@! grep -n '://' requirements*.txt || { echo 'A lock file names an address.' >&2; exit 1; }

bench: $(VENV)/.bench
	@$(BIN)/python -m benchmarks $(ARGS)

lock: $(VENV)/.dev
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt
	$(LOCK) requirements-bench.in -o requirements-bench.txt

# Each stamp says: these locked dependencies are in .venv.
$(VENV)/.made:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	  if $$python -c '$(SUITS)' >/dev/null 2>&1; then chosen=$$python; break; fi; \
	done; \
	if [ -z "$$chosen" ]; then \
	  version=$$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null); \
	  case "$$version" in \
	    3.11|3.12|3.13) echo "Python $$version is here, but cannot make environments. Debian/Ubuntu: sudo apt install python$$version-venv" ;; \
	    *) echo "Python 3.11, 3.12 or 3.13 is needed (found: $${version:-none}). Debian/Ubuntu: sudo apt install python3-venv; macOS: brew install python@3.13" ;; \
	  esac >&2; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$($$chosen --version)"; \
	$$chosen -m venv $(VENV)
	@touch $@

$(VENV)/.base: requirements.txt pyproject.toml $(VENV)/.made
	@echo 'Installing the locked dependencies'
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.base
	@echo 'Installing the locked development tools'
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.dev
	@echo 'Installing the locked tools of the benchmarks'
	@$(PIP) install --require-hashes -r requirements-bench.txt
	@touch $@
