import numpy as np
import pytest

from emotion_seq.sequence_files import load_sequences, save_sequences
from emotion_seq.sequences import (
    EmotionRun,
    EmotionSequence,
    collapse_runs,
    make_sequence,
    make_track,
    split_by_film,
)
from synth.emotions import Emotion


def test_only_changes_remain_and_their_seconds_and_intensities_are_kept():
    one = make_sequence([0, 0, 1, 1, 1, 0], [1, 2, 1, 1, 2, 3], [1, 1, 0.4, 0.4, 0.8, 1])
    assert one.emotions == [0, 1, 0]
    assert [run.duration_s for run in one.runs] == [3, 4, 3]
    assert one.runs[1].intensity == pytest.approx(0.6)  # by the second


def test_collapsing_again_changes_nothing():
    runs = [EmotionRun(Emotion(k), 1.0 + k) for k in (0, 3, 3, 2, 2, 2, 0)]
    once = collapse_runs(runs)
    assert collapse_runs(once) == once
    assert sum(run.duration_s for run in once) == sum(run.duration_s for run in runs)


def test_a_sequence_refuses_repeats():
    with pytest.raises(ValueError, match="collapse_runs"):
        EmotionSequence((EmotionRun(Emotion.CALM), EmotionRun(Emotion.CALM)))


@pytest.mark.parametrize("suffix", [".csv", ".yaml"])
def test_files_give_back_what_was_written(tmp_path, suffix):
    wanted = [
        make_sequence([0, 2, 5], [1.5, 0.25, 3], [1, 0.5, 0.75], "film a", "train"),
        make_sequence([6, 0], [2, 2.125], film="film a", split="train"),
        make_sequence([3], film="film b", split="test"),
    ]
    save_sequences(tmp_path / f"s{suffix}", wanted)
    assert load_sequences(tmp_path / f"s{suffix}") == wanted


def test_bare_numbers_are_sequences(tmp_path):
    path = tmp_path / "numbers.txt"
    path.write_text("0 0 1 2 2\n\n6,5,4\n")
    assert [one.emotions for one in load_sequences(path)] == [[0, 1, 2], [6, 5, 4]]
    assert len({one.film for one in load_sequences(path)}) == 2


def test_a_list_in_yaml_is_one_sequence(tmp_path):
    path = tmp_path / "one.yaml"
    path.write_text("[calm, joy, 0]")
    (one,) = load_sequences(path)
    assert one.emotions == [0, 2, 0]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "film,mood\na,calm\n", "column emotion"),
        ("a.csv", "emotion\ncalm\nhapiness\n", "line 3.*happiness"),
        ("a.csv", "emotion,duration_s\ncalm,soon\n", "line 2"),
        ("a.txt", "0 1 2\n0 7\n", "line 2"),
        ("a.yaml", "- {emotions: [calm], feelings: [1]}", "sequence 1"),
        ("a.yaml", "{a: [", "a.yaml"),
        ("a.csv", "emotion\n", "at least one"),
        ("a.doc", "0 1", r"\.csv"),
    ],
)
def test_mistakes_in_files_are_named(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        load_sequences(path)
    assert str(path) in str(caught.value)


def test_meld_is_read_as_it_was_labelled(shared_assets):
    found = load_sequences(shared_assets / "meld_emotions.csv")
    counts = {split: sum(one.split == split for one in found) for split in ("train", "dev", "test")}
    assert counts == {"train": 1038, "dev": 114, "test": 280}
    assert sum(len(one.runs) for one in found if one.split == "test") == 1633
    # The first dialogue of its file begins with seven neutral utterances of its speakers.
    assert found[0].runs[0].emotion is Emotion.CALM


def test_no_film_is_in_two_splits():
    sequences = [make_sequence([k % 7, (k + 1) % 7], film=f"film {k % 11}") for k in range(60)]
    splits = split_by_film(sequences, seed=3)
    films = [{one.film for one in part} for part in (splits.train, splits.dev, splits.test)]
    assert all(films)
    assert not (films[0] & films[1] or films[0] & films[2] or films[1] & films[2])
    assert sum(map(len, (splits.train, splits.dev, splits.test))) == 60
    assert splits == split_by_film(sequences, seed=3)
    assert splits != split_by_film(sequences, seed=4)


def test_marked_splits_are_kept_and_dev_is_drawn_from_train():
    sequences = [make_sequence([0, 1], film=f"f{k}", split="train") for k in range(20)]
    sequences += [make_sequence([0, 1], film=f"t{k}", split="test") for k in range(5)]
    splits = split_by_film(sequences)
    assert {one.film for one in splits.test} == {f"t{k}" for k in range(5)}
    assert len(splits.dev) == 2 and len(splits.train) == 18


def test_a_film_marked_twice_is_refused():
    marked = [make_sequence([0, 1], film="a", split=split) for split in ("train", "test")]
    with pytest.raises(ValueError, match="a in train and test"):
        split_by_film(marked)


def test_too_few_films_are_refused():
    with pytest.raises(ValueError, match="more films"):
        split_by_film([make_sequence([0, 1], film="only")])


def test_a_track_lasts_as_long_as_its_sequence():
    one = make_sequence([0, 1, 2, 0], [2.0, 0.1, 5.0, 1.0])
    track = make_track(one, gap_s=1.1)
    assert track.duration_s == pytest.approx(8.1)
    reached = [event.time_s for event in track.events]
    # The way takes half of a short run, and the gap of a long one.
    assert np.allclose(reached, [0, 2.05, 3.2, 7.6])


def test_a_track_of_absurd_length_is_one_clear_error():
    sequence = make_sequence([0, 1], durations_s=[1.0, 1e9])
    with pytest.raises(ValueError, match=r"track of 0 to 86400 seconds.*got 1000000001"):
        make_track(sequence)
    assert make_track(sequence, length_s=5.0).duration_s == pytest.approx(5.0)
    for length_s in (-1.0, float("nan"), float("inf"), 1e9):
        with pytest.raises(ValueError, match="track of 0 to 86400 seconds"):
            make_track(sequence, length_s=length_s)


@pytest.mark.parametrize("length_s", [7.5, 8.1, 12.0, 2.01])
def test_a_track_is_cut_or_drawn_out_to_a_length(length_s):
    track = make_track(make_sequence([0, 1, 2, 0], [2.0, 0.1, 5.0, 1.0]), 1.1, length_s)
    assert track.duration_s == pytest.approx(length_s)


@pytest.mark.parametrize(
    "name, text",
    [
        ("a.csv", "emotion\n" + "a" * 200_000 + "\n"),
        ("a.csv", 'emotion\n"' + "a\n" * 99_999),
        ("a.csv", "emotion,duration_s\ncalm," + "1" * 5000 + "\n"),
        ("a.csv", "emotion\n\u00b2\n"),
        ("a.yaml", "a: &a [calm]\nb: [*a, *a]\n"),
        ("a.yaml", "[" * 9999),
        ("a.yaml", "[calm, " + "1" * 5000 + "]"),
        ("a.yaml", "[{emotions: [calm], durations_s: [[1]]}]"),
        ("a.yaml", "[{emotions: [calm], film: [1]}]"),
        ("a.yaml", "[{emotions: [calm], intensities: {a: 1}}]"),
    ],
)
def test_texts_that_cost_or_do_not_fit_are_one_sentence(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"{name}: ") as caught:
        load_sequences(tmp_path / name)
    assert len(str(caught.value)) < 600 and "\n" not in str(caught.value)
