# Each target sets up .venv by itself; a second run sets up nothing again. `make demo` installs what
# films need, `make test` adds what tests, linters and training need.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
FILMS  := $(VENV)/.films-ready
ALL    := $(VENV)/.all-ready
STUDIO := $(VENV)/.studio-ready
# PyTorch by itself first: its packages are unpacked and gone before others are fetched.
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo studio test test-kill lint gpu-training refit bench clean

demo: $(FILMS)
	$(BIN)/python -m scripts.generate_video experiment=demo

# The page in the browser, until Ctrl-C.
studio: $(STUDIO)
	$(BIN)/python -m scripts.studio

# On all cores, up to four: each process holds some 2 GB.
test: $(ALL)
	$(BIN)/python -m pytest -n logical --maxprocesses=4

# Processes killed again and again at random moments: minutes, so not part of `make test`.
test-kill: $(ALL)
	$(BIN)/python -m pytest -m kills

lint: $(ALL)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

# A new generator, for at most MINUTES a call, on a GPU where there is one and on all cores: call it
# again until it says that it is finished. HEAD: what scripts.convert_head_model wrote.
TRAINING ?= outputs/training
MINUTES  ?= 25
HEAD     ?= ict_facekit.npz
gpu-training: $(ALL)
	$(BIN)/python -m scripts.train_generator step=slice paths.run='$(TRAINING)' head_model='$(HEAD)' \
		minutes=$(MINUTES)

# Everything that follows from the bundled generator, in order: after new weights, run this. Steps
# whose files have not changed are skipped; REFIT="minutes=25" does a slice, "data=faces" includes
# the networks that judge pictures, and HEAD, where it is there, the head that moves photos.
REFIT ?=
refit: $(ALL)
	$(BIN)/python -m scripts.refit $(if $(wildcard $(HEAD)),head_model='$(HEAD)') $(REFIT)

bench: $(ALL)
	$(BIN)/python -m benchmarks.synthesis

# By how many GB free space falls at most (`df`, read every second) while these are set up from
# nothing, rounded up: PyTorch 2.15 with CUDA.
$(FILMS) $(STUDIO): ROOM := 8
$(ALL): ROOM := 9

$(FILMS): pyproject.toml constraints.txt
	@$(call set_up,.)
	@touch $@

$(STUDIO): pyproject.toml constraints.txt
	@$(call set_up,.[studio])
	@touch $@ $(FILMS)

$(ALL): pyproject.toml constraints.txt
	@$(call set_up,.[dev])
	@touch $@ $(FILMS) $(STUDIO)

define set_up
	echo "Setting up $(VENV): once, a few minutes"; \
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { \
		echo "needs $(PYTHON) with venv and pip; on Debian and Ubuntu try: apt install python3-venv" >&2; \
		exit 1; }; \
	free=$$(df -Pk $(VENV) | awk 'NR == 2 { print int($$4 / 1048576) }'); \
	test -d $(VENV)/lib/python*/site-packages/torch || test $$free -ge $(ROOM) || { \
		echo "needs $(ROOM) GB free for $(VENV), PyTorch above all; found $$free GB;" \
			"try freeing some, or VENV=FOLDER on another disk" >&2; \
		exit 1; }; \
	$(PIP) torch && $(PIP) -e "$(1)"
endef

clean:
	rm -rf $(VENV) outputs multirun build dist *.egg-info .pytest_cache .ruff_cache
