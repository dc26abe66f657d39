"""Directions that are set apart: what was mixed into them evenly is taken out again."""

import numpy as np
import pytest

from directions.fitting.orthogonal import set_apart
from synth.emotions import Emotion


def test_axes_that_share_a_part_are_found_again():
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.normal(size=(24, 6)))[0]
    mixed = axes @ (np.eye(6) + 0.2)
    emotions = list(Emotion)[1:]
    found = set_apart({e: mixed[:, k].reshape(2, 12) for k, e in enumerate(emotions)})
    for k, vector in enumerate(found.values()):
        assert vector.ravel() @ axes[:, k] == pytest.approx(1, abs=1e-6)
    with pytest.raises(ValueError, match="made of the others"):
        set_apart(dict.fromkeys(emotions[:2], np.ones((2, 12))))
