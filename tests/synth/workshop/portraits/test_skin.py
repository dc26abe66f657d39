"""The face map, wrinkles and materials of skin, by property."""

import numpy as np
import pytest

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.looks import make_look
from synth.workshop.portraits.scene import pose_face
from synth.workshop.portraits.skin import complexion, face_map, wrinkles
from synth.workshop.portraits.skin.albedo import find_slope, read_grain, read_map, tilt


@pytest.fixture(scope="module")
def face(face) -> FaceParameters:
    return face.with_emotion(None)


def test_a_stroke_is_one_on_its_curve_and_mirrored():
    line = face_map.stroke([(2.0, 0.0), (4.0, 0.0)], 0.1, taper=0.0)
    column, row = np.round(face_map.to_texels(np.array([(3.0, 0.0), (-3.0, 0.0)]))).astype(int).T
    assert np.allclose(line[row, column], 1, atol=0.05)
    assert line[row[0] + 60, column[0]] < 0.01


def test_grain_tiles_without_a_seam_and_is_fixed():
    grain = complexion.make_grain()
    assert np.array_equal(grain, complexion.make_grain())
    tone = grain[..., 3].astype(int)
    within = np.abs(np.diff(tone, axis=0)).mean()
    assert np.abs(tone[0] - tone[-1]).mean() < 2 * within


def test_relief_tilts_the_normal_and_keeps_its_length():
    flat = np.eye(3, dtype=np.float32)
    n = tilt((0.0, 0.0, 1.0), (0.5, 0.0, 0.0), flat)
    assert np.isclose(np.linalg.norm(n), 1, atol=1e-5)
    assert n[0] < -0.3


def test_young_calm_faces_have_no_forehead_lines(renderer, face):
    strength = {}
    for age in (0.2, 0.95):
        person = face.with_appearance(age=age, brow_raise=0.0)
        look = make_look(renderer.studio, pose_face(renderer.studio, person, 96), person)
        strength[age] = look.wrinkles[wrinkles.FOREHEAD]
    assert strength[0.2] < 0.02 < 0.3 < strength[0.95]


def test_slope_behind_the_ears_comes_from_the_grain_alone(renderer, face):
    look = make_look(renderer.studio, pose_face(renderer.studio, face, 96), face)
    faces = renderer._face_map
    texel, fine = np.ones(faces.shape[2], np.float32), np.zeros(4, np.float32)
    read_map(faces, 1.0, 3.0, -5.0, texel)
    assert not texel.any()
    read_grain(renderer._grain, 1.0, 3.0, -5.0, fine)
    assert find_slope(1.0, -5.0, look, texel, fine, 0.0) == (0, 0, 0)


def test_skin_darkens_with_melanin_and_never_clips(renderer, face):
    levels = []
    for melanin in (0.0, 0.5, 1.0):
        picture = renderer.render(face.with_appearance(melanin=melanin, beard=0.0), 96)
        cheeks = picture[52:62, 34:62].astype(float)
        levels.append(cheeks.mean())
        assert cheeks.max() < 254
        # Red before green before blue, in every skin.
        assert (np.diff(cheeks.mean((0, 1))) < -3).all()
    assert levels[0] > levels[1] + 10 > levels[2] + 20
