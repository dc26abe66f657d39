"""Whole pictures, of a small made-up head wherever the real one is not needed."""

import itertools

import numpy as np
import pytest

from synth.generators.bundled_parameters import (
    APPEARANCE,
    EMOTIONS,
    FaceParameters,
    map_latents_to_parameters,
)
from synth.workshop.portraits import parts
from synth.workshop.portraits.shape.expressions import make_expression

#: What must be worn or grown for a parameter to show.
CONTEXT = {
    "dye_hue": {"dye": 1.5},
    "flare": {"hair_length": 0.8},
    "glasses_shape": {"glasses": 1.0},
    "glasses_colour": {"glasses": 1.0, "glasses_shape": 1.0},
    "hat_style": {"hat": 1.0},
    "earring_style": {"earrings": 1.0},
    "beard_length": {"beard": 1.0},
    "beard_cover": {"beard": 1.0},
    "swept": {"parting": 1.0},
    "rim_hue": {"light_rim": 1.0},
    "freckles": {"melanin": 0.1},
    "eye_shadow": {"femininity": 1.5},
    "lip_colour": {"femininity": 1.5},
    "lip_hue": {"femininity": 1.5, "lip_colour": 1.0},
    "fringe_side": {"fringe": 0.9},
    "hair_red": {"melanin": 0.1},
}


def measure_change(first: np.ndarray, second: np.ndarray) -> float:
    """Mean difference of two pictures in levels."""
    return float(np.abs(first.astype(int) - second).mean())


def test_same_parameters_same_pixels_within_the_tone_curve(small_renderer, face):
    first, second = small_renderer.render(face, 96), small_renderer.render(face, 96)
    assert np.array_equal(first, second)
    assert first.shape == (96, 96, 3)
    assert (first >= 254).mean() < 0.02
    assert first.std() > 20


def test_a_small_picture_is_a_large_one_reduced(small_renderer, face):
    small, large = small_renderer.render(face, 48), small_renderer.render(face, 192)
    reduced = large.reshape(48, 4, 48, 4, 3).mean((1, 3))
    assert measure_change(small, reduced) < 1.5


def test_emotions_change_the_face_and_leave_the_background(renderer, face):
    calm = renderer.render(face.with_emotion(None), 96).astype(int)
    for emotion in EMOTIONS:
        for intensity, least in ((0.5, 1.5), (1.0, 2.5)):
            moved = renderer.render(face.with_emotion(emotion, intensity), 96)
            moved = np.abs(moved.astype(int) - calm)
            assert moved[36:84, 24:72].mean() > least, emotion
            assert moved[:10, :10].mean() < 0.5, emotion


def test_every_emotion_has_its_own_expression(small_renderer, face):
    muscles = small_renderer.studio.muscles
    weights = [make_expression(muscles, face.with_emotion(emotion)) for emotion in EMOTIONS]
    gaps = np.linalg.norm(np.stack(weights)[:, None] - np.stack(weights)[None], axis=-1)
    assert gaps[~np.eye(6, dtype=bool)].min() > 0.8
    assert not make_expression(muscles, face.with_emotion(None)).any()


@pytest.mark.parametrize("name", ["hat", "glasses", "beard", "bun", "earrings", "bald"])
def test_what_is_worn_comes_in_small_steps(small_renderer, face, name, monkeypatch):
    monkeypatch.setattr("synth.workshop.portraits.renderer.LIGHT_PX", 64)
    # Glasses are there or not, within a short way: it is looked at in smaller steps.
    values = np.linspace(0.05, 0.35 if name == "glasses" else 0.65, 31)
    pictures = [small_renderer.render(face.with_appearance(**{name: float(v)}), 24) for v in values]
    steps = [measure_change(a, b) for a, b in itertools.pairwise(pictures)]
    whole = measure_change(pictures[0], pictures[-1])
    assert whole > 0
    assert max(steps) < 0.35 * whole + 0.05


def test_a_small_step_in_z_is_a_small_step_in_the_picture(small_renderer):
    random = np.random.default_rng(7)
    for _ in range(4):
        z = random.normal(size=(1, 512))
        pair = [z, z + 0.003 * random.normal(size=z.shape)]
        first, second = (
            small_renderer.render(FaceParameters.from_vector(map_latents_to_parameters(v)[0]), 32)
            for v in pair
        )
        assert measure_change(first, second) < 1.5


@pytest.mark.slow
def test_every_parameter_shows(renderer, face):
    for name, (kind, *_) in APPEARANCE.items():
        low, high = {"normal": (-1.5, 1.5), "uniform": (0.05, 0.95)}.get(kind, (0.0, 1.2))
        shown = face.with_appearance(**CONTEXT.get(name, {}))
        pictures = [
            renderer.render(shown.with_appearance(**{name: value}), 96) for value in (low, high)
        ]
        assert measure_change(*pictures) > 0.02, name


def test_maps_tell_part_and_place_of_every_pixel(renderer, face):
    render = renderer.render_with_maps(face.with_emotion(None), 128)
    assert render.canonical.dtype == np.float16
    assert render.labels.dtype == np.uint8
    seen = np.isfinite(render.canonical).all(-1)
    assert np.array_equal(seen, render.labels != parts.BACKGROUND)
    shares = np.bincount(render.labels.ravel(), minlength=len(parts.PART_NAMES))
    for part in (parts.SKIN, parts.HAIR, parts.BROW, parts.IRIS, parts.EYE_WHITE, parts.LIPS):
        assert shares[part] > 10, parts.PART_NAMES[part]
    assert len(shares) == len(parts.PART_NAMES)
    # The same places are seen whoever it is: the middle of the lips is where lips are.
    lips = render.canonical[render.labels == parts.LIPS].astype(np.float32)
    assert np.allclose(lips.mean(0)[:2], (0, -2.9), atol=0.6)


def test_places_stick_to_the_skin_when_the_head_turns(small_renderer, face):
    found = []
    for yaw in (-2.0, 2.0):
        render = small_renderer.render_with_maps(face.with_appearance(yaw=yaw), 96)
        away = np.linalg.norm(render.canonical.astype(np.float32) - (0, 0.5, 12.5), axis=-1)
        away[render.labels != parts.SKIN] = np.inf
        found.append(np.array(np.unravel_index(np.argmin(away), away.shape)))
        assert away.min() < 1.0
    assert found[1][1] - found[0][1] > 2


def test_an_unknown_shape_is_named(small_renderer):
    with pytest.raises(ValueError, match="eyebrowDance"):
        small_renderer.studio.model.make_expression_weights({"eyebrowDance": 1.0})


def test_a_file_that_is_no_head_is_named(tmp_path):
    from synth.workshop.portraits.renderer import FaceRenderer

    np.savez(tmp_path / "cat.npz", neutral=np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"cat\.npz"):
        FaceRenderer(tmp_path / "cat.npz")
