import json

import numpy as np
import pytest

from synth.emotions import Emotion
from synth.scores.acd_summary import format_summary, summarise_cards
from synth.scores.emotion_control import (
    CONFUSABLE,
    EmotionCheck,
    compute_emotion_control,
    make_intended,
    pool_emotion_control,
    score_emotion_control,
)
from synth.scores.scorecard import RunFacts, load_scorecard, score_frames
from synth.scores.scorecard_report import format_markdown, save_scorecard

RAMP = np.linspace(0, 1, 12)
EMOTIONS = [emotion for emotion in Emotion if emotion is not Emotion.CALM]


def obey(intended, gain=1.0):
    """Scores of a face that does just what it was told, and is calm otherwise."""
    scores = gain * intended
    scores[:, Emotion.CALM] = 1 - scores.sum(axis=1)
    return scores


def measure(scores, intended):
    return compute_emotion_control(scores, intended, "tester")


def swap(scores, one, other):
    swapped = scores.copy()
    swapped[:, [one, other]] = scores[:, [other, one]]
    return swapped


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("gain", [1.0, 0.6])
def test_a_face_that_obeys_is_linear_and_right(emotion, gain):
    intended = make_intended(emotion, RAMP)
    found = measure(obey(intended, gain), intended)
    assert found.linearity == pytest.approx(1)
    assert found.linearities == {emotion.label: pytest.approx(1)}
    is_confusable = any(emotion in pair for pair in CONFUSABLE)
    assert found.confusion == (0 if is_confusable else None)
    if gain == 1:
        assert found.accuracy == 1


def test_a_face_that_does_nothing_is_not_linear_and_wrong():
    intended = make_intended(Emotion.HAPPINESS, RAMP)
    calm = obey(np.zeros_like(intended))
    found = measure(calm, intended)
    assert (found.linearity, found.accuracy) == (0, 0)
    assert found.shown == {"happiness": {"calm": sum(RAMP >= 0.5)}}


def test_a_face_that_does_the_opposite_is_minus_one():
    intended = make_intended(Emotion.FEAR, RAMP)
    assert measure(obey(make_intended(Emotion.FEAR, 1 - RAMP)), intended).linearity == -1


def test_a_jump_is_less_linear_than_a_ramp_but_in_order():
    intended = make_intended(Emotion.ANGER, RAMP)
    jump = measure(obey(make_intended(Emotion.ANGER, (RAMP > 0.5).astype(float))), intended)
    assert jump.linearity == pytest.approx(0.87, abs=0.02)


@pytest.mark.parametrize("pair", CONFUSABLE)
@pytest.mark.parametrize("both", [True, False])
def test_swapped_emotions_are_wholly_confused(pair, both):
    told = pair if both else pair[:1]
    intended = np.concatenate([make_intended(emotion, RAMP) for emotion in told])
    found = measure(swap(obey(intended), *pair), intended)
    assert found.confusion == 1
    assert found.accuracy == 0


def test_a_pair_that_collapses_into_one_emotion_is_half_confused():
    intended = np.concatenate([make_intended(emotion, RAMP) for emotion in CONFUSABLE[0]])
    collapsed = obey(intended)
    collapsed[:, Emotion.FEAR] += collapsed[:, Emotion.SURPRISE]
    collapsed[:, Emotion.SURPRISE] = 0
    assert measure(collapsed, intended).confusion == 0.5


def test_what_is_confused_with_others_lowers_accuracy_only():
    intended = make_intended(Emotion.FEAR, RAMP)
    found = measure(swap(obey(intended), Emotion.FEAR, Emotion.SADNESS), intended)
    assert (found.confusion, found.accuracy) == (0, 0)


def test_nothing_told_or_nothing_seen_measures_nothing():
    calm = np.zeros((5, 7))
    still = measure(obey(make_intended(Emotion.FEAR, RAMP[:5])), calm)
    unseen = measure(np.full((5, 7), np.nan), make_intended(Emotion.FEAR, RAMP[:5]))
    for found in (still, unseen):
        assert (found.linearity, found.confusion, found.accuracy) == (None, None, None)
        assert found.linearities == {}


