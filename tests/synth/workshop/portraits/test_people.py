"""Shapes of heads: anatomy and expressions on the real head model, skipped without its file."""

import numpy as np
import pytest

from synth.generators.bundled_parameters import EMOTIONS, FaceParameters, map_latents_to_parameters
from synth.workshop.portraits.shape.expressions import make_extra_offset, make_muscles
from synth.workshop.portraits.shape.face_fields import Move, Trait, make_field
from synth.workshop.portraits.shape.head_model import EYE_LEFT, HeadModel
from synth.workshop.portraits.shape.identity import TEETH_GAP_CM, Anatomy, make_anatomy, make_person
from synth.workshop.portraits.shape.lids import keep_lids_on_eyes, make_lids


@pytest.fixture(scope="module")
def anatomy(model) -> Anatomy:
    return make_anatomy(model)


@pytest.fixture(scope="module")
def faces() -> list[FaceParameters]:
    z = np.random.default_rng(3).normal(size=(24, 512))
    return [FaceParameters.from_vector(row) for row in map_latents_to_parameters(z)]


def find_landmarks(model: HeadModel, anatomy: Anatomy, face: FaceParameters) -> np.ndarray:
    return (model.vertices + make_person(anatomy, face))[model.landmarks]


def test_a_field_is_symmetric_and_fades(model):
    move = Move((3.0, -5.0, 9.0), (1.5, 1.5, 1.5), push=(0.2, -0.1, 0.0))
    field = make_field(model, Trait((move,))).reshape(-1, 3)
    left, right = field[model.landmarks[5]], field[model.landmarks[11]]
    assert np.allclose(left * (-1, 1, 1), right, atol=0.01)
    assert np.abs(field[model.vertices[:, 1] > 5]).max() < 1e-3


def test_eyes_are_carried_whole_or_left_alone(model):
    ball = np.unique(model.triangles[model.materials == EYE_LEFT])
    move = Move((3.1, 4.5, 9.0), (2.0, 2.0, 3.0), push=(0.0, 0.3, 0.0))
    carried = make_field(model, Trait((move,))).reshape(-1, 3)[ball]
    left = make_field(model, Trait((move,), eyes="leave")).reshape(-1, 3)[ball]
    assert np.ptp(carried, axis=0).max() < 1e-6
    assert carried[0, 1] > 0.05
    assert not left.any()


def test_calm_lips_touch_and_calm_eyes_are_open(model, anatomy, faces):
    for face in faces:
        points = find_landmarks(model, anatomy, face)
        lips = (points[[61, 62, 63], 1] - points[[67, 66, 65], 1]).mean()
        eyes = points[[37, 38, 43, 44], 1] - points[[41, 40, 47, 46], 1]
        assert lips < 0.12
        assert 0.8 < eyes.mean() < 1.9


def test_women_have_narrower_jaws_and_the_old_longer_noses(model, anatomy, faces):
    def find_jaw(femininity: float) -> float:
        points = find_landmarks(model, anatomy, faces[0].with_appearance(femininity=femininity))
        return np.ptp(points[[4, 12], 0]) / np.ptp(points[[36, 45], 0])

    def find_nose(age: float) -> float:
        points = find_landmarks(model, anatomy, faces[0].with_appearance(age=age))
        return points[27, 1] - points[33, 1]

    assert find_jaw(2.0) < find_jaw(0.0) < find_jaw(-2.0)
    assert find_nose(1.0) > find_nose(0.0)


def test_strangers_are_shaped_differently_and_nobody_is_a_monster(model, anatomy, faces):
    shapes = np.stack([find_landmarks(model, anatomy, face) for face in faces])
    shapes = shapes - shapes.mean(1, keepdims=True)
    gaps = np.linalg.norm(shapes[:, None] - shapes[None], axis=-1).mean(-1)
    apart = gaps[~np.eye(len(faces), dtype=bool)]
    assert np.percentile(apart, 5) > 0.3
    assert apart.max() < 2.0


def test_anger_lowers_and_sadness_raises_the_inner_brow(model, faces):
    muscles = make_muscles(model)
    inner = model.landmarks[[21, 22]]
    height = {
        emotion: make_extra_offset(muscles, faces[0].with_emotion(emotion))[inner, 1].mean()
        for emotion in EMOTIONS
    }
    assert height["anger"] < -0.1 < 0.1 < height["sadness"]
    assert not make_extra_offset(muscles, faces[0].with_emotion(None)).any()


def test_no_expression_pushes_a_lid_into_its_eye(model):
    eyes = make_lids(model)
    for shape in ("eyeBlink", "eyeSquint", "cheekSquint"):
        weights = model.make_expression_weights({shape: 0.6, "cheekRaiser": 0.4})
        moved = model.make_expression_offset(weights)
        kept = keep_lids_on_eyes(eyes, model.vertices, moved)
        for lids in eyes:
            middle = model.vertices[lids.ball].mean(0)
            reach = np.linalg.norm(model.vertices[lids.ball] - middle, axis=1).min()
            skin = (model.vertices + kept)[lids.skin] - middle
            assert np.linalg.norm(skin, axis=1).min() > reach - 0.06
            assert np.abs(kept - moved)[lids.skin].max() < 0.4


def test_a_face_at_rest_keeps_its_lids(model):
    still = np.zeros_like(model.vertices)
    assert np.abs(keep_lids_on_eyes(make_lids(model), model.vertices, still)).max() < 0.01


def test_teeth_draw_back_where_the_chin_recedes(model, anatomy, faces):
    for face in faces:
        offset = make_person(anatomy, face)
        gap = offset[anatomy.before_teeth, 2].min() - offset[anatomy.teeth, 2].mean()
        assert gap > TEETH_GAP_CM - 0.03
