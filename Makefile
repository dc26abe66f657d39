# Each target sets up .venv by itself; a second run sets up nothing again. `make demo` installs what
# films need, `make test` adds what tests, linters and training need.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
FILMS  := $(VENV)/.films-ready
ALL    := $(VENV)/.all-ready

.PHONY: demo test lint refit bench clean

demo: $(FILMS)
	$(BIN)/python -m scripts.generate_video experiment=demo

test: $(ALL)
	$(BIN)/python -m pytest

lint: $(ALL)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

# Everything that follows from the bundled generator, in order: after new weights, run this.
refit: $(ALL)
	$(BIN)/python -m scripts.train_encoder name=refit out=embed/encoder/weights/moodreel-encoder.safetensors
	rm -r outputs/refit
	$(BIN)/python -m scripts.fit_directions out=outputs/fitted.safetensors
	$(BIN)/python -m scripts.calibrate_directions directions.path=outputs/fitted.safetensors \
		identity_budget=0.42 full_at=present out=synth/motion/weights/moodreel-faces.safetensors report=false
	$(BIN)/python -m scripts.generate_video experiment=demo
	cp outputs/demo/contact_sheet.png docs/demo_sheet.png
	$(BIN)/python -m scripts.generate_video experiment=readme
	cp outputs/readme/video.gif docs/demo.gif
	$(BIN)/python -c "from skimage import data, io; io.imsave('outputs/astronaut.png', data.astronaut())"
	$(BIN)/python -m scripts.generate_video name=photo face=photo face.path=outputs/astronaut.png \
		face.paste=true 'track.emotions=[calm,happiness,surprise,sadness]'
	cp outputs/photo/contact_sheet.png docs/photo_sheet.png

bench: $(ALL)
	$(BIN)/python -m benchmarks.synthesis

$(FILMS): pyproject.toml constraints.txt
	@$(call set_up,.)
	@touch $@

$(ALL): pyproject.toml constraints.txt
	@$(call set_up,.[dev])
	@touch $@ $(FILMS)

define set_up
	echo "Setting up $(VENV): once, a few minutes"; \
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { \
		echo "needs $(PYTHON) with venv and pip; on Debian and Ubuntu try: apt install python3-venv" >&2; \
		exit 1; }; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e "$(1)"
endef

clean:
	rm -rf $(VENV) outputs multirun build dist *.egg-info .pytest_cache .ruff_cache
