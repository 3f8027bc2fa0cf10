# Two commands do everything on a machine with git, make and a Python >= 3.12:
#   make demo    environment, install, liquid argon refined, result shown
#   make test    environment, install, the whole test suite
# Others: install, test-quick, docs, lint, profile, figures, soak, fuzz, pins, floors, clean.
# PYTHON=/path/to/python3 names the Python to use; WORKERS=4 runs more tests at once.

VENV := .venv
PYTHON :=
WORKERS := 2
KILLS := 200
CASES := 3000
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO := demo/argon

.PHONY: install test test-quick demo figures docs lint profile soak fuzz pins floors clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt tools/make-venv
	@sh tools/make-venv "$(VENV)" "$(PYTHON)"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt hatchling
	$(BIN)/python -m pip install --quiet --constraint constraints.txt \
	    --no-build-isolation --editable '.[all,test,docs]'
	@touch $@

# One thread a worker: the workers themselves fill the cores.
test: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

# What takes about a minute is left out: for the hands that are changing something.
test-quick: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m 'not slow'

# Exit code 3 means "not converged"; its result is kept, so it is shown as well.
demo: install
	rm -rf $(DEMO) $(DEMO)-newton
	$(BIN)/sopr-uq refine argon-85K --rule sopr --out $(DEMO) || test $$? -eq 3
	$(BIN)/sopr-uq refine argon-85K --rule newton --observe g,pressure \
	    --out $(DEMO)-newton || test $$? -eq 3
	$(BIN)/sopr-uq show $(DEMO)
	$(BIN)/sopr-uq show $(DEMO)-newton

figures: install
	$(BIN)/sopr-uq figures $(DEMO)

# The site, in docs/_build/html; the cells of its pages and the notebooks run.
docs: install
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -W --keep-going -q docs docs/_build/html

lint: install
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Where a refinement spends its time; PROFILE="argon-85K --engine lammps" profiles another.
profile: install
	OMP_NUM_THREADS=1 $(BIN)/python tools/profile_refinement.py $(PROFILE)

# Refinements killed at random moments, resumed, and compared with undisturbed ones.
soak: install
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python tools/soak.py --kills $(KILLS) --figures

# The peers are wanted, not needed: without them their rows say so.
bench-peers: install
	-$(BIN)/python -m pip install --quiet --constraint constraints.txt \
	    --no-build-isolation --editable '.[bench]'

# Goes on where it was stopped; BENCH="--fresh" begins again, BENCH="--only rules" does one.
bench: bench-peers
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python studies/benchmarks/run.py $(BENCH)

bench-quick: bench-peers
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python studies/benchmarks/run.py \
	    --quick --out runs/bench-quick $(BENCH)

# More than four times CASES files from strangers at every door.
fuzz: install
	SOPR_UQ_FUZZ_CASES=$(CASES) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q tests/doors

# Pin what is installed now: names and versions only.
pins: install
	$(BIN)/python -m pip freeze --exclude-editable \
	    | grep -E '^[A-Za-z0-9._-]+==[^ ]+$$' > constraints.txt
	@touch $(STAMP)

# The lowest versions that are allowed, in an environment of their own, and the quick tests
# with them; what they and their elders warn each other of is not ours to mend.
floors:
	sh tools/make-venv "$(VENV)-floors" "$(PYTHON)"
	$(VENV)-floors/bin/python tools/floors.py > $(VENV)-floors/pins.txt
	$(VENV)-floors/bin/python -m pip install --quiet --only-binary :all: \
	    --requirement $(VENV)-floors/pins.txt
	$(VENV)-floors/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	OMP_NUM_THREADS=1 $(VENV)-floors/bin/python -m pytest --numprocesses $(WORKERS) \
	    --dist worksteal -m 'not slow' --override-ini filterwarnings=default

clean:
	rm -rf $(VENV) $(VENV)-floors demo build dist docs/_build .pytest_cache .mypy_cache .ruff_cache \
	    .import_linter_cache .hypothesis
