"""The folder of renders: laid out once, the same for the same plan, refused for another."""

import json

import numpy as np
import pytest

from synth.generators.bundled_parameters import (
    APPEARANCE_START,
    FaceParameters,
    find_centre,
    map_latents_to_parameters,
)
from synth.workshop.training import dataset
from synth.workshop.training.dataset import LEAST_PSI, SELDOM, draw_people, prepare_folder


def read_all(folder) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_folder_with_the_same_plan_stays_as_it_is(tmp_path):
    prepare_folder(tmp_path, {8: 64, 4: 128}, 3)
    made = read_all(tmp_path)
    assert set(made) == {"plan.json", "z.npy", "parameters.npy", "pictures_8.npy", "pictures_4.npy"}
    assert np.load(tmp_path / "z.npy").shape == (128, 512)
    # However the plan is laid out in the file, and in whatever order.
    plan = {"counts": {"4": 128, "8": 64}, "seed": 3}
    assert json.loads(made["plan.json"]) == plan
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    prepare_folder(tmp_path, {8: 64, 4: 128}, 3)
    assert read_all(tmp_path) == {**made, "plan.json": json.dumps(plan).encode()}


@pytest.mark.parametrize(
    ("counts", "seed", "differing"), [({8: 64}, 4, "seed"), ({8: 128}, 3, r"counts\.8")]
)
def test_a_folder_of_another_plan_is_refused(tmp_path, counts, seed, differing):
    prepare_folder(tmp_path, {8: 64}, 3)
    made = read_all(tmp_path)
    with pytest.raises(ValueError, match=rf"plan\.json.*got others: {differing}; try"):
        prepare_folder(tmp_path, counts, seed)
    assert read_all(tmp_path) == made


def test_every_other_late_person_has_something_that_few_have(monkeypatch):
    monkeypatch.setattr(dataset, "RICH_FROM", 200)
    z, parameters = draw_people(400, 3)
    people = [FaceParameters.from_vector(row) for row in parameters]
    rich = np.array([any(p[name] >= least for name, least in SELDOM.items()) for p in people])
    assert rich[201::2].all()
    # The others are as they come.
    others = np.delete(rich, np.arange(201, 400, 2))
    assert 0.03 < others.mean() < 0.25
    # All are still people of their z, drawn to the mean by a psi.
    free = map_latents_to_parameters(z) - find_centre()
    for row, full in zip(parameters - find_centre(), free, strict=True):
        psi = float(row[APPEARANCE_START:] @ full[APPEARANCE_START:])
        psi /= float(full[APPEARANCE_START:] @ full[APPEARANCE_START:])
        assert LEAST_PSI - 1e-3 <= psi <= 1 + 1e-3
        assert np.allclose(row[APPEARANCE_START:], psi * full[APPEARANCE_START:], atol=1e-3)


def test_more_people_begin_with_the_same_ones(monkeypatch):
    monkeypatch.setattr(dataset, "RICH_FROM", 100)
    few, many = draw_people(160, 3), draw_people(320, 3)
    for a, b in zip(few, many, strict=True):
        assert np.array_equal(a, b[:160])
    assert not np.array_equal(draw_people(160, 4)[1], few[1])
