"""The perceptual network's emotion weights as probabilities."""

import numpy as np
import pytest
import torch

from synth.generators.bundled_parameters import (
    EMOTION_SLICE,
    NUM_PARAMETERS,
    map_latents_to_parameters,
)
from synth.judging.emotion_scoring import EmotionScorer
from synth.judging.readout import PerceptualScorer


@pytest.fixture
def scorer(monkeypatch):
    """Its network answers with the standardised weights that the first pixels stand for."""

    def look(images):
        answer = torch.zeros(len(images), NUM_PARAMETERS)
        answer[:, EMOTION_SLICE] = torch.tensor(weights[: len(images)]).float()
        return answer

    z = np.random.default_rng(8).standard_normal((4000, 512), np.float32)
    known = map_latents_to_parameters(z)[:, EMOTION_SLICE]
    truth = np.array(
        [[0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], [0, 0, 0, 0.5, 0, 0], [2, 0, 0, 0, 2, -1]]
    )
    weights = (truth - known.mean(0)) / known.std(0)
    scorer = PerceptualScorer()
    scorer.__dict__["_network"] = look
    return scorer


def test_weights_become_shares(scorer):
    faces = np.zeros((4, 128, 128, 3), np.uint8)
    shares = scorer.score(faces)
    assert isinstance(scorer, EmotionScorer)
    np.testing.assert_allclose(shares.sum(1), 1)
    np.testing.assert_allclose(shares[0], [1, 0, 0, 0, 0, 0, 0], atol=0.05)
    np.testing.assert_allclose(shares[1], [0, 1, 0, 0, 0, 0, 0], atol=0.05)
    np.testing.assert_allclose(shares[2], [0.5, 0, 0, 0, 0.5, 0, 0], atol=0.05)
    np.testing.assert_allclose(shares[3], [0, 0.5, 0, 0, 0, 0.5, 0], atol=0.05)
