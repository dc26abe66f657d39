"""Several emotions at one moment: written, read, added up, and kept within an identity budget."""

import numpy as np
import pytest
import torch
import yaml

from synth.emotions import Emotion
from synth.motion.directions import Direction
from synth.motion.emotion_track import EmotionTrack, describe_track, parse_track
from synth.motion.identity_budget import keep_identity
from synth.motion.keyframes import make_emotion_keyframes
from synth.motion.masks import MASKS

NONE = MASKS["none"]
HAPPY, AFRAID = Emotion.HAPPINESS, Emotion.FEAR


@pytest.fixture
def directions():
    random = torch.Generator().manual_seed(2)
    return {
        emotion: Direction.from_vector(torch.randn(3, 4, generator=random), 2.0)
        for emotion in (HAPPY, AFRAID)
    }


def make_track(**also):
    return EmotionTrack.of("calm", {"emotion": "happiness", "intensity": 0.8, "also": also})


def test_a_moment_adds_up_its_emotions(directions):
    face = torch.randn(3, 4)
    keyframes = make_emotion_keyframes(face, make_track(fear=0.5), directions, NONE)
    steps = [directions[emotion].step(NONE, face) for emotion in (HAPPY, AFRAID)]
    torch.testing.assert_close(keyframes.w_plus[1], face + 0.8 * steps[0] + 0.5 * steps[1])
    assert keyframes.labels == ("calm", "happiness + fear")


def test_the_written_form_is_read_again():
    track = make_track(fear=0.5, sadness=1)
    text = yaml.safe_dump(describe_track(track))
    assert parse_track(**yaml.safe_load(text)) == track
    assert "also" not in yaml.safe_dump(describe_track(EmotionTrack.of("calm", "fear")))


@pytest.mark.parametrize(
    ("also", "word"),
    [
        ({"happiness": 1}, "each emotion of a moment once"),
        ({"fear": 3}, "intensity from 0 to 2"),
        ({"bliss": 1}, "needs an emotion"),
        ({"fear": "much"}, "number for also"),
        (["fear"], "emotions with intensities"),
    ],
)
def test_mistakes_are_one_sentence(also, word):
    with pytest.raises(ValueError, match=word):
        parse_track([{"emotion": "happiness", "also": also}])


def test_a_budget_lowers_all_emotions_of_a_moment_alike(directions):
    face = torch.zeros(3, 4)

    def measure(w_plus):
        return torch.linalg.vector_norm(w_plus.flatten(1), dim=1).double().numpy()

    track = make_track(fear=0.4)
    whole = make_emotion_keyframes(face, track, directions, NONE).w_plus[1:]
    budget = float(measure(whole)[0]) / 2
    kept, lowered = keep_identity(face, track, directions, NONE, budget, measure)
    (_, happy), (_, afraid) = kept.events[1].parts
    assert afraid / happy == pytest.approx(0.5) and 0.35 < happy < 0.41
    after = make_emotion_keyframes(face, kept, directions, NONE).w_plus[1:]
    assert measure(after)[0] <= budget + 1e-6
    assert measure(after)[0] == pytest.approx(lowered[0].given_distance)
    assert str(lowered[0]).startswith("happiness + fear: intensity 0.80 lowered to")
    assert np.isfinite(lowered[0].asked_distance)
