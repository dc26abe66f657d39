"""A film is told the intensities that its path through W+ really has."""

import numpy as np
import pytest
import torch

from synth.emotions import Emotion
from synth.faces.face import Face
from synth.motion.base import Scene
from synth.motion.direction_sets import DirectionSet
from synth.motion.directions import Direction
from synth.motion.emotion_motion import EmotionMotion
from synth.motion.emotion_track import EmotionTrack
from synth.motion.interpolation import Interpolation
from synth.motion.masks import LayerMask
from synth.motion.paths import EASINGS

TRACK = EmotionTrack.of(
    "calm",
    {"emotion": "fear", "intensity": 0.8, "hold": 0.2, "also": {"surprise": 0.5}},
    {"emotion": "anger", "intensity": 1.5, "easing": "smoothstep"},
    "calm",
    gap=1.0,
    loop=True,
)
TIMES = torch.linspace(0, 4.2, 43, dtype=torch.float64)


class FlatGenerator:
    z_dim, w_dim, num_layers, resolution = 7, 7, 1, 8
    name, sha256 = "flat", "ab" * 32

    def mapping(self, z, class_labels=None, truncation_psi=1.0, truncation_cutoff=None):
        return z[:, None]

    def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
        return w_plus.mean((1, 2))[:, None, None, None].expand(-1, 3, 8, 8)


def plan(easing, track=TRACK):
    """W+ whose seven numbers are the intensities themselves, doubled."""
    directions = {e: Direction.from_vector(torch.eye(7)[e][None], 2.0) for e in Emotion if e}
    fitted = DirectionSet(directions, "flat", FlatGenerator.sha256)
    motion = EmotionMotion(
        track, fitted, LayerMask(layer_stop=None), interpolation=Interpolation(easing)
    )
    return motion.plan(Face(torch.zeros(1, 7), FlatGenerator()), Scene(10))


@pytest.mark.parametrize("easing", [easing for easing in EASINGS if easing != "spherical"])
def test_what_is_told_is_the_way_through_w_plus(easing):
    found = plan(easing)
    told = found.told(TIMES)
    assert told.shape == (43, 7)
    np.testing.assert_allclose(told, found.path(TIMES)[:, 0] / 2, atol=1e-6)
    assert told[10, Emotion.FEAR] == told[12, Emotion.FEAR] == pytest.approx(0.8)
    assert told[10, Emotion.SURPRISE] == pytest.approx(0.5)
    assert (told[:, Emotion.CALM] == 0).all()


def test_an_arc_is_told_as_a_straight_line():
    track = EmotionTrack.of("calm", {"emotion": "fear", "easing": "spherical"}, gap=1.0)
    told = plan("spherical", track).told(TIMES)
    assert told[:11, Emotion.FEAR] == pytest.approx(np.linspace(0, 1, 11))
