"""Files of sound: every kind that PyAV decodes is heard alike, every wrong one is one sentence."""

import numpy as np
import pytest
from footage_samples import draw_frame, write_clip
from sound_samples import RATE_HZ, make_clicks, write_wav

from synth.sound import listening
from synth.sound.hearing import SpectrogramSettings
from synth.sound.listening import load_hearing
from synth.video.sound_reading import probe_sound, read_sound

CLICKS, AT_S = make_clicks(100, 4.0)


def load(path, **more):
    return load_hearing(path, SpectrogramSettings(), **more)


def test_all_channels_are_mixed_and_the_rate_is_ours(tmp_path):
    stereo = np.stack([CLICKS, np.zeros_like(CLICKS)], 1)
    path = write_wav(tmp_path / "stereo.wav", stereo)
    mono = np.concatenate(list(read_sound(path, 8000)))
    assert len(mono) == pytest.approx(4 * 8000, abs=40)
    plain = np.concatenate(list(read_sound(write_wav(tmp_path / "mono.wav", CLICKS), 8000)))
    ratio = np.abs(mono).max() / np.abs(plain).max()
    assert 0.45 < ratio < 0.75, "half of each channel, whatever the law of mixing"
    facts = probe_sound(path)
    assert (facts.channels, facts.rate_hz) == (2, RATE_HZ) and facts.duration_s == pytest.approx(4)


def test_only_the_beginning_is_read_where_asked(tmp_path):
    path = write_wav(tmp_path / "a.wav", CLICKS)
    assert sum(map(len, read_sound(path, 22050, 1.5))) == round(1.5 * 22050)
    assert load(path, seconds=1.5).duration_s == pytest.approx(1.5)
    assert load(path, seconds=60).duration_s == pytest.approx(4.0)


def test_a_video_file_is_heard_from_its_first_sample(tmp_path):
    frames = [draw_frame([]) for _ in range(25)]
    heard = load(write_clip(tmp_path / "clip.mp4", frames, audio_s=2.0))
    assert heard.duration_s == pytest.approx(2.0, abs=0.1)
    assert heard.peak_db > -20


def test_the_last_file_is_remembered_until_it_changes(tmp_path, monkeypatch):
    path = write_wav(tmp_path / "a.wav", CLICKS)
    steps = []
    first = load(path, report=lambda progress: steps.append(progress.step))
    assert load(path, report=lambda progress: steps.append(progress.step)) is first
    assert steps == ["listen"]
    write_wav(path, CLICKS[: 2 * RATE_HZ])
    assert load(path).duration_s == pytest.approx(2.0)
    assert len(listening._remembered) == 1


def write_wrong(kind, folder):
    path = folder / f"{kind}.wav"
    if kind == "folder":
        path.mkdir()
    elif kind == "silent":
        write_wav(path, np.zeros(RATE_HZ, np.float32))
    elif kind == "short":
        write_wav(path, CLICKS[:5000])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "no samples":
        write_wav(path, CLICKS[:0])
    elif kind == "text":
        path.write_text("this is not a sound\n" * 50)
    elif kind == "mute":
        return write_clip(folder / "mute.mp4", [draw_frame([]) for _ in range(3)])
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "found nothing at"),
        ("folder", "found a folder at"),
        ("silent", "got silence"),
        ("short", "at least 0.5 s; got 0.227 s"),
        ("empty", "readable file with sound"),
        ("no samples", "at least|readable"),
        ("text", "readable file with sound"),
        ("mute", "has none; try another"),
    ],
)
def test_a_wrong_file_is_one_sentence_that_names_it(kind, message, tmp_path):
    path = write_wrong(kind, tmp_path)
    with pytest.raises((ValueError, OSError), match=message) as caught:
        load(path)
    text = str(caught.value)
    assert str(path) in text and "\n" not in text and len(text) < 400


@pytest.mark.parametrize("seconds", [0, -3, 0.1, 1e9, float("nan"), float("inf")])
def test_absurd_lengths_are_refused(seconds, tmp_path):
    with pytest.raises(ValueError, match=r"seconds of a sound; got"):
        load(tmp_path / "any.wav", seconds=seconds)


def test_a_sound_of_days_is_refused_by_its_head(tmp_path, monkeypatch):
    path = write_wav(tmp_path / "long.wav", CLICKS)
    monkeypatch.setattr(listening, "LONGEST_S", 3.0)
    monkeypatch.setattr(listening, "hear", None)
    with pytest.raises(ValueError, match=r"long\.wav: needs a sound of at most"):
        load(path)


def test_a_stream_that_says_no_length_is_stopped(tmp_path, monkeypatch):
    path = write_wav(tmp_path / "endless.wav", CLICKS)
    facts = probe_sound(path)
    monkeypatch.setattr(listening, "LONGEST_S", 3.0)
    object.__setattr__(facts, "duration_s", None)
    monkeypatch.setattr(listening, "probe_sound", lambda _: facts)
    with pytest.raises(ValueError, match=r"endless\.wav: needs a sound of at most"):
        load(path)
