"""A track that a face acts within a budget of identity."""

import numpy as np
import pytest
import torch

from synth.emotions import Emotion
from synth.faces.face import Face
from synth.motion.base import Scene
from synth.motion.direction_sets import DirectionSet
from synth.motion.directions import Direction
from synth.motion.emotion_motion import EmotionMotion
from synth.motion.emotion_track import EmotionEvent, EmotionTrack
from synth.motion.masks import LayerMask

ROWS, W_DIM = 4, 6
EVENTS = (EmotionEvent(Emotion.CALM, 0.0), EmotionEvent(Emotion.FEAR, 1.0))


class FlatGenerator:
    """Pictures as bright as the mean of W+."""

    z_dim, w_dim, num_layers, resolution = W_DIM, W_DIM, ROWS, 8
    name, sha256 = "flat", "ab" * 32

    def mapping(self, z, class_labels=None, truncation_psi=1.0, truncation_cutoff=None):
        return z[:, None].repeat(1, ROWS, 1)

    def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
        return w_plus.mean((1, 2))[:, None, None, None].expand(-1, 3, 8, 8)


class BrightObserver:
    """Takes brightness for the person."""

    name = "bright"

    def encode(self, frames):
        return frames.reshape(len(frames), -1).astype(np.float64)

    def observe(self, frames):
        raise NotImplementedError


@pytest.fixture
def face():
    return Face(torch.zeros(ROWS, W_DIM), FlatGenerator())


def make_motion(budget):
    direction = Direction.from_vector(torch.ones(ROWS, W_DIM), 4.0)
    fitted = DirectionSet({Emotion.FEAR: direction}, "flat", FlatGenerator.sha256)
    mask = LayerMask(layer_stop=None)
    return EmotionMotion(EmotionTrack(EVENTS), fitted, mask, identity_budget=budget)


def test_a_budget_lowers_intensities_and_says_so(face):
    notes = []
    scene = Scene(10, BrightObserver(), lambda progress: notes.append(progress.note))
    free = make_motion(None).plan(face, scene)
    assert notes == []
    assert make_motion(1e9).plan(face, scene).record == free.record
    assert "every emotion is within" in notes.pop()
    lowered = make_motion(500.0).plan(face, scene)
    assert 0 < lowered.moments[1].intensity < 1 == free.moments[1].intensity
    assert torch.equal(lowered.path(torch.zeros(1)), free.path(torch.zeros(1)))
    assert "fear: intensity 1.00 lowered to" in notes.pop()


def test_a_budget_needs_somebody_who_measures(face):
    with pytest.raises(ValueError, match="needs a face encoder for identity_budget"):
        make_motion(0.35).check(Scene(10))
    with pytest.raises(ValueError, match="needs an identity budget above 0; got -1"):
        make_motion(-1)
