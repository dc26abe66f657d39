import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from emotion_seq.footage import Footage, PersonTrack, make_main_sequence
from emotion_seq.seeing.curves import plot_curves
from emotion_seq.seeing.matrices import plot_transitions
from emotion_seq.seeing.style import COLOURS
from emotion_seq.seeing.timeline import plot_footage, plot_sequence
from emotion_seq.sequences import make_sequence
from synth.emotions import Emotion


def count_pixels(path, emotion):
    """How many pixels of the picture have an emotion's very colour."""
    colour = np.rint(np.array(to_rgb(COLOURS[emotion])) * 255)
    return int((np.abs(np.asarray(Image.open(path).convert("RGB")) - colour).max(2) <= 1).sum())


def make_footage():
    times_s = np.arange(0.0, 6.0, 0.2)
    odds = np.full((len(times_s), 7), 0.02)
    odds[:15, Emotion.FEAR], odds[15:, Emotion.HAPPINESS] = 0.88, 0.88
    thumbnails = np.full((3, 16, 16, 3), (10, 250, 10), np.uint8)
    boxes = np.tile([0.0, 0, 9, 9], (len(times_s), 1))
    person = PersonTrack(0, times_s, boxes, odds, thumbnails, times_s[[0, 12, 29]], 6.0)
    return Footage(6.0, 1, (person,), "squares", "levels")


def test_a_timeline_shows_faces_and_what_was_decided(tmp_path):
    footage, path = make_footage(), tmp_path / "timeline.png"
    plot_footage(path, footage, make_main_sequence(footage, "clip"), "clip")
    fear, sadness = count_pixels(path, Emotion.FEAR), count_pixels(path, Emotion.SADNESS)
    assert fear > 10 * sadness
    assert count_pixels(path, Emotion.HAPPINESS) == pytest.approx(fear, rel=0.3)
    green = np.asarray(Image.open(path).convert("RGB")) == (10, 250, 10)
    assert green.all(2).sum() > 3 * 30 * 30  # the faces


def test_an_emotion_fills_a_sequence_by_its_seconds(tmp_path):
    path = tmp_path / "sequence.png"
    plot_sequence(path, make_sequence([1, 4], [6.0, 2.0]))
    ratio = count_pixels(path, Emotion.ANGER) / count_pixels(path, Emotion.DISGUST)
    assert ratio == pytest.approx(3, rel=0.15)


def test_transitions_are_dark_where_they_are_frequent(tmp_path):
    counts = np.zeros((7, 7))
    counts[0, 1] = 5
    plot_transitions(tmp_path / "one.png", counts)
    plot_transitions(tmp_path / "even.png", np.ones((7, 7)))
    darkest = [np.asarray(Image.open(tmp_path / f"{n}.png").convert("RGB"))[..., 0].ravel()
               for n in ("one", "even")]  # fmt: skip
    assert ((darkest[0] < 60) & (darkest[0] > 0)).sum() > 1000
    with pytest.raises(ValueError, match="0 or more"):
        plot_transitions(tmp_path / "none.png", -counts)


def test_curves_are_the_same_bytes_for_the_same_run(tmp_path):
    rows = [
        {"epoch": k, "train_loss": 2 / k, "dev_loss": 2 / k + 0.1, "dev_accuracy": 0.1 * k}
        for k in (1, 2, 3)
    ]
    for name in ("a.png", "b.png"):
        plot_curves(tmp_path / name, rows, {"most frequent": 0.2})
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert Image.open(tmp_path / "a.png").size[0] > 800
