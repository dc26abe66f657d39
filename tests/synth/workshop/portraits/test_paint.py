"""Colours, the map of the face, and what a look makes of parameters."""

import numpy as np
import pytest

from synth.workshop.portraits.colour import decode, mix_oklab, pick
from synth.workshop.portraits.paint import face_map
from synth.workshop.portraits.paint.look import Build, Look, choose_folds, choose_hair, make_look
from synth.workshop.portraits.paint.surfaces import read_map

CALM: dict[str, float] = dict.fromkeys(
    ("browInnerUp", "browOuterUp", "browDown", "mouthSmile", "noseSneer", "cheekSquint",
     "eyeSquint", "mouthShrugLower"), 0.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def landmarks(small_renderer) -> np.ndarray:
    model = small_renderer.studio.model
    return model.vertices[model.landmarks]


@pytest.fixture(scope="module")
def chart(landmarks) -> np.ndarray:
    return face_map.make_face_map(landmarks)


def read(chart: np.ndarray, x: float, y: float) -> np.ndarray:
    texel = np.empty(face_map.NUM_CHANNELS, np.float32)
    read_map(chart, x, y, texel)
    return texel


def test_oklab_without_chroma_is_grey_and_keeps_known_colours():
    assert np.ptp(mix_oklab(0.6, 0, 0)) < 1e-4
    assert mix_oklab(0.6, 0, 0)[0] == pytest.approx(0.6**3, abs=1e-4)
    # Ottosson's own example: sRGB red.
    assert np.allclose(mix_oklab(0.62796, 0.22486, 0.12585), (1, 0.002, 0.002), atol=2e-3)
    assert decode(255)[0] == pytest.approx(1)


def test_tones_are_mixed_between_rows():
    tones = np.array([[0.0, 0, 0], [1, 1, 1], [3, 3, 3]])
    assert pick(tones, 0.75)[0] == pytest.approx(2)
    assert pick(tones, 2.0)[0] == 3


def test_the_lips_are_where_landmarks_say(chart, landmarks):
    corner, upper, lower = landmarks[54], landmarks[51], landmarks[57]
    assert read(chart, 0.0, (upper[1] + lower[1]) / 2)[face_map.LIP] > 0.5
    assert abs(read(chart, corner[0] * 1.02, corner[1])[face_map.LIP]) < 0.15
    assert read(chart, 0.0, upper[1] + 0.6)[face_map.LIP] < -0.3
    assert read(chart, 0.0, 6.0)[face_map.LIP] == pytest.approx(-1.3)


def test_folds_are_mirrored_and_taper(chart):
    folds = chart[..., face_map.FOREHEAD :]
    assert np.array_equal(folds, folds[:, ::-1])
    assert (folds.max((0, 1)) > 0.6).all()
    assert folds.max() <= 1


def test_folds_deepen_where_muscles_pull_and_with_age(face):
    young, old = (face.with_appearance(age=age) for age in (0.1, 1.0))
    calm = choose_folds(young, CALM, 0.5)
    smiling = choose_folds(young, {**CALM, "mouthSmile": 1.0}, 0.5)
    fold = face_map.CHEEK_FOLD - face_map.FOREHEAD
    assert smiling[fold] > calm[fold] + 0.2
    assert all(b >= a for a, b in zip(calm, choose_folds(old, CALM, 0.5), strict=True))


@pytest.fixture
def look(face):
    def make(**values: float) -> Look:
        build = Build(CALM, 0.3, 11.0, np.array([0.0, 0, 1]))
        return make_look(face.with_appearance(**values), build, np.full(3, 0.3))

    return make


def test_a_band_that_stands_up_is_near_the_cloth_and_the_hat_stays(look):
    plain, ribbed = look(cloth_style=0.1), look(cloth_style=0.9)
    assert plain.cloth == ribbed.cloth and plain.hat == ribbed.hat
    contrast = [np.abs(np.subtract(each.trim, each.cloth)).max() for each in (plain, ribbed)]
    assert 0 < contrast[1] < 0.5 * contrast[0]


def test_a_hats_band_is_darker_wool_of_the_same_colour(look):
    hat, band = np.array(look().hat), np.array(look().hat_band)
    assert np.allclose(band / band.sum(), hat / hat.sum(), atol=1e-3)
    assert 0.5 * hat.sum() < band.sum() < 0.9 * hat.sum()


def test_skin_darkens_hair_greys_and_dye_leaves_the_beard(look, face):
    assert sum(look(melanin=0.9).skin) < 0.5 * sum(look(melanin=0.1).skin)
    assert np.ptp(choose_hair(face.with_appearance(age=1.0, hair_red=0.0))[1]) < 0.1
    dyed, natural = look(dye=1.5, age=0.2), look(dye=0.0, age=0.2)
    assert dyed.beard == natural.beard
    assert np.abs(np.subtract(dyed.hair, natural.hair)).max() > 0.05
