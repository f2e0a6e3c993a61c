# make run    live video at http://localhost:8000
# make test   everything CI checks
# make lab    the same on a Debian with real camera devices made in software, in an emulator; every fault there is (as root)
# make deb    dist/camera-appliance_VERSION_ARCH.deb for Debian 13 and Raspberry Pi OS; ARCH=arm64 make deb for a Pi, on a PC
# make image  the card for QEMU, with the same recipe as the Pi's: image/README.md (as root)
# make box    boots it: first boot, power cuts, whatever a box has to survive; then deb-box (as root)
# make deb-box    installs, upgrades, rolls back and purges the package in a clean Debian, in an emulator (as root)
# make deb-arm64  makes the package for a Pi, installs it with apt in a Debian for arm64 and watches its camera, in a translator (as root)
# They set up what they need first, which takes a few minutes the first time; `make setup` does only that.
# PYTHON=python3.13 VENV=.venv-3.13 chooses another interpreter and its own environment. make test takes about nine minutes.

SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
CONFIG ?= config/appliance.toml
.DELETE_ON_ERROR:
.PHONY: run test setup lint test-python test-web other-python lab lab-quick deb deb-box deb-arm64 image box box-image lock clean

run: $(VENV)/.run-ready
	$(VENV)/bin/camera-appliance run --config $(CONFIG)

# What looks at a clock comes last and alone; what only needs the processor may share it.
test: $(VENV)/.test-ready node_modules/.ready
	$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint test-web other-python
	$(MAKE) --no-print-directory test-python

setup: $(VENV)/.run-ready

$(VENV)/.run-ready: scripts/setup scripts/need.sh requirements.lock pyproject.toml
	scripts/setup run $(PYTHON) $(VENV)

$(VENV)/.test-ready: scripts/setup scripts/need.sh requirements.lock requirements-dev.lock pyproject.toml
	scripts/setup test $(PYTHON) $(VENV)

node_modules/.ready: $(VENV)/.test-ready package.json package-lock.json
	npm ci --no-audit --no-fund
	touch $@

# 124: quart runs a route that is not async in a thread. 114, 128: `nursery.start` is called on what these cannot follow.
# 127: tests hold clients open around what they test. 9xx: optional, about checkpoints in functions that are short by intent.
NOT_FOR_US := ASYNC114,ASYNC124,ASYNC127,ASYNC128,ASYNC900,ASYNC910,ASYNC911,ASYNC912,ASYNC913

lint: $(VENV)/.test-ready node_modules/.ready
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/flake8-async --enable ASYNC --disable $(NOT_FOR_US) $$(git ls-files -co --exclude-standard 'appliance/*.py' 'tests/*.py')
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo
	npm run --silent types

test-web:
	node --test tests/web/*.test.js

test-python: $(VENV)/.test-ready
	$(VENV)/bin/pytest --numprocesses 2 --dist loadgroup

# Raspberry Pi OS has Python 3.13: where it is found beside the interpreter above, the tests run on it too.
other-python:
	scripts/other-python $(VENV)

# Boots a guest under QEMU: tests/lab/README.md. The quick one is what CI runs, in less than ten minutes with nothing built before.
lab: $(VENV)/.test-ready
	scripts/setup-lab
	$(VENV)/bin/python -m tests.lab

lab-quick: $(VENV)/.test-ready
	scripts/setup-lab
	$(VENV)/bin/python -m tests.lab --quick

deb: $(VENV)/.run-ready
	HOST_PYTHON=$(VENV)/bin/python packaging/deb/build

deb-box: deb $(VENV)/.test-ready
	scripts/setup-lab
	packaging/deb/lint dist/camera-appliance_*_$$(dpkg --print-architecture).deb
	$(VENV)/bin/python -m tests.packaging.guest

deb-arm64:
	ARCH=arm64 $(MAKE) --no-print-directory deb
	tests/packaging/arm64

# Debian with our package, as a card; box boots it, in half an hour all there is: tests/box/README.md. BOX="flash" plays what begins so.
image: $(VENV)/.test-ready
	scripts/setup-image
	$(MAKE) --no-print-directory deb
	image/qemu/build

# `make -k box`: the package's part too, although a bar was missed before.
box: box-image $(if $(BOX),,deb-box)

box-image: image
	$(VENV)/bin/python -m tests.box $(BOX)

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q --extra build -o requirements.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:
	rm -rf .lab .image build dist .venv* node_modules .mypy_cache .ruff_cache .import_linter_cache
