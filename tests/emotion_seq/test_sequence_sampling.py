"""What a network writes: likely emotions, lengths, rates, and the model that ships."""

import numpy as np
import pytest
from small_sequences import SMALL

from emotion_seq.measuring.process import compute_best_accuracy, count_transitions, make_process
from emotion_seq.measuring.table import score_model
from emotion_seq.model import (
    ModelSettings,
    make_model,
)
from emotion_seq.predict import (
    BUNDLED_MODEL,
    Sampling,
    compute_film_length,
    keep_likely,
    load_sequence_model,
    predict_track,
    sample_runs,
)
from emotion_seq.sequences import EmotionSequence
from synth.emotions import Emotion
from synth.motion.emotion_track import load_track, save_track


def test_likely_emotions_are_kept_and_warmth_evens_them():
    odds = np.array([0.5, 0.3, 0.1, 0.1, 0, 0, 0])
    assert np.allclose(keep_likely(odds, Sampling()), odds)
    assert keep_likely(odds, Sampling(temperature=0)).tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert np.allclose(keep_likely(odds, Sampling(top_p=0.6)), [0.625, 0.375, 0, 0, 0, 0, 0])
    warm = keep_likely(odds, Sampling(temperature=2))
    assert warm.sum() == pytest.approx(1) and warm[0] < 0.5 and warm[4] == 0


def test_samples_begin_as_told_last_as_long_as_told_and_never_repeat(trained):
    begin = trained[0], 40.0, ["fear", "calm"]
    runs = sample_runs(*begin, Sampling(seed=3))
    assert [run.emotion for run in runs[:2]] == [Emotion.FEAR, Emotion.CALM]
    assert sum(run.duration_s for run in runs) == pytest.approx(40.0, abs=0.05)
    EmotionSequence(runs)  # refuses repeats
    assert runs == sample_runs(*begin, Sampling(seed=3))
    assert runs != sample_runs(*begin, Sampling(seed=4))


@pytest.mark.parametrize(
    ("seconds", "fps", "frames"), [(20, 30, 600), (3.21, 24, 77), (0.01, 25, 1)]
)
def test_films_are_as_long_as_asked_to_a_frame(seconds, fps, frames):
    assert round(compute_film_length(seconds, fps) * fps) + 1 == frames


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 1e9, 10**400])
def test_impossible_lengths_are_refused_before_any_work(seconds, tmp_path):
    with pytest.raises(ValueError, match=r"seconds above 0|0 to 86400 seconds"):
        predict_track(seconds, path=str(tmp_path / "is not looked for.keras"))


def test_a_network_without_numbers_is_one_clear_error():
    model = make_model(SMALL)
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    with pytest.raises(ValueError, match="network that gives numbers; got NaN"):
        sample_runs(model, 5.0)


@pytest.mark.parametrize("fps", [0, -1, float("nan"), 1e308, 10**400])
def test_impossible_rates_are_refused(fps):
    with pytest.raises(ValueError, match=r"frames (a|per) second above 0 and up to 1000"):
        compute_film_length(2.0, fps)


@pytest.mark.parametrize("settings", [{"temperature": -1}, {"top_p": 0}, {"top_p": 1.5}])
def test_impossible_sampling_is_refused(settings):
    with pytest.raises(ValueError, match="temperature"):
        Sampling(**settings)


def test_the_model_that_ships_writes_a_track_and_says_where_it_comes_from(tmp_path):
    track = predict_track(12.0, fps=25)
    assert track.duration_s == pytest.approx(12 - 1 / 25)
    assert track.note is not None and "Markov process" in track.note
    save_track(tmp_path / "t.yaml", track)
    assert load_track(tmp_path / "t.yaml") == track


def test_the_card_of_the_model_that_ships_says_what_it_learned_from():
    _, card = load_sequence_model()
    assert card["licence"] == "MIT" and "no footage" in card["data"]
    assert card["network"] == ModelSettings().name == "4 LSTM layers, with shortcuts"
    assert BUNDLED_MODEL.stat().st_size < 2_000_000


@pytest.mark.slow
def test_the_model_that_ships_is_within_two_points_of_the_best_possible():
    process, (model, _) = make_process(), load_sequence_model()
    test = process.draw(600, 77)  # the seed of no sequence that it learned from
    accuracy = score_model("LSTM", model, test).scores.accuracy
    assert accuracy > compute_best_accuracy(process, test) - 0.02


@pytest.mark.slow
def test_sampled_tracks_reproduce_transitions_and_durations():
    process, (model, _) = make_process(), load_sequence_model()
    sampled = [EmotionSequence(sample_runs(model, 45.0, [], Sampling(seed=k))) for k in range(60)]
    counts, true = count_transitions(sampled), count_transitions(process.draw(3000, 78))
    truth = true / true.sum(1, keepdims=True)
    often = np.flatnonzero(counts.sum(1) > 60)
    assert len(often) >= 4
    for row in often:
        shares = counts[row] / counts[row].sum()
        # Three deviations of sampling, and three points for what was not learned exactly.
        room = 3 * np.sqrt(truth[row] * (1 - truth[row]) / counts[row].sum()) + 0.03
        assert (np.abs(shares - truth[row]) < room).all(), Emotion(row).label
        logs = [np.log(r.duration_s) for s in sampled for r in s.runs[:-1] if r.emotion == row]
        mean, deviation = process.log_s[row]
        error = 3 * deviation / np.sqrt(len(logs)) + 0.05
        assert abs(np.mean(logs) - mean) < error, Emotion(row).label
