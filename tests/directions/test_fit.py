"""Directions are found again in latents that were made from known ones."""

import numpy as np
import pytest
import torch

from directions.fitting.fit import fit_directions
from directions.fitting.samples import LabelledLatents, split_subjects
from directions.fitting.settings import FitSettings
from directions.fitting.vectors import project
from directions.labels.known import CALM_BELOW, label_bundled_latents
from directions.labels.latents import load_labelled_latents
from synth.emotions import Emotion
from synth.generators.bundled import BUNDLED_NAME
from synth.generators.bundled_parameters import EMOTION_SLICE, EMOTIONS, map_latents_to_parameters
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.motion.masks import LayerMask
from synth.motion.neutral import calm_face

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


@pytest.fixture(scope="module")
def in_rows(axes) -> LabelledLatents:
    """W+ of 4 rows; emotions show in rows 1 and 2 only; yaw leans with fear along axis 5."""
    random = np.random.default_rng(5)
    emotions = np.repeat([0, Emotion.HAPPINESS, Emotion.FEAR], 150)
    latents = random.normal(size=(450, 4, WIDTH))
    yaw = random.normal(size=450) + 1.5 * (emotions == Emotion.FEAR)
    for emotion in (Emotion.HAPPINESS, Emotion.FEAR):
        latents[emotions == emotion, 1:3] += STEP * axes[emotion - 1]
    latents += 2.0 * yaw[:, None, None] * axes[5]
    return LabelledLatents(
        latents, emotions, (emotions > 0) * 1.0, np.arange(450) % 30, {"yaw": yaw}
    )


@pytest.mark.parametrize("space", ["rows", "flat"])
def test_chosen_rows_are_fitted_and_the_others_left_alone(in_rows, axes, space):
    fitted = fit_directions(in_rows, 4, FitSettings(space=space, rows=(1, 4), c=1e-2))
    for emotion, found in fitted.emotions.items():
        norms = found.direction.vector.norm(dim=1)
        assert norms[0] == 0
        assert found.direction.vector[1].numpy() @ axes[emotion - 1] > 0.4
        if space == "rows":  # a unit normal in each
            assert torch.allclose(norms[1:], torch.full((3,), 3**-0.5), atol=1e-5)
        else:  # the row in which nothing shows hardly counts
            assert norms[3] < 0.5 * norms[1]
    assert fitted.accuracy > 0.7


def test_an_edit_leaves_the_attributes_alone_that_it_is_orthogonal_to(in_rows, axes):
    def find_yaw(**settings) -> float:
        found = fit_directions(in_rows, 4, FitSettings(c=1e-3, **settings))
        return abs(found.emotions[Emotion.FEAR].direction.vector[1].numpy() @ axes[5])

    for space in ("w", "rows"):
        assert find_yaw(space=space, orthogonal_to=["yaw"]) < 0.5 * find_yaw(space=space)


def test_emotions_are_set_apart_by_what_they_have_in_common(in_rows):
    apart = fit_directions(in_rows, 4, FitSettings(c=1e-3)).compute_cosines()
    plain = fit_directions(in_rows, 4, FitSettings(c=1e-3, apart=False)).compute_cosines()
    assert abs(apart[0, 1]) < 1e-4 < 0.01 < abs(plain[0, 1])


@pytest.mark.parametrize(
    "settings",
    [{"contrast": "multinomial"}, {"model": "svm"}, {"model": "mean"}, {"standardise": "each"}],
    ids=str,
)
def test_other_ways_to_fit_find_the_axes_too(labelled, axes, settings):
    some = labelled.select(np.arange(2000))
    fitted = fit_directions(some, LAYERS, FitSettings(c=1e-3, **settings))
    for emotion, found in fitted.emotions.items():
        row = found.direction.vector[0].numpy() * LAYERS**0.5
        assert row @ axes[emotion - 1] > 0.8, emotion
    assert fitted.accuracy > 0.6
    assert fitted.confusion.sum() > 200
    cosines = fitted.compute_cosines()
    np.testing.assert_allclose(np.diag(cosines), 1, atol=1e-5)


def test_c_is_the_strongest_that_is_as_good_as_the_best(labelled):
    chosen = fit_directions(labelled.select(np.arange(1200)), 1).strength
    best = max(chosen.aucs.values())
    assert chosen.aucs[chosen.c] > best - 0.02
    assert all(auc < chosen.aucs[chosen.c] for c, auc in chosen.aucs.items() if c < chosen.c)


def test_the_thesis_coefficient_is_taken_as_it_is(labelled):
    fitted = fit_directions(labelled.select(np.arange(800)), 2, FitSettings(c=1e-3, coefficient=8))
    assert {found.direction.coefficient for found in fitted.emotions.values()} == {8}


def test_projections_agree_in_w_and_in_w_plus(axes):
    w = np.random.default_rng(0).normal(size=(5, WIDTH))
    vector = np.repeat(axes[0][None], LAYERS, 0) / LAYERS**0.5
    wide = w[:, None].repeat(LAYERS, 1)
    np.testing.assert_allclose(project(w, vector), project(wide, vector))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"contrast": "multinomial", "model": "svm"}, "needs model=logistic"),
        ({"c": 0}, "needs c above 0"),
        ({"coefficient": -8.0}, "needs coefficient above 0"),
        ({"rows": (3, 1), "space": "flat"}, r"needs rows as \[start, stop\]"),
        ({"rows": (0, 2)}, "needs space=rows or flat"),
        ({"rows": (0, 99), "space": "flat"}, "within the 4 of W"),
        ({"orthogonal_to": ["age"]}, "labels of age .* got attributes yaw"),
    ],
)
def test_settings_that_do_not_fit_are_told(in_rows, settings, message):
    with pytest.raises(ValueError, match=message):
        fit_directions(in_rows, 4, FitSettings(**{"c": 1e-3, **settings}))


def test_rows_need_latents_in_w_plus(labelled):
    with pytest.raises(ValueError, match=r"latents in W\+ .* for space=flat; got .* try space=w"):
        fit_directions(labelled.select(np.arange(600)), LAYERS, FitSettings(space="flat", c=1e-3))
