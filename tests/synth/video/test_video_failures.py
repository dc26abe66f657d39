"""What goes wrong while a video is written leaves no half file."""

import errno
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from child_processes import take_sigint
from full_disk import limit_file_size
from video_samples import (
    FORMATS,
    REPOSITORY,
    hash_files,
    make_moving_frames,
)

from synth.video.encoders import Encoding
from synth.video.writing import write_video


class Interrupted(BaseException):
    """Stands for Ctrl-C, which pytest would take for its own."""


@pytest.mark.parametrize("error", [Interrupted(), RuntimeError("the generator broke"), OSError(5)])
@pytest.mark.parametrize("name", FORMATS)
def test_error_while_rendering_passes_through_and_leaves_nothing(tmp_path, name, error):
    def produce():
        yield make_moving_frames(3)
        raise error

    before = threading.active_count()
    with pytest.raises(type(error)) as caught:
        write_video(tmp_path / name, produce())
    assert caught.value is error
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == before


def test_ctrl_c_ends_a_real_run_without_a_file(tmp_path):
    code = """
import itertools, sys
import numpy as np
from synth.video.writing import write_video
def produce():
    for k in itertools.count():
        yield np.full((2, 64, 64, 3), k % 256, np.uint8)
        print(k, flush=True)
write_video(sys.argv[1], produce())
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a.mp4")],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=take_sigint,
    )
    assert process.stdout is not None
    for _ in range(5):
        process.stdout.readline()
    assert any(tmp_path.iterdir())
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=180)
    assert process.returncode != 0
    assert error.strip().endswith("KeyboardInterrupt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FORMATS)
def test_failed_run_leaves_the_older_file(tmp_path, name):
    write_video(tmp_path / name, [make_moving_frames(3)])
    before = hash_files(tmp_path / name)
    with pytest.raises(ValueError, match="at least one frame"):
        write_video(tmp_path / name, iter([]))
    assert hash_files(tmp_path / name) == before
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("chunks", [1, 40])  # full at the end, and long before it
def test_full_disk_is_one_error_and_no_file(tmp_path, name, chunks):
    noise = np.random.default_rng(0).integers(0, 256, (4, 128, 128, 3), dtype=np.uint8)
    with limit_file_size(4000), pytest.raises(OSError, match=name) as caught:
        write_video(tmp_path / name, (noise for _ in range(chunks)), Encoding(crf=5))
    assert caught.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []


def test_encoder_failure_stops_a_slow_renderer(tmp_path, monkeypatch):
    from synth.video.encoders import ContainerEncoder

    def fail(self, frame):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ContainerEncoder, "write", fail)
    rendered = 0

    def produce():
        nonlocal rendered
        for _ in range(1000):
            time.sleep(0.01)
            rendered += 1
            yield make_moving_frames(1)

    with pytest.raises(OSError, match="No space left"):
        write_video(tmp_path / "a.mp4", produce())
    assert rendered < 300


def test_lost_frames_are_noticed(tmp_path, monkeypatch):
    from synth.video.encoders import PngFolderEncoder

    original = PngFolderEncoder.finish

    def lose_one(self):
        original(self)
        next(self._folder.iterdir()).unlink()

    monkeypatch.setattr(PngFolderEncoder, "finish", lose_one)
    with pytest.raises(OSError, match="wrote 3 frames but 2"):
        write_video(tmp_path / "frames", [make_moving_frames(3)])
    assert list(tmp_path.iterdir()) == []


def test_unwritable_folder_names_the_path(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match=r"file/clip\.mp4"):
        write_video(tmp_path / "file" / "clip.mp4", [make_moving_frames(2)])
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(OSError, match=r"folder\.mp4"):
        write_video(tmp_path / "folder.mp4", [make_moving_frames(2)])


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "beach.jpg").write_text("mine")
    with pytest.raises(OSError, match="holiday"):
        write_video(tmp_path / "holiday", [make_moving_frames(2)])
    assert (tmp_path / "holiday" / "beach.jpg").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.mp4", {"codec": "nonsense"}, "codec=nonsense"),
        ("a.mp4", {"codec": "aac"}, "codec=aac"),
        ("a.mp4", {"codec": "png"}, r"video codec for \.mp4 .* codec=png .* try codec=libx264"),
        ("a.mp4", {"codec": "gif"}, r"video codec for \.mp4 .* codec=gif .* try codec=libx264"),
        ("a.webm", {"codec": "png"}, r"video codec for \.webm .* try codec=libvpx-vp9"),
        ("a.webm", {"codec": "gif"}, r"video codec for \.webm .* try codec=libvpx-vp9"),
        ("a.webm", {"codec": "libx264"}, r"video codec for \.webm .* try codec=libvpx-vp9"),
        ("frames", {"codec": "libx264"}, "a folder of PNG .* try codec=png"),
        ("a.avi", {}, "a.avi"),
        ("a.mp4", {"fps": 0}, "fps=0"),
        ("a.mp4", {"fps": 0.0004}, r"fps from 0\.01 to 1000; got fps=0\.0004"),
        ("a.mp4", {"fps": float("nan")}, "fps=nan"),
        ("a.gif", {"fps": 60}, "fps=60"),
        ("a.mp4", {"crf": 52}, "crf=52"),
        ("a.mp4", {"gop": 0}, "gop=0"),
        ("a.mp4", {"size_px": 1}, "size_px=1"),
    ],
)
def test_bad_settings_are_named(tmp_path, name, options, message):
    options = dict(options)
    with pytest.raises(ValueError, match=message):
        size_px = options.pop("size_px", None)
        write_video(tmp_path / name, [make_moving_frames(2)], Encoding(**options), size_px)
    assert list(tmp_path.iterdir()) == []


def test_frames_of_changing_size_are_refused(tmp_path):
    chunks = [make_moving_frames(2, 32, 32), make_moving_frames(2, 64, 64)]
    with pytest.raises(ValueError, match="one size"):
        write_video(tmp_path / "a.mp4", iter(chunks))


def test_float_frames_are_refused(tmp_path):
    with pytest.raises(ValueError, match="uint8"):
        write_video(tmp_path / "a.mp4", iter([np.zeros((1, 8, 8, 3))]))
