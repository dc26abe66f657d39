"""Baselines, scores, and the known process."""

import numpy as np
import pytest

from emotion_seq.measuring.baselines import NGram, predict_followers
from emotion_seq.measuring.process import compute_best_accuracy, count_transitions, make_process
from emotion_seq.measuring.regression import LastEmotionsRegression
from emotion_seq.measuring.scores import compute_calibration_error, score_predictions
from emotion_seq.measuring.table import score_baselines, write_table
from emotion_seq.sequence_files import load_sequences
from emotion_seq.sequences import make_sequence
from synth.emotions import Emotion


def test_ngrams_reach_the_published_figures_on_meld(shared_assets):
    found = load_sequences(shared_assets / "meld_emotions.csv")
    rows = score_baselines(
        [one for one in found if one.split != "test"],
        [one for one in found if one.split == "test"],
    )
    accuracies = [round(row.scores.accuracy, 3) for row in rows[:3]]
    assert accuracies == [0.353, 0.465, 0.486]


def test_an_ngram_backs_off_to_what_it_has_seen():
    ngram = NGram(2).fit([make_sequence([0, 1, 2, 0, 1, 2])])
    assert ngram.choose([0, 1]) == 2
    assert ngram.choose([5, 1]) == 2  # 5, 1 was never seen, 1 was
    assert ngram.choose([5]) == ngram.choose([])


def test_ngram_probabilities_sum_to_one_and_never_repeat():
    ngram = NGram(3).fit(make_process().draw(30, 0))
    for history in ([], [0], [0, 3], [1, 2, 3, 4]):
        odds = ngram.predict(history)
        assert odds.sum() == pytest.approx(1)
        assert not history or odds[history[-1]] == 0


def test_a_regression_weighs_the_last_emotions():
    process = make_process()
    train, test = process.draw(300, 1), process.draw(60, 2)
    rows = {row.name: row.scores for row in score_baselines(train, test)}
    found = rows["logistic regression on the last 2"]
    # It sees more than the n-gram of order 1, and must learn less than the one of order 2.
    assert found.accuracy > rows["n-gram, order 1"].accuracy + 0.01
    assert found.perplexity < rows["n-gram, order 2"].perplexity
    fitted = LastEmotionsRegression().fit(train)
    for history in ([], [0], [0, 3], [1, 2, 3, 4]):
        odds = fitted.predict(history)
        assert odds.sum() == pytest.approx(1)
        assert not history or odds[history[-1]] == 0
        assert fitted.choose(history) == odds.argmax()
    assert np.allclose(fitted.predict([1, 2, 3, 4]), fitted.predict([6, 0, 3, 4]))


def test_a_regression_takes_data_of_any_poverty():
    only = LastEmotionsRegression().fit([make_sequence([0, 1])])
    assert only.choose([0]) == 1
    two = LastEmotionsRegression().fit([make_sequence([0, 1, 2])])
    assert two.choose([0]) == 1 and two.choose([0, 1]) == 2
    with pytest.raises(ValueError, match="two emotions or more"):
        LastEmotionsRegression().fit([make_sequence([0])])
    with pytest.raises(ValueError, match="fitted before"):
        LastEmotionsRegression().predict([0])
    with pytest.raises(ValueError, match="order of 1 or more"):
        LastEmotionsRegression(0)


def test_higher_orders_know_more_of_a_second_order_process():
    process = make_process()
    rows = score_baselines(process.draw(500, 1), process.draw(120, 2))
    perplexities = [row.scores.perplexity for row in rows]
    assert perplexities[2] < perplexities[1] < perplexities[0]


def test_the_best_accuracy_of_a_process_is_not_beaten_by_ngrams():
    process = make_process()
    test = process.draw(200, 2)
    best = compute_best_accuracy(process, test)
    for row in score_baselines(process.draw(300, 1), test):
        assert row.scores.accuracy < best + 0.025
    assert best > 0.3


def test_a_process_is_drawn_by_its_odds():
    process = make_process()
    drawn = process.draw(700, 5)
    counts = np.zeros((7, 7, 7))
    for one in drawn:
        for a, b, c in zip(one.emotions, one.emotions[1:], one.emotions[2:], strict=False):
            counts[a, b, c] += 1
    often = counts.sum(2) > 150
    shares = counts[often] / counts[often].sum(1, keepdims=True)
    assert often.sum() > 5
    assert np.abs(shares - process.odds[often]).max() < 0.14
    happy = [np.log(r.duration_s) for one in drawn for r in one.runs if r.emotion == 2]
    assert np.mean(happy) == pytest.approx(process.log_s[2, 0], abs=0.06)
    assert np.allclose(np.diagonal(count_transitions(drawn)), 0)


def test_perfect_and_even_predictions_have_known_scores():
    truth = np.arange(7).repeat(3)
    perfect = score_predictions(np.eye(7)[truth], truth)
    assert (perfect.accuracy, perfect.perplexity, perfect.calibration_error) == (1, 1, 0)
    assert perfect.macro_f1 == 1
    even = score_predictions(np.full((21, 7), 1 / 7), truth)
    assert even.perplexity == pytest.approx(7)
    assert even.calibration_error == pytest.approx(0, abs=1e-9)  # says 1/7, right in 1/7


def test_calibration_error_is_the_gap_between_said_and_true():
    hits = np.array([True] * 6 + [False] * 4)
    assert compute_calibration_error(np.full(10, 0.95), hits) == pytest.approx(0.35)


def test_f1_is_by_class_and_absent_ones_do_not_count():
    odds = np.eye(7)[[0, 0, 1, 1]]
    scores = score_predictions(odds, np.array([0, 1, 1, 1]))
    assert scores.f1["calm"] == pytest.approx(2 / 3)
    assert scores.f1["anger"] == pytest.approx(0.8)
    assert np.isnan(scores.f1["fear"])
    assert scores.macro_f1 == pytest.approx((2 / 3 + 0.8) / 2)


def test_scores_refuse_odds_that_do_not_sum_to_one():
    with pytest.raises(ValueError, match="sum to 1"):
        score_predictions(np.full((2, 7), 0.5), np.array([0, 1]))


def test_a_table_has_a_line_for_each_predictor():
    process = make_process()
    rows = score_baselines(process.draw(40, 1), process.draw(10, 2))
    assert write_table(rows).count("\n") == 2 + len(rows)


def test_followers_leave_out_the_first_of_each_sequence():
    process = make_process()
    drawn = process.draw(20, 1)
    odds, chosen, truth = predict_followers(NGram(1).fit(drawn), drawn)
    assert len(odds) == len(chosen) == len(truth) == sum(len(one.runs) - 1 for one in drawn)
    assert odds.shape[1] == len(Emotion)