def test_frames_of_which_nothing_is_known_change_nothing():
    intended = make_intended(Emotion.SADNESS, RAMP)
    scores = obey(intended) + np.random.default_rng(0).uniform(0, 0.2, intended.shape)
    gaps = np.insert(scores, [0, 5, 12], np.nan, axis=0)
    found = measure(gaps, np.insert(intended, [0, 5, 12], 1.0, axis=0))
    assert found == measure(scores, intended)


def test_films_count_by_their_emotions_and_frames():
    obedient = make_intended(Emotion.FEAR, RAMP)
    short = make_intended(Emotion.FEAR, np.array([0.0, 1.0]))
    films = [measure(obey(obedient), obedient), measure(obey(np.zeros((2, 7))), short)]
    pooled = pool_emotion_control(films)
    assert pooled.linearity == pytest.approx(0.5)
    assert pooled.linearities == {"fear": pytest.approx(0.5)}
    assert pooled.accuracy == pytest.approx(6 / 7)
    assert pooled.shown == {"fear": {"fear": 6, "calm": 1}}
    assert pool_emotion_control(films[:1]) == films[0]


def test_films_of_several_scorers_are_not_mixed():
    intended = make_intended(Emotion.FEAR, RAMP)
    one = measure(obey(intended), intended)
    other = compute_emotion_control(obey(intended), intended, "other")
    for films in ([one, other], []):
        with pytest.raises(ValueError, match="one emotion scorer"):
            pool_emotion_control(films)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="one length"):
        measure(np.zeros((3, 7)), np.zeros((4, 7)))


class Brightness:
    """Sees as much surprise as a picture is bright."""

    name = "brightness"

    def score(self, faces):
        return obey(make_intended(Emotion.SURPRISE, faces.mean(axis=(1, 2, 3)) / 255))


def make_greys(size, levels=range(0, 250, 25)):
    return np.stack([np.full((size, size, 3), level, np.uint8) for level in levels])


TOLD = make_intended(Emotion.SURPRISE, np.linspace(0, 1, 10))


def test_the_scorer_is_asked_about_the_frames():
    found = score_emotion_control(make_greys(32), TOLD, Brightness())
    assert found.scorer == "brightness"
    assert found.linearity == pytest.approx(1)
    too_small = score_emotion_control(make_greys(31), TOLD, Brightness())
    assert too_small.linearity is None


@pytest.mark.parametrize("stride", [1, 3])
def test_a_card_says_whether_the_emotions_were_shown(tmp_path, stride):
    frames, facts = make_greys(32), RunFacts(emotions=EmotionCheck(Brightness(), TOLD))
    chunks = iter([frames[:4], frames[4:5], frames[5:]])
    card = score_frames(chunks, 10, None, facts, stride)
    picked = slice(None, None, stride)
    assert card.emotion_control == score_emotion_control(frames[picked], TOLD[picked], Brightness())
    save_scorecard(tmp_path / "card.json", card)
    assert load_scorecard(tmp_path / "card.json") == card
    page = (tmp_path / "card.md").read_text()
    assert "| linearity of emotions | 1.0000 | 1 is as told; by brightness |" in page


def test_a_card_without_told_emotions_says_nothing_of_them(tmp_path):
    card = score_frames([make_greys(32)], 10, None)
    assert card.emotion_control is None and "emotion" not in format_markdown(card)
    save_scorecard(tmp_path / "card.json", card)
    old = json.loads((tmp_path / "card.json").read_text())
    del old["emotion_control"]
    (tmp_path / "old.json").write_text(json.dumps(old))
    assert load_scorecard(tmp_path / "old.json") == card


def test_a_film_that_was_told_less_than_it_shows_is_refused():
    facts = RunFacts(emotions=EmotionCheck(Brightness(), TOLD[:9]))
    with pytest.raises(ValueError, match="every frame; got 9 for frame 9"):
        score_frames([make_greys(32)], 10, None, facts)


def test_a_table_of_films_pools_their_emotions():
    told = RunFacts(emotions=EmotionCheck(Brightness(), TOLD))
    cards = [score_frames([make_greys(32)], 10, None, facts) for facts in (told, None)]
    assert summarise_cards(cards).emotion_control == cards[0].emotion_control
    assert summarise_cards(cards[1:]).emotion_control is None
    page = format_summary("ACD", "How.", {"all": summarise_cards(cards)})
    assert "seen by brightness" in page and "| all | 1.0000 | 0.0000 | 0.8000 |" in page
