import numpy as np
import pytest

from synth.workshop.portraits.shape.head_model import load_head_model
from synth.workshop.portraits.shape.head_obj import convert_head_model

NEUTRAL = """# a square of two materials
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
usemtl M_Skin
f 1/1 2/2 3/3 4/4
usemtl M_Eye
f 1/1 2/2 3/3
"""


def write_model(folder, moved="v 0 0 2\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"):
    folder.mkdir(exist_ok=True)
    (folder / "generic_neutral_mesh.obj").write_text(NEUTRAL)
    (folder / "identity000.obj").write_text(moved)
    (folder / "jawOpen.obj").write_text(NEUTRAL.replace("v 1 0 0", "v 1 -1 0"))
    return folder


def test_polygons_become_fans_and_shapes_become_offsets(tmp_path):
    out = tmp_path / "head.npz"
    assert convert_head_model(write_model(tmp_path / "obj"), out) == (1, 1)
    with np.load(out, allow_pickle=False) as model:
        assert model["tri"].tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 2]]
        assert model["materials"][model["tri_material"]].tolist() == ["M_Skin", "M_Skin", "M_Eye"]
        assert model["identity"][0, 0].tolist() == [0, 0, 2]
        assert model["expression"][0, 1].tolist() == [0, -1, 0]
        assert model["expression_names"].tolist() == ["jawOpen"]
        assert np.array_equal(model["uv"][model["tri_uv"][1]], [[0, 0], [1, 1], [0, 1]])


@pytest.mark.parametrize(
    ("moved", "message"),
    [("v 0 0 0\n", "4 vertices; got 1"), ("v 0 0 up\n", "OBJ"), ("nothing\n", "three numbers")],
)
def test_a_broken_shape_is_named_and_nothing_is_written(tmp_path, moved, message):
    folder = write_model(tmp_path / "obj", moved)
    with pytest.raises(ValueError, match=message) as caught:
        convert_head_model(folder, tmp_path / "head.npz")
    assert "identity000.obj" in str(caught.value)
    assert not (tmp_path / "head.npz").exists()


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="FaceXModel"):
        convert_head_model(tmp_path, tmp_path / "head.npz")


def test_reference_model_has_the_same_arrays(shared_assets, tmp_path):
    out = tmp_path / "head.npz"
    convert_head_model(write_model(tmp_path / "obj"), out)
    with np.load(shared_assets / "ict_facekit.npz") as known, np.load(out) as made:
        assert set(made.files) == set(known.files)
        for name in made.files:
            assert made[name].dtype.kind == known[name].dtype.kind, name
            assert made[name].ndim == known[name].ndim, name


def test_a_head_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"no\.npz: needs .*try python -m .*convert_head_mo"
    ):
        load_head_model(tmp_path / "no.npz")
