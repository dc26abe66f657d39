"""A whole generator in slices, in one folder, with pictures that take no time to draw."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from synth.generators import load_native
from synth.generators.bundled_parameters import NUM_PARAMETERS
from synth.learning.rendered_faces import BLOCK, HELD_OUT
from synth.workshop.training import dataset, recipe, slices
from synth.workshop.training.dataset import open_dataset, prepare_folder
from synth.workshop.training.fit_mapping import make_mapping
from synth.workshop.training.plans import FULL_CONFIG, PLANS, Stage
from synth.workshop.training.slices import Slice, choose_plan, run_slice

PLAN = (Stage(16, 32, 8, 1e-2), Stage(32, 16, 8, 1e-2, trunk=16, patch=8))
COUNT = HELD_OUT + BLOCK
SMALL = replace(FULL_CONFIG, channels=(16,) * 9)


def draw_shades(folder: Path, head_model: Path, sizes: list[int], blocks: list[int]) -> None:
    """Stands in for the renderer: one colour a face."""
    parameters = np.load(folder / "parameters.npy")
    shades = np.clip(120 + 30 * parameters[:, :3], 0, 255).astype(np.uint8)
    for size in sizes:
        pictures = np.load(folder / f"pictures_{size}.npy", mmap_mode="r+")
        for block in blocks:
            rows = slice(block * BLOCK, (block + 1) * BLOCK)
            pictures[rows] = shades[rows][:, None, None]
    for block in blocks:
        (folder / f"block_{block:05d}.done").touch()


@pytest.fixture
def job(tmp_path: Path, monkeypatch) -> Slice:
    monkeypatch.setattr(dataset, "render_blocks", draw_shades)
    monkeypatch.setitem(PLANS, "tiny", PLAN)
    monkeypatch.setattr(slices, "fit_mapping", lambda plan, seed: make_mapping())
    monkeypatch.setattr(slices, "measure_fit", lambda network: {"emotion": 0.5})
    monkeypatch.setattr(slices, "Recipe", partial(recipe.Recipe, config=SMALL))
    return Slice(
        tmp_path / "all",
        tmp_path / "head.npz",
        minutes=20,
        plan="tiny",
        pictures={16: COUNT, 32: COUNT},
    )


def test_slices_end_with_a_file_to_ship(job: Slice):
    said = run_slice(job)
    assert said.endswith("finished")
    loaded = load_native(job.out)
    assert loaded.generator.resolution == 32
    assert loaded.card["pictures_seen"] == "48"
    assert loaded.card["mapping_r2_emotion"] == "0.5000"
    assert json.loads((job.folder / "plan.json").read_text()) == {"plan": "tiny"}
    # Another call finds all done.
    assert run_slice(job).endswith("finished")


def test_a_slice_without_time_says_how_to_go_on(job: Slice):
    short = replace(job, minutes=0)
    assert run_slice(short).endswith("run it again")
    assert not job.out.exists()


def test_the_first_slice_chooses_the_plan(job: Slice):
    gpu = Slice(job.folder, job.head_model, machine=recipe.Machine("cuda"))
    assert choose_plan(gpu) == PLANS["gpu"]
    later = Slice(job.folder, job.head_model)
    assert choose_plan(later) == PLANS["gpu"]
    with pytest.raises(ValueError, match="gpu"):
        choose_plan(job)


def test_pictures_of_another_vocabulary_are_refused(tmp_path: Path):
    prepare_folder(tmp_path, {16: 64}, 0)
    (tmp_path / "block_00000.done").touch()
    np.save(tmp_path / "parameters.npy", np.zeros((64, NUM_PARAMETERS + 1), np.float32))
    with pytest.raises(ValueError, match="parameters"):
        open_dataset(tmp_path)
