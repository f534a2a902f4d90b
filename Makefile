# make jam ARGS="--demo"   play (a first call installs what playing needs)
# make test                format, lint, types and tests
# make test-lowest         some tests with the lowest versions of what playing needs (Python 3.11 or 3.12)
# make test-supriya        the ports with supriya-midi, which is used from Python 3.13 on
# make test-newer          the same, and some other tests, on NEWER=python3.13
# make bench               measure this machine
PYTHON ?= python3
NEWER ?= python3.13
ARGS ?=

# What playing consists of: models, messages, ports in name only, the band. One test of a minute is left out.
SHORT = -m "not ports and not slow" -k "not at_any_tempo" tests/model tests/midi tests/io tests/engine/test_alone.py \
	tests/commands/test_perform.py
# What a MIDI library can spoil: plugging, processes and servers that hang or die, floods, programs of others.
PORTS = -k "not saved_set and not a_set_that and not a_recording" tests/io \
	$(patsubst %,tests/live/test_%.py,faults hotplug kill pipewire storms terminal third_party)

.PHONY: jam test test-lowest test-supriya test-newer bench clean

jam: .venv/installed
	.venv/bin/bollylive jam $(ARGS)

bench: .venv/installed
	.venv/bin/bollylive bench $(ARGS)

test: .venv-test/installed
	.venv-test/bin/ruff format --check .
	.venv-test/bin/ruff check .
	.venv-test/bin/mypy
ifeq ($(ARGS),)
	.venv-test/bin/pytest -m "not ports"
	.venv-test/bin/python tests/support/port_tests.py
else
	.venv-test/bin/pytest $(ARGS)
endif

test-lowest: .venv-lowest/installed
	.venv-lowest/bin/pytest $(SHORT) $(ARGS)

test-supriya: .venv-test/installed
	BOLLYLIVE_MIDI_LIBRARY=supriya-midi .venv-test/bin/python tests/support/port_tests.py $(PORTS)

test-newer: .venv-newer/installed
	.venv-newer/bin/pytest $(SHORT) $(ARGS)
	.venv-newer/bin/python tests/support/port_tests.py $(PORTS)

# The stamp is written last: an installation that broke off is done again.
.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv-test/installed: pyproject.toml
	$(PYTHON) -m venv .venv-test
	.venv-test/bin/pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@

.venv-lowest/installed: pyproject.toml
	$(PYTHON) -m venv --clear .venv-lowest
	.venv-lowest/bin/python tests/support/lowest.py > .venv-lowest/lowest.txt
	.venv-lowest/bin/pip install --quiet --disable-pip-version-check --constraint .venv-lowest/lowest.txt \
		--editable ".[test-runtime]"
	touch $@

.venv-newer/installed: pyproject.toml
	$(NEWER) -m venv --clear .venv-newer
	.venv-newer/bin/pip install --quiet --disable-pip-version-check --editable ".[test-runtime]"
	touch $@

clean:
	rm -rf .venv .venv-*/ dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
