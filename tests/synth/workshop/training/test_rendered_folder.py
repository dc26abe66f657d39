"""The folder of renders: laid out once, the same for the same plan, refused for another."""

import json

import numpy as np
import pytest

from synth.workshop.training.dataset import prepare_folder


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
