"""Tracks: defaults, the YAML form, and one clear error for each way to write one wrong."""

import random

import pytest

from synth.emotions import Emotion
from synth.motion.emotion_track import (
    DEFAULT_GAP_S,
    EmotionEvent,
    EmotionTrack,
    load_track,
    parse_track,
    save_track,
)
from synth.motion.paths import EASINGS


def test_emotions_are_numbered_as_in_the_thesis():
    names = ["calm", "anger", "happiness", "surprise", "disgust", "fear", "sadness"]
    assert [emotion.label for emotion in Emotion] == names
    assert [int(emotion) for emotion in Emotion] == list(range(7))


@pytest.mark.parametrize("emotion", list(Emotion))
def test_names_numbers_and_cases_are_understood(emotion):
    for form in (emotion, int(emotion), emotion.label, emotion.name, f" {emotion.label.title()}"):
        assert Emotion.parse(form) is emotion


@pytest.mark.parametrize(
    ("written", "meant"),
    [("hapiness", "happiness"), ("happy", "happiness"), ("angry", "anger"), ("neutral", "calm")],
)
def test_an_unknown_emotion_is_answered_with_a_close_one(written, meant):
    with pytest.raises(ValueError, match=f"got '{written}'; did you mean '{meant}'"):
        Emotion.parse(written)


@pytest.mark.parametrize("value", [7, -1, True, None, 1.5, "zzz"])
def test_what_is_no_emotion_is_refused(value):
    with pytest.raises(ValueError, match="needs an emotion out of calm, anger"):
        Emotion.parse(value)


def test_a_plain_list_gets_times_from_32_in_between_frames_at_30_fps():
    track = parse_track(["calm", "anger", "fear"])
    assert pytest.approx(33 / 30) == DEFAULT_GAP_S
    assert [event.time_s for event in track.events] == pytest.approx([0, 1.1, 2.2])
    assert track.duration_s == pytest.approx(2.2)
    assert all(event.intensity == 1 and event.hold_s == 0 for event in track.events)


def test_the_hand_written_form_mixes_names_and_mappings():
    happy = {"emotion": "happiness", "time": 2.0, "intensity": 0.7, "hold": 0.5}
    happy["easing"] = "smoothstep"
    track = parse_track(["calm", "anger", happy, "sadness"], default_gap_s=0.5, loop=True)
    assert [event.time_s for event in track.events] == [0.0, 0.5, 2.0, 3.0]
    assert track.events[2] == EmotionEvent(Emotion.HAPPINESS, 2.0, 0.7, 0.5, "smoothstep")
    assert track.duration_s == 3.5  # the last 0.5 s lead back to calm


def test_track_wide_hold_gap_and_intensity_fill_what_events_do_not_say():
    track = parse_track(
        ["calm", {"emotion": "fear", "hold": 0.0}], hold=0.25, gap=2.0, intensity=0.5
    )
    assert [event.hold_s for event in track.events] == [0.25, 0.0]
    assert [event.intensity for event in track.events] == [0.5, 0.5]
    assert track.events[1].time_s == 2.25


@pytest.mark.parametrize("seed", range(25))
def test_yaml_round_trip_gives_the_same_track(tmp_path, seed):
    draw = random.Random(seed)
    events, time_s = [], 0.0
    for _ in range(draw.randint(1, 9)):
        time_s += draw.uniform(0.01, 3)
        hold_s = draw.choice([0.0, draw.random()])
        easing = draw.choice([None, *EASINGS])
        emotion = draw.choice(list(Emotion))
        events.append(EmotionEvent(emotion, time_s, draw.uniform(0, 2), hold_s, easing))
        time_s += hold_s
    track = EmotionTrack(
        tuple(events), draw.random() < 0.5, draw.uniform(0.1, 2), draw.choice([None, *EASINGS])
    )
    save_track(tmp_path / "track.yaml", track)
    assert load_track(tmp_path / "track.yaml") == track


