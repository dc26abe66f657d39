import hashlib

import av
import numpy as np
import pytest
from footage_samples import draw_frame, write_clip

from synth.video.encoders import Encoding
from synth.video.provenance import MARK
from synth.video.sound import add_sound, check_sound
from synth.video.sound_reading import has_sound
from synth.video.writing import probe_video, read_frames, write_video

FRAMES = np.stack([draw_frame([(16, k % 7)]) for k in range(50)])


def read_sound(path):
    with av.open(str(path)) as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
        return np.concatenate(parts, axis=1), container.streams.audio[0].rate


@pytest.fixture
def film(tmp_path):
    write_video(tmp_path / "film.mp4", [FRAMES], Encoding(fps=25))
    return tmp_path / "film.mp4"


@pytest.mark.parametrize(("seconds", "heard_s"), [(5.0, 2.0), (1.0, 1.0)])
def test_sound_is_added_and_ends_with_the_film(film, tmp_path, seconds, heard_s):
    source = write_clip(tmp_path / "source.mp4", list(FRAMES[:3]), audio_s=seconds)
    pictures = np.concatenate(list(read_frames(film)))
    add_sound(film, source)
    wave, rate = read_sound(film)
    assert wave.shape[1] / rate == pytest.approx(heard_s, abs=0.05)
    assert np.abs(wave[:, : rate // 2]).max() > 0.1  # the tone is there
    assert np.array_equal(np.concatenate(list(read_frames(film))), pictures)
    assert probe_video(film).frame_count == 50
    assert probe_video(film).tags["comment"] == MARK


def test_the_same_sound_gives_the_same_bytes(film, tmp_path):
    source = write_clip(tmp_path / "source.mp4", list(FRAMES[:3]), audio_s=1.0)
    silent = film.read_bytes()
    sums = []
    for _ in range(2):
        film.write_bytes(silent)
        add_sound(film, source)
        sums.append(hashlib.sha256(film.read_bytes()).hexdigest())
    assert sums[0] == sums[1]


def test_webm_takes_sound_too(tmp_path):
    write_video(tmp_path / "film.webm", [FRAMES[:25]], Encoding(fps=25))
    source = write_clip(tmp_path / "source.mp4", list(FRAMES[:3]), audio_s=3.0)
    add_sound(tmp_path / "film.webm", source)
    wave, rate = read_sound(tmp_path / "film.webm")
    assert wave.shape[1] / rate == pytest.approx(1.0, abs=0.05)


def test_a_source_without_sound_leaves_the_film_alone(film, tmp_path):
    source = write_clip(tmp_path / "mute.mp4", list(FRAMES[:3]))
    before = film.read_bytes()
    with pytest.raises(ValueError, match=r"mute\.mp4 has none"):
        add_sound(film, source)
    assert film.read_bytes() == before
    assert {file.name for file in tmp_path.iterdir()} == {"film.mp4", "mute.mp4"}


def test_films_that_carry_no_sound_are_refused_before_work(tmp_path):
    with pytest.raises(ValueError, match=r"film\.gif"):
        check_sound(tmp_path / "film.gif", tmp_path / "x.mp4")
    with pytest.raises(FileNotFoundError, match=r"x\.mp4"):
        check_sound(tmp_path / "film.mp4", tmp_path / "x.mp4")


def test_whether_there_is_sound_is_told_without_an_error(tmp_path):
    heard = write_clip(tmp_path / "heard.mp4", list(FRAMES[:3]), audio_s=0.2)
    mute = write_clip(tmp_path / "mute.mp4", list(FRAMES[:3]))
    assert has_sound(heard) and not has_sound(mute) and not has_sound(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"none\.mp4"):
        has_sound(tmp_path / "none.mp4")
