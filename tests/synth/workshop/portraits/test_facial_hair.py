"""Brows, lashes and beards: amounts, places, and that they follow the face."""

import numpy as np
import pytest

from synth.generators.bundled_parameters import EMOTIONS, FaceParameters
from synth.workshop.portraits.facial_hair.beards import find_amount, grow_beard
from synth.workshop.portraits.facial_hair.brows import comb_brows, grow_brows
from synth.workshop.portraits.facial_hair.lashes import grow_lashes
from synth.workshop.portraits.rasterise import find_vertex_normals
from synth.workshop.portraits.scene import pose_face


@pytest.fixture(scope="module")
def face(face) -> FaceParameters:
    return face.with_emotion(None)


def find_lashes(renderer, face):
    scene = pose_face(renderer.studio, face, 96)
    return grow_lashes(renderer.facial.lashes, face, scene.vertices, scene.turn[:, 1])


def find_brow_line(renderer, face) -> np.ndarray:
    """Mean height of the inner and the outer thirds of the brows, before the head turns."""
    studio = renderer.studio
    still = face.with_appearance(yaw=0.0, pitch=0.0, roll=0.0)
    scene = pose_face(studio, still, 96)
    places = renderer.facial.front.find(comb_brows(renderer.facial.brows, still))
    heights = places.find(scene.vertices)[:, 0] @ scene.turn[:, 1]
    along = renderer.facial.brows.along
    return np.array([heights[along < 0.33].mean(), heights[along > 0.66].mean()])


def test_beards_need_a_face_that_is_not_feminine(face):
    amounts = [
        find_amount(face.with_appearance(beard=1.5, femininity=f)) for f in (-2, -0.3, 0, 0.3, 2)
    ]
    assert amounts[:2] == [1.5, 1.5]
    assert 0 < amounts[2] < 1.5
    assert amounts[3:] == [0, 0]


def test_hairs_keep_to_the_skin_they_are_rooted_in(renderer, face):
    for emotion in (None, *EMOTIONS):
        moved = face.with_emotion(emotion).with_appearance(beard=2.0, femininity=-1.0)
        scene = pose_face(renderer.studio, moved, 96)
        normals = find_vertex_normals(scene.vertices, scene.base_triangles)
        beard = grow_beard(renderer.facial.beard, moved, scene.vertices, normals, np.zeros((2, 3)))
        roots = renderer.facial.beard.places.find(scene.vertices)
        assert np.linalg.norm(beard.points - roots[:, None], axis=-1).max() < 4.5, emotion
        lashes = find_lashes(renderer, moved)
        assert np.linalg.norm(np.diff(lashes.points, axis=1), axis=-1).max() < 0.6, emotion


def test_a_beard_grows_longer_and_denser_with_its_amount(renderer, face):
    scene = pose_face(renderer.studio, face, 96)
    normals = find_vertex_normals(scene.vertices, scene.base_triangles)
    lengths, opacities = [], []
    for amount in (0.1, 0.4, 0.8, 1.2, 2.0):
        bearded = face.with_appearance(beard=amount, femininity=-1.0)
        hairs = grow_beard(renderer.facial.beard, bearded, scene.vertices, normals, np.ones((2, 3)))
        lengths.append(np.linalg.norm(hairs.points[:, -1] - hairs.points[:, 0], axis=-1).mean())
        opacities.append(hairs.opacities.mean())
    assert np.all(np.diff(lengths) > 0)
    assert np.all(np.diff(opacities) >= 0)


def test_brows_follow_the_muscles(renderer, face):
    calm = find_brow_line(renderer, face)
    anger, sadness, surprise = (
        find_brow_line(renderer, face.with_emotion(name)) - calm
        for name in ("anger", "sadness", "surprise")
    )
    assert anger[0] < -0.1
    assert sadness[0] - sadness[1] > 0.2
    assert (surprise > 0.2).all()


def test_dense_brows_have_more_hair(renderer, face):
    combed = comb_brows(renderer.facial.brows, face)
    skin = np.zeros((*combed.shape[:2], 3))
    sums = [
        grow_brows(
            renderer.facial.brows, face.with_appearance(brow_density=d), skin, skin, np.ones(3)
        ).opacities.sum()
        for d in (0.0, 0.5, 1.0)
    ]
    assert sums[0] < sums[1] < sums[2]


def test_lashes_close_with_the_lids(renderer, face):
    tips = [find_lashes(renderer, face.with_appearance(blink=b)).points for b in (0.0, 2.0)]
    upper = renderer.facial.lashes.upper > 0
    assert (tips[1][upper, 0, 1] < tips[0][upper, 0, 1]).mean() > 0.9


def test_small_changes_make_small_changes(renderer, face):
    bearded = face.with_appearance(beard=1.0, femininity=-0.1)
    picture = renderer.render(bearded, 96).astype(int)
    for name in ("beard", "femininity", "brow_density", "brow_thickness", "brow_height", "age"):
        stepped = renderer.render(
            bearded.with_appearance(**{name: bearded[name] + 0.01}), 96
        ).astype(int)
        assert np.quantile(np.abs(stepped - picture), 0.999) < 12, name
