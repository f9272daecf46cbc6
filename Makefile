# Everything runs in .venv, which the first command makes. See README.md.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EVOKE_HOME ?= .evoke
EVOKE_PROFILE ?= demo
EVOKE_IMAGES := $(or $(IMAGES),$(EVOKE_IMAGES))
EVOKE_MEMORY := $(or $(MEMORY),$(EVOKE_MEMORY))
FOR_MEMORY := .[memory,clip]
# Where torch comes from; empty leaves it to pip's own configuration.
TORCH_INDEX ?=
ON_ALL_CORES := --numprocesses auto --dist loadfile --no-loadscope-reorder
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
export EVOKE_HOME EVOKE_PROFILE EVOKE_IMAGES EVOKE_MEMORY
export DAGSTER_HOME ?= $(abspath $(EVOKE_HOME))/dagster
export DAGSTER_DISABLE_TELEMETRY = yes
export OMP_NUM_THREADS ?= 1
# Dagster says at every start that batching a burst in one run is in beta.
export PYTHONWARNINGS ?= ignore:Parameter

.PHONY: demo test proof faults slow anew mutants dev lint bench board models share roll-back doctor clean

demo: $(VENV)/.core $(DAGSTER_HOME)/dagster.yaml  ## a finished board; SONG= and IMAGES= take yours
	@$(if $(MEMORY),$(PIP) --editable '$(FOR_MEMORY)')
	@$(BIN)/python -m evoke_pipelines $(if $(SONG),"$(SONG)")

test: $(VENV)/.dev  ## the tests
	@$(BIN)/python -m pytest $(ON_ALL_CORES)

proof: $(VENV)/.dev  ## faults at every boundary, slow tests, mutants, benchmarks: an hour and a half
	@$(MAKE) --no-print-directory --keep-going faults slow anew mutants bench

faults: $(VENV)/.dev  ## every asset broken at every kind of boundary
	@$(BIN)/python -m tests.proof

slow: $(VENV)/.dev  ## the tests that `make test` leaves out
	@$(BIN)/python -m pytest -m slow $(ON_ALL_CORES)

anew: $(VENV)/.dev  ## the tests with examples that none has seen
	@$(BIN)/python -m pytest --hypothesis-profile anew $(ON_ALL_CORES)

mutants: $(VENV)/.dev  ## would the tests notice wrong code? a quarter of an hour; MODULES= names some
	@$(PIP) --editable '.[mutants]'
	@$(BIN)/python -m tests.proof.mutants $(MODULES)

dev: $(VENV)/.core $(DAGSTER_HOME)/dagster.yaml  ## the Dagster UI, with sensors and schedules on
	@$(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1 -p $(or $(PORT),3000)

lint: $(VENV)/.dev $(DAGSTER_HOME)/dagster.yaml  ## style, types, import contracts, definitions
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/dagster definitions validate -w workspace.yaml
	@$(BIN)/dg check defs

bench: $(VENV)/.dev  ## the benchmark table
	@$(BIN)/python -m tests.benchmarks

board: demo  ## the same as demo

share: $(VENV)/.core  ## a copy of BOARD= that may be published; TO= a folder or s3://..., ADDRESS=, LEAVE_OUT=yes
	@$(BIN)/python -m evoke_pipelines.share "$(BOARD)" $(if $(TO),--to "$(TO)") $(if $(ADDRESS),--address "$(ADDRESS)") $(if $(LEAVE_OUT),--leave-out)

roll-back: $(VENV)/.core $(DAGSTER_HOME)/dagster.yaml  ## serve the release before again
	@$(BIN)/dagster job execute -m evoke_pipelines.definitions -j roll_back

models: $(VENV)/.core  ## fetch the weights that PROFILE names; no run downloads any
	@$(PIP) --editable '.[clip,muq,memory]'
	@$(BIN)/python -m evoke_pipelines.models "$(or $(PROFILE),$(EVOKE_PROFILE))"

$(VENV)/.core: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(if $(TORCH_INDEX),$(PIP) torch --index-url "$(TORCH_INDEX)")
	@$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@$(PIP) --editable '.[dev]'
	@touch $@

$(DAGSTER_HOME)/dagster.yaml: assets_config/deploy/dagster.yaml
	@mkdir -p $(@D) && cp $< $@

doctor: $(VENV)/.core  ## what is configured, reachable, missing; JSON=yes
	@$(BIN)/python -m evoke_pipelines.doctor $(if $(JSON),--json)

clean:  ## remove EVOKE_HOME whole: store, songs, weights and the history of runs
	@rm -rf $(EVOKE_HOME)
