"""The commands of emotion sequences, on real footage and as a user calls them."""

import json
import sys

import cv2
import numpy as np
import pytest
import torch
import yaml
from footage_samples import write_clip
from skimage import data

from emotion_seq.keras_files import load_keras_file
from emotion_seq.measuring.process import make_process
from emotion_seq.model import remake_model
from emotion_seq.predict import KIND
from emotion_seq.sequence_files import load_sequences, save_sequences
from scripts import predict_emotions, train_sequence
from synth.emotions import Emotion
from synth.generators import load_bundled_generator
from synth.motion.emotion_track import load_track
from synth.storage.places import name_by_place
from synth.types import to_frames
from synth.video.writing import probe_video

FPS = 12
HEIGHT, WIDTH = 270, 480


def place(head, left, side, ground):
    """A frame with a square picture of a head in it."""
    frame = ground.copy()
    shown = cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA)
    frame[HEIGHT - side : HEIGHT, left : left + side] = shown
    return frame


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A smiling face; black; a shot without faces; the same face and another; with a tone."""
    generator = load_bundled_generator()
    with torch.inference_mode():
        z = torch.randn(1, generator.z_dim, generator=seeded(3))
        w_plus = generator.mapping(z, truncation_psi=0.5)
        other = to_frames(generator.synthesis(w_plus))[0]
    smile = data.astronaut()[:260, 80:340]
    plain = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    noise = np.random.default_rng(0).integers(0, 255, (27, 48, 3), np.uint8)
    texture = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    two = place(other, 250, 200, place(smile, 0, 250, plain + 100))
    shots = [place(smile, 100, 250, plain), plain * 0, texture, two]
    frames = [frame for frame, seconds in zip(shots, (2, 1, 1, 2), strict=True)
              for _ in range(seconds * FPS)]  # fmt: skip
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_clip(path, frames, fps=FPS, audio_s=6.0)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def call(script, monkeypatch, capsys, *overrides):
    """The exit code and what was printed."""
    monkeypatch.setattr(sys, "argv", [script.__name__, *map(str, overrides)])
    code = 0
    try:
        script.main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    printed = capsys.readouterr()
    return code, printed.out + printed.err


@pytest.fixture
def assets(shared_assets, monkeypatch):
    monkeypatch.setenv("MOODREEL_ASSETS", str(shared_assets))


@pytest.mark.slow
def test_real_footage_gives_the_right_track(clip, assets, tmp_path, monkeypatch, capsys):
    arguments = [f"video.path={clip}", f"paths.outputs={tmp_path}", "footage.which=all"]
    code, printed = call(predict_emotions, monkeypatch, capsys, *arguments)
    assert code == 0, printed
    folder = tmp_path / "emotions" / name_by_place(clip)
    track = load_track(folder / "track.yaml")
    assert track.events[0].emotion is Emotion.HAPPINESS
    assert track.duration_s == pytest.approx(6.0, abs=0.05)
    assert "recognised by a program" in (track.note or "")
    lines = (folder / "emotions.csv").read_text().splitlines()
    assert lines[0].startswith("# Emotions in this file were recognised")
    rows = [line.split(",") for line in lines[3:]]
    shots = {int(row[1]) for row in rows}
    assert shots == {0, 3}  # nobody in the black and in the texture
    assert len({row[2] for row in rows if row[1] == "3"}) == 2  # two people at once
    times_s = [float(row[0]) for row in rows]
    assert not [t for t in times_s if 2.0 <= t < 4.0]
    assert len(load_sequences(folder / "sequences.yaml")) == 3
    assert {"timeline.png", "transitions.png", "config.yaml"} <= {f.name for f in folder.iterdir()}


@pytest.mark.slow
def test_a_video_is_replayed_for_as_long_with_its_sound(clip, assets, run):
    arguments = ["track=video", f"track.path={clip}", "audio=${track.path}", "video.fps=15"]
    code, errors = run(*arguments)
    assert code == 0, errors
    facts = probe_video(run.folder / "video.mp4")
    assert facts.frame_count == 90
    assert "recognised by a program" in (run.folder / "track.yaml").read_text()
    import av

    with av.open(str(run.folder / "video.mp4")) as container:
        assert container.streams.audio


def test_a_predicted_track_is_filmed_as_long_as_asked(run):
    code, errors = run("track=lstm", "track.seconds=2.5", "track.start=[fear,calm]")
    assert code == 0, errors
    assert probe_video(run.folder / "video.mp4").frame_count == 20
    content = yaml.safe_load((run.folder / "track.yaml").read_text())
    assert content["emotions"][0]["emotion"] == "fear"


def test_sound_that_is_not_there_is_said_before_any_work(run, tmp_path):
    code, errors = run("audio=nowhere.wav")
    assert code == 1 and "nowhere.wav" in errors
    assert not (run.folder / "video.mp4").exists()


def test_a_users_own_sequences_become_a_network(tmp_path, monkeypatch, capsys):
    save_sequences(tmp_path / "mine.csv", make_process().draw(30, 1))
    arguments = ["sequences=file", f"sequences.path={tmp_path / 'mine.csv'}"]
    arguments += [f"paths.outputs={tmp_path}", "network.units=4", "training.epochs=2"]
    code, printed = call(train_sequence, monkeypatch, capsys, *arguments)
    assert code == 0, printed
    folder = tmp_path / "sequences"
    _, card = load_keras_file(folder / "model.keras", KIND, remake_model)
    assert card["data"] == "mine.csv"
    names = [row["name"] for row in json.loads((folder / "scores.json").read_text())]
    assert names[:4] == ["most frequent", *(f"n-gram, order {k}" for k in (1, 2, 3))]
    assert names[4:] == ["logistic regression on the last 2", "4 LSTM layers, with shortcuts"]
    assert card["network"] == names[5]
    assert "most frequent" in printed and (folder / "curves.png").is_file()


def test_a_missing_video_is_one_line(tmp_path, assets, monkeypatch, capsys):
    arguments = ["video.path=none.mp4", f"paths.outputs={tmp_path}"]
    code, printed = call(predict_emotions, monkeypatch, capsys, *arguments)
    assert code == 1 and printed.startswith("error: ") and "none.mp4" in printed
    assert printed.count("\n") == 1
