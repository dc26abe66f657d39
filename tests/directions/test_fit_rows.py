"""Fitted in chosen rows, apart from attributes, with each way and setting."""

import numpy as np
import pytest
import torch
from known_axes import LAYERS, STEP, WIDTH

from directions.fitting.fit import fit_directions
from directions.fitting.samples import LabelledLatents
from directions.fitting.settings import FitSettings
from directions.fitting.vectors import project
from synth.emotions import Emotion


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
