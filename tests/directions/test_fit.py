"""Directions are found again in latents that were made from known ones."""

import numpy as np
import pytest
import torch
from known_axes import LAYERS, STEP, WIDTH

from directions.fitting.fit import fit_directions
from directions.fitting.samples import LabelledLatents, split_subjects
from directions.fitting.settings import FitSettings
from directions.labels.known import CALM_BELOW, label_bundled_latents
from directions.labels.latents import load_labelled_latents
from synth.emotions import Emotion
from synth.generators.bundled import BUNDLED_NAME
from synth.generators.bundled_parameters import EMOTION_SLICE, EMOTIONS, map_latents_to_parameters
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.motion.masks import LayerMask
from synth.motion.neutral import calm_face


@pytest.fixture(scope="module")
def fitted(labelled):
    return fit_directions(labelled, LAYERS, FitSettings(c=1e-3)).emotions


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
    few = labelled.select(np.arange(600))

    def find_cosine(c: float) -> float:
        found = fit_directions(few, 1, FitSettings(c=c)).emotions
        return np.mean([f.direction.vector[0].numpy() @ axes[e - 1] for e, f in found.items()])

    assert find_cosine(1e-3) > find_cosine(100.0) + 0.02


def test_only_the_emotions_that_are_there_are_fitted(labelled):
    kept = np.isin(labelled.emotions, (Emotion.CALM, Emotion.ANGER, Emotion.FEAR))
    some = labelled.select(np.flatnonzero(kept))
    settings = FitSettings(c=1e-3, apart=False)
    fitted, everything = (fit_directions(x, 2, settings).emotions for x in (some, labelled))
    assert list(fitted) == [Emotion.ANGER, Emotion.FEAR]
    for emotion, found in fitted.items():
        assert torch.equal(found.direction.vector, everything[emotion].direction.vector)


def label_few(emotions, subjects, intensities=None) -> LabelledLatents:
    emotions = np.array(emotions)
    latents = np.random.default_rng(0).normal(size=(len(emotions), 5))
    latents[:, 0] += 3.0 * emotions
    strong = np.ones(len(emotions)) if intensities is None else np.array(intensities)
    return LabelledLatents(latents, emotions, strong, np.array(subjects))


@pytest.mark.parametrize(
    ("emotions", "subjects"),
    [
        ([0, 0, 1, 1], [1, 2, 3, 4]),  # everybody shows one thing
        ([0, 1, 0, 1], [1, 1, 2, 2]),  # everybody shows both
        ([0, 0, 1, 1], [1, 2, 2, 3]),  # one of three shows both
        ([0] * 60 + [1, 1], [*range(60), 90, 91]),  # a rare emotion
    ],
)
def test_the_fewest_people_that_can_be_measured(emotions, subjects):
    few = label_few(emotions, subjects)
    for seed in range(20):
        (found,) = fit_directions(few, 1, FitSettings(seed=seed)).emotions.values()
        assert 0 <= found.held_out_auc <= 1
        train, test = split_subjects(few.emotions == 1, few.subjects, seed)
        assert not set(few.subjects[train]) & set(few.subjects[test])
        assert set(few.emotions[train]) == set(few.emotions[test]) == {0, 1}


@pytest.mark.parametrize(
    ("emotions", "subjects", "intensities", "message"),
    [
        ([0, 0, 5, 5], [1, 1, 1, 1], None, "latents of fear .* got 2 from 1 and 2 from 1"),
        ([0, 0, 5, 5], [1, 2, 3, 3], None, "got 2 from 1 and 2 from 2; try more people, or leave"),
        ([0, 0, 5, 5], [1, 1, 2, 3], None, "got 2 from 2 and 2 from 1"),
        ([0, 0, 5, 5], [1, 2, 3, 4], [0, 0, 0.4, 1], "intensity 0.5 or more .* got 1 from 1"),
        ([0, 0, 1, 1, 5], [1, 2, 3, 4, 5], None, "latents of fear"),
    ],
)
def test_too_few_people_are_told_in_our_words(emotions, subjects, intensities, message):
    with pytest.raises(ValueError, match=message):
        fit_directions(label_few(emotions, subjects, intensities), 1)


def test_the_bundled_generators_latents_are_labelled_by_their_parameters():
    torch.manual_seed(0)
    small = {"w_dim": 12, "mapping_layers": 2, "channel_base": 64, "channel_max": 8}
    generator = StyleGAN2(StyleGAN2Config(resolution=8, z_dim=512, **small))
    generator.name = BUNDLED_NAME
    found = label_bundled_latents(generator, count=500, seed=4)
    z = np.random.default_rng(4).normal(size=(500, 512)).astype(np.float32)
    with torch.no_grad():
        expected = generator.mapping(torch.from_numpy(z))[:, 0].numpy()
    np.testing.assert_allclose(found.latents, expected, atol=1e-5)
    assert len(set(found.subjects)) == 500
    for weights, emotion, intensity in zip(
        map_latents_to_parameters(z)[:, EMOTION_SLICE],
        found.emotions,
        found.intensities,
        strict=True,
    ):
        shown = dict(zip(EMOTIONS, weights, strict=True))
        if emotion == Emotion.CALM:
            assert sum(shown.values()) < CALM_BELOW and intensity == 0
        else:
            assert intensity == shown[Emotion(emotion).label] == max(shown.values())
    generator.name = "another"
    with pytest.raises(
        ValueError, match=r"needs the bundled generator.*got another.*labels=latents"
    ):
        label_bundled_latents(generator, count=500, seed=4)


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
    yaw = np.arange(6000.0)
    np.savez(path, w=labelled.latents, emotion=labelled.emotions, yaw=yaw)
    generator = StyleGAN2(
        StyleGAN2Config(resolution=8, w_dim=WIDTH, z_dim=WIDTH, mapping_layers=1, channel_max=4)
    )
    read = load_labelled_latents(path, generator)
    assert np.allclose(read.latents, labelled.latents, atol=1e-5)
    assert (read.intensities == 1).all() and (read.attributes["yaw"] == yaw).all()
    for arrays, message in (
        ({"w": labelled.latents}, "emotion"),
        ({"w": labelled.latents, "emotion": labelled.emotions[:5]}, "one emotion for each"),
        ({"w": labelled.latents, "emotion": labelled.emotions + 3}, "0 to 6"),
        ({"w": labelled.latents[:, :9], "emotion": labelled.emotions}, "64 numbers"),
        ({"w": labelled.latents[:, None], "emotion": labelled.emotions}, "W. of 4 rows"),
        ({"w": labelled.latents * np.nan, "emotion": labelled.emotions}, "finite"),
        ({"w": labelled.latents, "emotion": 0 * labelled.emotions}, "one other emotion; got calm$"),
        ({"w": labelled.latents, "emotion": 0 * labelled.emotions + 5}, "got fear$"),
        ({"w": labelled.latents[:0], "emotion": labelled.emotions[:0]}, "at least one latent"),
        (
            {"w": labelled.latents, "emotion": labelled.emotions, "subject": np.arange(3)},
            "one subject for each of 6000",
        ),
    ):
        np.savez(path, **arrays)
        with pytest.raises(ValueError, match=message) as caught:
            load_labelled_latents(path, generator)
        assert str(path) in str(caught.value)
    path.write_bytes(b"no zip")
    with pytest.raises(ValueError, match="intact"):
        load_labelled_latents(path, generator)
