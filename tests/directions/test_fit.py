"""Directions are found again in latents that were made from known ones."""

import numpy as np
import pytest
import torch

from directions.fit import LabelledLatents, fit_directions
from directions.label import load_labelled_latents
from directions.neutral import calm_face
from synth.emotions import Emotion
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.keyframes import LayerMask

WIDTH, LAYERS, STEP = 64, 10, 3.0


@pytest.fixture(scope="module")
def axes() -> np.ndarray:
    square = np.random.default_rng(3).normal(size=(WIDTH, WIDTH))
    return np.linalg.qr(square)[0][:6]


@pytest.fixture(scope="module")
def labelled(axes) -> LabelledLatents:
    random = np.random.default_rng(0)
    emotions = random.integers(0, 7, 6000)
    intensities = np.where(emotions == 0, 0.0, random.uniform(0.3, 1.0, 6000))
    latents = random.normal(size=(6000, WIDTH))
    moved = emotions > 0
    latents[moved] += STEP * intensities[moved, None] * axes[emotions[moved] - 1]
    return LabelledLatents(latents, emotions, intensities, np.arange(6000) // 4)


@pytest.fixture(scope="module")
def fitted(labelled):
    return fit_directions(labelled, LAYERS, c=1e-3)


def test_every_axis_is_found(fitted, axes):
    for emotion, found in fitted.items():
        row = found.direction.vector[0].numpy() * LAYERS**0.5
        assert row @ axes[emotion - 1] > 0.93, emotion
        assert found.held_out_auc > 0.9


def test_intensity_one_moves_a_row_by_the_full_emotion(fitted):
    for found in fitted.values():
        row = found.direction.vector[0] * found.direction.coefficient
        # Latents of 0.9 and more lie on average at 0.95 of the full step.
        assert float(row.norm()) == pytest.approx(0.95 * STEP, rel=0.1)
        assert torch.equal(found.direction.vector[0], found.direction.vector[-1])


def test_weak_regularisation_fits_noise(labelled, axes):
    few = LabelledLatents(*(getattr(labelled, n)[:600] for n in labelled.__dataclass_fields__))

    def find_cosine(c: float) -> float:
        found = fit_directions(few, 1, c)
        return np.mean([f.direction.vector[0].numpy() @ axes[e - 1] for e, f in found.items()])

    assert find_cosine(1e-3) > find_cosine(100.0) + 0.02


def test_a_smiling_face_is_brought_to_calm_and_stays_itself(fitted, axes, labelled):
    directions = {emotion: found.direction for emotion, found in fitted.items()}
    levels = {emotion: found.calm_level for emotion, found in fitted.items()}
    person = np.random.default_rng(9).normal(size=WIDTH)
    person -= (person @ axes.T) @ axes
    smiling = person + STEP * axes[Emotion.HAPPINESS - 1]
    face = torch.from_numpy(smiling).float().repeat(LAYERS, 1)
    calm = calm_face(face, directions, levels, LayerMask(layer_stop=None))
    flat = calm.flatten()
    for emotion, direction in directions.items():
        assert float(direction.vector.flatten() @ flat) < levels[emotion] + 0.05
    assert float((calm[0] - torch.from_numpy(person).float()).norm()) < 0.35 * STEP
    masked = calm_face(face, directions, levels, LayerMask(layer_stop=8))
    assert torch.equal(masked[8:], face[8:])
    assert not torch.equal(masked[:8], face[:8])


def test_labels_are_read_and_checked(tmp_path, labelled):
    path = tmp_path / "labelled.npz"
    np.savez(path, w=labelled.latents[:, None].repeat(2, 1), emotion=labelled.emotions)
    generator = StyleGAN2(
        StyleGAN2Config(resolution=8, w_dim=WIDTH, z_dim=WIDTH, mapping_layers=1, channel_max=4)
    )
    read = load_labelled_latents(path, generator)
    assert np.allclose(read.latents, labelled.latents, atol=1e-5)
    assert (read.intensities == 1).all()
    for arrays, message in (
        ({"w": labelled.latents}, "emotion"),
        ({"w": labelled.latents, "emotion": labelled.emotions[:5]}, "one emotion for each"),
        ({"w": labelled.latents, "emotion": labelled.emotions + 3}, "0 to 6"),
        ({"w": labelled.latents[:, :9], "emotion": labelled.emotions}, "64 numbers"),
        ({"w": labelled.latents * np.nan, "emotion": labelled.emotions}, "finite"),
        ({"w": labelled.latents, "emotion": 0 * labelled.emotions}, "too few"),
    ):
        np.savez(path, **arrays)
        with pytest.raises(ValueError, match=message) as caught:
            load_labelled_latents(path, generator)
        assert str(path) in str(caught.value)
    path.write_bytes(b"no zip")
    with pytest.raises(ValueError, match="labelled latents"):
        load_labelled_latents(path, generator)
