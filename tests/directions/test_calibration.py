"""Calibration finds what was built in: senses, coefficients, rows and distances."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from plain_faces import (
    LAYERS,
    SEEN_ROWS,
    PlainEncoder,
    PlainGenerator,
    PlainScorer,
    make_direction,
    make_plain_set,
    read_w,
)

from directions.calibration.calibrate import (
    CalibrationSettings,
    Watchers,
    calibrate_set,
    describe_calibration,
)
from directions.calibration.edits import People, measure_edits
from directions.calibration.report import add_rows, apply_calibration, save_calibration_report
from directions.calibration.rows import ablate_rows
from directions.calibration.sweep import (
    ENOUGH,
    Curve,
    Limits,
    Trial,
    calibrate_direction,
    choose_coefficient,
    is_rising,
)
from synth.emotions import Emotion
from synth.generators.drawing import draw_frames
from synth.motion.direction_sets import load_directions, save_directions
from synth.motion.emotion_track import EmotionEvent, EmotionTrack
from synth.motion.identity_budget import keep_identity
from synth.motion.masks import LayerMask

ALL = LayerMask(layer_stop=None)
EIGHT = LayerMask(layer_stop=8)


@pytest.fixture(scope="module")
def faces():
    z = torch.randn(5, PlainGenerator.z_dim, generator=torch.Generator().manual_seed(3))
    return PlainGenerator().mapping(z)


def calibrate(faces, direction, emotion=Emotion.FEAR, **limits):
    trial = Trial(PlainGenerator(), faces, EIGHT, PlainScorer(), PlainEncoder())
    return calibrate_direction(trial, emotion, direction, Limits(**limits))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("given", [0.7, 1.6])
def test_intensity_one_is_where_the_response_saturates(faces, given, sign):
    found = calibrate(faces, make_direction(Emotion.FEAR, given, sign))
    # A step of the sweep is a quarter of the coefficient that was given.
    assert found.coefficient == pytest.approx(ENOUGH * LAYERS**0.5, rel=given / 4)
    assert (found.sign, found.limited_by) == (sign, "response")


def test_identity_sets_the_coefficient_when_it_leaves_its_budget_first(faces):
    found = calibrate(faces, make_direction(Emotion.FEAR), budget=0.4)
    assert found.limited_by == "identity"
    # The embedding is W itself, so a distance of 0.4 is 0.4 of the full emotion; pictures have
    # steps of 0.03.
    assert found.coefficient == pytest.approx(0.4 * LAYERS**0.5, rel=0.1)
    assert choose_coefficient(found.curve, Limits(budget=5.0)).limited_by == "response"


def test_the_present_coefficient_as_the_full_emotion_can_only_be_lowered(faces):
    weak = make_direction(Emotion.FEAR, 0.5)
    found = calibrate(faces, weak, full_at="present")
    assert max(found.curve.coefficients) == pytest.approx(weak.coefficient)
    assert found.limited_by == "response"
    # The plain response is linear: 90 % of it lies at 90 % of the way.
    assert found.coefficient == pytest.approx(ENOUGH * weak.coefficient, rel=0.1)
    assert calibrate(faces, weak).coefficient > 1.5 * weak.coefficient


def test_a_sweep_goes_on_until_the_response_rises_no_more(faces):
    weak = make_direction(Emotion.FEAR, 0.4)
    curve = calibrate(faces, weak).curve
    # Full at 2.5 present coefficients, and flat for two steps of a quarter each.
    assert max(curve.coefficients) / weak.coefficient == pytest.approx(3.0, abs=0.3)
    assert not is_rising(curve.responses[1:])
    strong = calibrate(faces, make_direction(Emotion.FEAR, 2.0)).curve
    assert max(strong.coefficients) / strong.coefficients[-1] == 1
    assert len(strong.coefficients) < len(curve.coefficients)


def test_a_sweep_that_ends_while_the_response_rises_says_so(faces):
    weak = make_direction(Emotion.FEAR, 0.2)
    found = calibrate(faces, weak, furthest=2.0)
    assert is_rising(found.curve.responses[1:]) and found.limited_by == "range"
    assert "still rises" in describe_calibration(Emotion.FEAR, weak.coefficient, found)
    assert calibrate(faces, weak, furthest=2.0, budget=0.1).limited_by == "identity"


def test_a_finished_set_is_measured_on_people_it_was_not_calibrated_on():
    fitted = make_plain_set(1.0)
    weak = dataclasses.replace(fitted.directions[Emotion.ANGER], coefficient=0.1 * LAYERS**0.5)
    mixed = dataclasses.replace(fitted, directions={**fitted.directions, Emotion.ANGER: weak})
    figures = measure_edits(PlainGenerator(), mixed, EIGHT, People(range(6)), PlainScorer())
    wanted = np.diag([6] * 7)
    wanted[Emotion.ANGER] = [6, 0, 0, 0, 0, 0, 0]
    np.testing.assert_array_equal(figures.confusion, wanted)
    assert figures.accuracy == pytest.approx(6 / 7)


def test_the_card_has_the_figures_of_what_ships_and_those_before_by_their_name(tmp_path):
    card = {"held_out_accuracy": "0.5", "held_out_confusion": "[]", "held_out_auc": "{}"}
    fitted = dataclasses.replace(make_plain_set(1.6), card=card)
    save_directions(tmp_path / "fitted.safetensors", fitted)
    settings = CalibrationSettings(
        str(tmp_path / "fitted.safetensors"), faces=3, first_seed=50, held_out=4
    )
    notes = []
    watchers = Watchers(PlainScorer(), PlainEncoder())
    found = calibrate_set(PlainGenerator(), settings, watchers, notes.append).directions
    assert found.card["accuracy"] == "1.0000"
    np.testing.assert_array_equal(json.loads(found.card["confusion"]), np.diag([4] * 7))
    where = json.loads(found.card["measured_on"])
    assert where == {"seeds": [0, 3], "psi": 0.7, "reported_by": PlainScorer.name}
    before = json.loads(found.card["before_calibration"])
    assert before == {"held_out_accuracy": "0.5", "held_out_confusion": "[]"}
    assert "held_out_accuracy" not in found.card and found.card["held_out_auc"] == "{}"
    conditions = json.loads(found.card["calibrated_with"])
    assert conditions["seeds"] == [50, 52] and conditions["enough"] == ENOUGH
    assert conditions["full_at"] == "saturation"
    assert "100.0% recognised by plain scorer" in str(notes[-1])
    with pytest.raises(ValueError, match="nobody is on both sides; got 60"):
        CalibrationSettings(first_seed=50, held_out=60)


def test_a_curve_without_an_answer_or_a_person_is_told(faces):
    with pytest.raises(ValueError, match="that the classifier answers to"):
        calibrate(faces, make_direction(Emotion.FEAR), Emotion.ANGER)
    jump = Curve((0.0, 1.0, 2.0), (0.0, 0.5, 1.0), (0.0, 9.0, 9.0), (0.5, np.nan, 9.0), (0, 5, 0))
    with pytest.raises(ValueError, match=r"within the identity budget 0\.35"):
        choose_coefficient(jump, Limits(budget=0.35))


def test_a_calibrated_set_keeps_its_curves_and_turns_what_was_backwards(faces, tmp_path):
    fitted = make_plain_set(1.6, {Emotion.SADNESS: -1.0})
    found = {e: calibrate(faces, direction, e) for e, direction in fitted.directions.items()}
    calibrated = apply_calibration(fitted, found, {"scorer": PlainScorer.name})
    shares = {
        e: ablate_rows(PlainGenerator(), faces, e, d, PlainScorer())
        for e, d in calibrated.directions.items()
    }
    save_directions(tmp_path / "set.safetensors", add_rows(calibrated, shares))
    read = load_directions(tmp_path / "set.safetensors")
    for emotion, direction in read.directions.items():
        assert float(direction.vector[0, emotion - 1]) > 0, emotion
        assert read.calm_levels[emotion] == (-0.25 if emotion is Emotion.SADNESS else 0.25)
    curve = json.loads(read.card["calibration"])["fear"]["curve"]
    assert len(curve["coefficients"]) == len(curve["responses"]) == len(curve["identity_highs"])
    assert json.loads(read.card["calibrated_with"])["scorer"] == PlainScorer.name
    assert json.loads(read.card["rows_that_carry"])["fear"]["stop"] in (7, SEEN_ROWS)
    save_calibration_report(tmp_path / "report.png", found, shares, "plain")
    assert (tmp_path / "report.png").read_bytes()[1:4] == b"PNG"


def test_ablation_finds_the_rows_that_carry(faces):
    direction = make_direction(Emotion.HAPPINESS, 0.9)
    shares = ablate_rows(PlainGenerator(), faces, Emotion.HAPPINESS, direction, PlainScorer())
    assert shares.stop == SEEN_ROWS
    np.testing.assert_allclose(shares.first[:SEEN_ROWS], np.arange(1, 9) / 8, atol=0.05)
    np.testing.assert_allclose(shares.without[SEEN_ROWS:], 1, atol=0.02)
    assert (shares.without[:SEEN_ROWS] < 0.95).all()
    with pytest.raises(ValueError, match="answer to anger"):
        ablate_rows(PlainGenerator(), faces, Emotion.ANGER, direction, PlainScorer())


def make_track(*events):
    return EmotionTrack(
        tuple(EmotionEvent(e, float(k), intensity) for k, (e, intensity) in enumerate(events))
    )


def test_only_keyframes_beyond_the_budget_are_lowered(faces):
    fitted, generator = make_plain_set(), PlainGenerator()
    start = faces[0]

    def find_distances(w_plus):
        shown = read_w(frames := draw_frames(generator, w_plus))
        assert len(frames) == len(w_plus)
        return np.linalg.norm(shown - read_w(draw_frames(generator, start[None])), axis=1)

    track = make_track(
        (Emotion.CALM, 1.0), (Emotion.FEAR, 1.0), (Emotion.ANGER, 0.3), (Emotion.FEAR, 0.6)
    )
    kept, lowered = keep_identity(start, track, fitted.directions, EIGHT, 0.5, find_distances)
    assert [e.intensity for e in kept.events][::2] == [1.0, 0.3]
    for event in kept.events[1::2]:
        assert 0.42 < event.intensity <= 0.53
    assert {emotion for entry in lowered for emotion, _ in entry.wish} == {Emotion.FEAR}
    for entry in lowered:
        assert entry.given_distance <= 0.5 < entry.asked_distance
        assert "fear: intensity" in str(entry)
    same, none = keep_identity(start, track, fitted.directions, EIGHT, 5.0, find_distances)
    assert same == track and none == []
    lost, entries = keep_identity(
        start, track, fitted.directions, EIGHT, 0.5, lambda w: np.full(len(w), np.nan)
    )
    assert all(e.intensity == 0 for e in lost.events if e.emotion is not Emotion.CALM)
    assert len(entries) == 3
