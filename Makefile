# make jam ARGS="--demo"   play (a first call installs what playing needs)
# make test                format, lint, types and tests
# make bench               measure this machine
PYTHON ?= python3
ARGS ?=

.PHONY: jam test bench clean

jam: .venv/installed
	.venv/bin/bollylive jam $(ARGS)

bench: .venv/installed
	.venv/bin/bollylive bench $(ARGS)

test: .venv-test/installed
	.venv-test/bin/ruff format --check .
	.venv-test/bin/ruff check .
	.venv-test/bin/mypy
	.venv-test/bin/pytest $(ARGS)

# The stamp is written last: an installation that broke off is done again.
.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv-test/installed: pyproject.toml
	$(PYTHON) -m venv .venv-test
	.venv-test/bin/pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@

clean:
	rm -rf .venv .venv-test dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