def test_a_file_may_be_just_a_list(tmp_path):
    file = tmp_path / "short.yaml"
    file.write_text("[calm, happiness]")
    assert load_track(file, default_gap_s=2.0) == parse_track(
        ["calm", "happiness"], default_gap_s=2.0
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("emotions: [calm, joyness]", "emotion 2: needs an emotion"),
        ("emotions: [{emotion: calm, time: -1}]", "emotion 1: needs a time of 0 s or more; got -1"),
        ("emotions: [{emotion: calm, time: .nan}]", "needs a time of 0 s or more; got nan"),
        ("emotions: [{emotion: calm, hold: .inf}]", "needs a hold of 0 s or more"),
        ("emotions: [{emotion: calm, time: soon}]", "needs a number for time; got 'soon'"),
        ("emotions: [{emotion: calm, time: yes}]", "needs a number for time; got True"),
        ("emotions: [{emotion: fear, intensity: 3}]", "needs an intensity from 0 to 2"),
        ("emotions: [{emotion: fear, intensity: -0.1}]", "needs an intensity from 0 to 2"),
        ("emotions: [{emotion: fear, intensty: 1}]", "'intensty'; did you mean 'intensity'"),
        ("emotions: [{emotion: fear, easing: cubik}]", "did you mean 'cubic'"),
        ("emotions: [calm]\neasing: none", "needs an easing out of linear"),
        ("emotions: [calm]\nlop: true", "got 'lop'; did you mean 'loop'"),
        ("emotions: [calm]\nloop: 3", "needs true or false for loop; got 3"),
        ("emotions: [calm]\nloop: true\nclosing: 0", "needs a closing time above 0 s"),
        ("emotions: []", "needs at least one emotion"),
        ("emotions: calm", "needs a list of emotions; got 'calm'"),
        ("emotions: [{time: 1}]", "emotion 1: needs an emotion"),
        ("just text", "needs a list under 'emotions'"),
        ("emotions: [calm", "needs YAML text"),
        (
            "emotions: [{emotion: calm, hold: 2}, {emotion: fear, time: 1.5}]",
            r"needs emotion 2 \(fear\) to be reached after emotion 1 \(calm\) ends at 2 s; got 1.5",
        ),
        (
            "emotions: [{emotion: calm, time: 3}, {emotion: fear, time: 1}]",
            "to be reached after emotion 1",
        ),
        ("emotions: [{emotion: calm, time: 1}, {emotion: fear, time: 1}]", "to be reached after"),
    ],
)
def test_each_mistake_in_a_file_is_named_with_the_file(tmp_path, content, message):
    file = tmp_path / "wrong.yaml"
    file.write_text(content)
    with pytest.raises(ValueError, match=message) as caught:
        load_track(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value) or "YAML" in str(caught.value)


def test_yaml_cannot_make_python_objects(tmp_path):
    file = tmp_path / "evil.yaml"
    file.write_text(f"!!python/object/apply:os.mkdir ['{tmp_path / 'made'}']")
    with pytest.raises(ValueError, match="needs YAML text"):
        load_track(file)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\nb: [*a, *a]\n",
        "[" * 9999,
        "[calm, {emotion: anger, time: " + "1" * 5000 + "}]",
        "[calm, " + "a" * 100_000 + "]",
        "[[calm, [calm, [calm]]]]",
        "{emotions: [calm], " + "a" * 9999 + ": 2}",
        "{emotions: [calm], note: [1, 2]}",
    ],
)
def test_texts_that_cost_are_one_short_sentence(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ValueError) as caught:
        load_track(tmp_path / "a.yaml")
    assert len(str(caught.value)) < 600 and "\n" not in str(caught.value)


def test_numbers_beyond_any_float_are_named():
    with pytest.raises(ValueError, match="needs a number for hold; got"):
        parse_track(["calm"], hold=10**400)
