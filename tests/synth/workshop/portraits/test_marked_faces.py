"""Renders with their landmarks: true places, blocks that go on, renders that were there before."""

import numpy as np
import pytest

from synth.generators.bundled_parameters import MOVEMENT_NAMES, POSE_NAMES
from synth.learning.rendered_faces import FaceDataset
from synth.workshop.portraits.renderer import FaceRenderer
from synth.workshop.portraits.shape.stylise import stylise
from synth.workshop.training import marked_faces
from synth.workshop.training.marked_faces import (
    draw_people,
    load_marked_faces,
    mark_renders,
    render_marked_faces,
)


@pytest.fixture
def quick(monkeypatch, small_renderer):
    """Blocks of two, by the made-up head."""
    monkeypatch.setattr(marked_faces, "BLOCK", 2)
    monkeypatch.setattr(marked_faces, "HELD_OUT", 2)
    monkeypatch.setattr(marked_faces, "PICTURE_PX", 64)

    class Ready(FaceRenderer):
        def __init__(self, head_model, style=1.0):
            self.__dict__ = small_renderer.__dict__

    monkeypatch.setattr(marked_faces, "FaceRenderer", Ready)


def test_landmarks_lie_where_the_picture_shows_them(renderer, face):
    """The bridge and tip of the nose are seen from the front: the pixel shows that very vertex."""
    drawn = renderer.render_with_maps(face, 256)
    points = np.rint(renderer.find_landmarks(face, 256)).astype(int)
    model = renderer.studio.model
    for number in (28, 29, 30):
        shown = drawn.canonical[points[number][1], points[number][0]].astype(float)
        assert np.linalg.norm(shown - model.vertices[model.landmarks[number]]) < 0.6


def test_landmarks_grow_with_the_picture(small_renderer, face):
    small, large = (small_renderer.find_landmarks(face, size) for size in (64, 256))
    np.testing.assert_allclose((small + 0.5) * 4, large + 0.5, atol=1e-3)


def test_people_of_a_block_are_the_same_again_and_turn_further():
    first, again, other = draw_people(0, 3), draw_people(0, 3), draw_people(0, 4)
    assert first[5].appearance == again[5].appearance
    assert first[5].appearance != other[5].appearance
    yaws = np.abs([face["yaw"] for block in range(4) for face in draw_people(0, block)])
    assert 2.2 < yaws.max() <= 4.4


def test_looks_at_a_person_differ_by_expression_and_pose_alone():
    faces = draw_people(0, 3, 4)
    first, look, other = faces[0], faces[1], faces[4]
    assert (first.identity == look.identity).all() and (first.identity != other.identity).any()
    assert (first.emotions != look.emotions).any() and first["yaw"] != look["yaw"]
    apart = {name for name in first.appearance if first[name] != look[name]}
    assert apart <= {*POSE_NAMES, *MOVEMENT_NAMES}


def test_blocks_go_on_where_they_were(quick, tmp_path):
    assert list(render_marked_faces(tmp_path, "head.npz", 2, 0)) == [2]
    before = (tmp_path / "faces_00000.npz").stat().st_mtime_ns
    assert list(render_marked_faces(tmp_path, "head.npz", 4, 0)) == [2, 4]
    assert (tmp_path / "faces_00000.npz").stat().st_mtime_ns == before
    faces = load_marked_faces(tmp_path)
    assert faces.pictures.shape == (4, 64, 64, 3)
    assert faces.points.shape == (4, 68, 2)
    assert len(load_marked_faces(tmp_path, 2).points) == 2
    with pytest.raises(ValueError, match="seed"):
        list(render_marked_faces(tmp_path, "head.npz", 4, 1))
    with pytest.raises(ValueError, match="looks"):
        list(render_marked_faces(tmp_path, "head.npz", 4, 0, 2))
    with pytest.raises(ValueError, match="multiples of 2"):
        list(render_marked_faces(tmp_path, "head.npz", 3, 0))


def test_renders_that_were_there_are_marked_without_the_held_out_ones(
    quick, small_renderer, tmp_path
):
    parameters = np.stack([face.to_vector() for face in draw_people(7, 0)[:2] * 3])
    pictures = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((64, 64, 3), np.uint8)
    data = FaceDataset(np.empty(0), parameters, {64: pictures})
    assert list(mark_renders(tmp_path, "head.npz", data)) == [2, 4]
    faces = load_marked_faces(tmp_path)
    assert faces.pictures[:, 0, 0, 0].tolist() == [2, 3, 4, 5]
    expected = small_renderer.find_landmarks(draw_people(7, 0)[1], 64)
    np.testing.assert_allclose(faces.points[1], expected, atol=1e-3)
    with pytest.raises(ValueError, match="64 pixels"):
        list(
            mark_renders(tmp_path, "head.npz", FaceDataset(np.empty(0), parameters, {32: pictures}))
        )
    with pytest.raises(FileNotFoundError, match="marked faces"):
        load_marked_faces(tmp_path / "none")


def test_part_of_the_style_lies_between(renderer):
    model = renderer.studio.model
    half, full, none = stylise(model, 0.5), stylise(model), stylise(model, 0.0)
    np.testing.assert_allclose(half.vertices, (model.vertices + full.vertices) / 2, atol=1e-4)
    np.testing.assert_array_equal(none.vertices, model.vertices)
