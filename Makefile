# `make help` lists the targets. Everything runs in .venv, which the first one makes.
SHELL := /bin/bash
SNAKEMAKE := .venv/bin/snakemake
# TensorFlow has no wheels for Python 3.14 yet.
PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3,$(shell \
	$(p) -c 'import sys, venv; print("$(p)" if (3, 11) <= sys.version_info[:2] <= (3, 13) else "")' 2>/dev/null)))
CORES ?= all

.DEFAULT_GOAL := help
.PHONY: help
help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

.PHONY: install
install: .venv/installed  ## .venv with the pinned and hashed dependencies

.PHONY: install-lite
install-lite: .venv/installed-lite  ## .venv without TensorFlow: enough where `features` has no autoencoder and no Keras file

.venv/installed: requirements.lock
.venv/installed-lite: requirements-lite.lock
.venv/installed .venv/installed-lite:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed, and none was found. Name one: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv .venv
	@# The builds of TensorFlow own the same files: the one that is there, if any, goes before that of the lock comes.
	if grep -q '^tensorflow==' $<; then .venv/bin/pip uninstall --quiet --quiet --yes tensorflow tensorflow-cpu; fi
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

.PHONY: demo
demo: install  ## the whole pipeline on images that come with scikit-learn, offline
	$(SNAKEMAKE) --cores $(CORES) --configfile examples/digits.yaml

.PHONY: run
run: install  ## the whole pipeline: on CIFAR-10 (downloads 170 MB the first time), or with settings: make run CONFIG=mine.yaml
	$(SNAKEMAKE) --cores $(CORES) $(if $(CONFIG),--configfile $(CONFIG))

.PHONY: report
report: install  ## report.html of the dataset, and Snakemake's own report (with settings: make report CONFIG=mine.yaml)
	$(SNAKEMAKE) --cores $(CORES) $(if $(CONFIG),--configfile $(CONFIG))
	$(SNAKEMAKE) --report results/snakemake-report.html $(if $(CONFIG),--configfile $(CONFIG))

# What `--config` takes, from CLUSTERING and COPY.
EXPORT = $(if $(CLUSTERING),clusterings: [$(CLUSTERING)])$(if $(COPY),$(if $(CLUSTERING),$(comma) )copy: true)
comma := ,

.PHONY: export
export: install  ## photos in a folder for each cluster: make export CONFIG=mine.yaml CLUSTERING=pixels/all/k10/seed0 (COPY=1: no links)
	$(SNAKEMAKE) --cores $(CORES) export $(if $(CONFIG),--configfile $(CONFIG)) $(if $(EXPORT),--config 'export={$(EXPORT)}')

.PHONY: unlock
unlock:  ## after Snakemake was killed: remove the lock that it left (with settings: make unlock CONFIG=mine.yaml)
	$(SNAKEMAKE) --unlock $(if $(CONFIG),--configfile $(CONFIG))

.PHONY: test
test: install  ## the fast tests
	.venv/bin/pytest

.PHONY: test-slow
test-slow: install  ## the slow tests: the real workflow, rebuilt, broken and killed
	.venv/bin/pytest -m slow -n 2 --dist loadfile

.PHONY: install-slurm
install-slurm: install  ## what Snakemake needs to submit jobs to Slurm
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement profiles/slurm/requirements.lock

# In an environment of its own on top of .venv: where Slurm's commands are installed and no Slurm runs, the plugin
# makes each start of Snakemake take ten seconds.
.venv/slurm/installed: .venv/installed profiles/slurm/requirements.lock
	.venv/bin/python -m venv .venv/slurm
	.venv/bin/python -c 'import site; print(*site.getsitepackages())' > "$$(.venv/slurm/bin/python -c 'import site; print(*site.getsitepackages())')/base.pth"
	.venv/slurm/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement profiles/slurm/requirements.lock
	@touch $@

.PHONY: test-slurm
test-slurm: .venv/slurm/installed  ## the workflow on a Slurm that the tests bring up (as root; Debian: slurmctld slurmd slurm-client munge)
	.venv/slurm/bin/python -m pytest -m slurm

.PHONY: bench
bench: install  ## time and memory against other libraries (needs `make run` first; takes an hour and a half)
	$(SNAKEMAKE) --cores $(CORES) results/cifar10/features/{pixels,autoencoder/seed0}/{train,test}.h5
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement benchmarks/requirements.lock
	for part in kmeans_grid validity training end_to_end dead_codes; do PYTHONPATH=scripts .venv/bin/python benchmarks/$$part.py || exit 1; done

.PHONY: lint
lint: install  ## ruff, mypy, snakefmt and snakemake --lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/snakefmt --check Snakefile rules
	$(SNAKEMAKE) --lint

# The extras of requirements-lite.lock: all but training.
LITE := data features encoders clustering evaluation report dev

.PHONY: lock
lock: install  ## choose versions again: the locks and envs/*.yaml from pyproject.toml
	.venv/bin/uv pip compile pyproject.toml --all-extras --universal --fork-strategy fewest --python-version 3.11 \
		--generate-hashes --upgrade --quiet --custom-compile-command "make lock" --output-file requirements.lock
	.venv/bin/uv pip compile pyproject.toml $(addprefix --extra ,$(LITE)) --constraint requirements.lock --universal \
		--fork-strategy fewest --python-version 3.11 --generate-hashes --upgrade --quiet \
		--custom-compile-command "make lock" --output-file requirements-lite.lock
	.venv/bin/uv pip compile benchmarks/requirements.in --constraint requirements.lock --universal \
		--python-version 3.11 --generate-hashes --upgrade --quiet --custom-compile-command "make lock" \
		--output-file benchmarks/requirements.lock
	.venv/bin/uv pip compile profiles/slurm/requirements.in --constraint requirements.lock --universal \
		--python-version 3.11 --generate-hashes --upgrade --quiet --custom-compile-command "make lock" \
		--output-file profiles/slurm/requirements.lock
	PATH="$$PWD/.venv/bin:$$PATH" python envs/pin.py

.PHONY: clean
clean:  ## remove .venv; results stay
	rm -rf .venv
