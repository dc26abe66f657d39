"""Held-out figures are of the directions, and noise is refused."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from directions.fitting.fit import fit_directions
from directions.fitting.held_out import HeldOutAuc, check_above_chance
from directions.fitting.samples import LabelledLatents
from directions.fitting.settings import FitSettings
from synth.emotions import Emotion

WIDTH = 40
SETTINGS = FitSettings(c=1e-3)


def draw(shift: float, count: int = 700, seed: int = 0) -> LabelledLatents:
    """Latents in which each emotion lies `shift` out along an axis of its own."""
    random = np.random.default_rng(seed)
    emotions = np.arange(count) % 7
    latents = random.normal(size=(count, WIDTH))
    latents[np.arange(count), emotions] += shift * (emotions > 0)
    return LabelledLatents(latents, emotions, (emotions > 0) * 1.0, np.arange(count))


@pytest.mark.parametrize("seed", range(8))
def test_labels_of_noise_are_refused(seed):
    with pytest.raises(ValueError, match="as shuffled labels would"):
        fit_directions(draw(0.0, seed=seed), 1, SETTINGS)


def test_weak_but_true_labels_are_kept():
    fitted = fit_directions(draw(1.0), 1, SETTINGS)
    assert 0.6 < np.mean([one.held_out_auc for one in fitted.emotions.values()]) < 0.9
    assert len(fitted.describe()) == 7


def test_a_direction_that_is_chance_alone_is_named():
    labelled = draw(3.0)
    random = np.random.default_rng(1)
    is_fear = labelled.emotions == Emotion.FEAR
    labelled.latents[is_fear] = random.normal(size=(int(is_fear.sum()), WIDTH))
    lines = fit_directions(labelled, 1, SETTINGS).describe()
    assert ["CHANCE" in line for line in lines[:6]] == [False] * 4 + [True, False]


def test_the_spread_is_that_of_shuffled_labels():
    random = np.random.default_rng(0)
    truth = np.arange(50) < 20
    scores = random.normal(size=50)
    aucs = [roc_auc_score(random.permutation(truth), scores) for _ in range(2000)]
    found = HeldOutAuc(0.5, 30, 20)
    assert found.spread == pytest.approx(np.std(aucs), rel=0.06)
    assert found.deviation == 0 and found.is_chance


def test_too_few_faces_are_neither_refused_nor_called_chance():
    few = HeldOutAuc(0.5, 2, 2)
    assert not few.is_chance
    check_above_chance([few])


def test_the_confusion_is_that_of_directions_set_apart():
    fitted = fit_directions(draw(8.0), 1, SETTINGS)
    assert fitted.accuracy > 0.97 and fitted.confusion.sum() > 100
    # A face that shows half of what counts as shown is calm to the directions.
    weak = draw(8.0)
    weak.latents[np.arange(700), weak.emotions] -= 7.2 * (weak.emotions == Emotion.FEAR)
    weak.intensities[weak.emotions == Emotion.FEAR] = 0.6
    blurred = fit_directions(weak, 1, SETTINGS)
    assert blurred.confusion[Emotion.FEAR].argmax() in (Emotion.CALM, Emotion.FEAR)
    assert blurred.accuracy < fitted.accuracy
