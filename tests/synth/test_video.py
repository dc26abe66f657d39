import contextlib
import errno
import hashlib
import resource
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
from child_processes import take_sigint
from PIL import Image

from synth.provenance import MARK
from synth.video import probe_video, read_frames, write_video
from synth.video_encoders import Encoding

REPOSITORY = Path(__file__).resolve().parents[2]
FORMATS = ("clip.mp4", "clip.webm", "clip.gif", "frames")


def make_moving_frames(count: int, height: int = 64, width: int = 64) -> np.ndarray:
    """A smooth coloured pattern that drifts: what a face video is to an encoder."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    frames = []
    for k in range(count):
        phase = 2 * np.pi * k / 40
        waves = [np.sin(6 * x + phase), np.cos(5 * y - phase), np.sin(4 * (x + y) + phase)]
        frames.append(np.stack(waves, axis=-1) * 100 + 128)
    return np.stack(frames).astype(np.uint8)


def measure_psnr_db(a: np.ndarray, b: np.ndarray) -> float:
    error = np.mean((a.astype(float) - b.astype(float)) ** 2)
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


def split(frames: np.ndarray, chunk: int):
    return (frames[start : start + chunk] for start in range(0, len(frames), chunk))


def hash_files(path) -> str:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@pytest.mark.parametrize(
    ("name", "least_db"),
    [("clip.mp4", 38), ("clip.webm", 38), ("clip.gif", 27), ("frames", float("inf"))],
)
def test_round_trip_keeps_frames_order_and_rate(tmp_path, name, least_db):
    frames = make_moving_frames(21)
    facts = write_video(tmp_path / name, split(frames, 4), fps=25, crf=12)
    assert (facts.frame_count, facts.width_px, facts.height_px) == (21, 64, 64)
    assert facts.fps == pytest.approx(25)
    assert facts.duration_s == pytest.approx(21 / 25)
    read = np.concatenate(list(read_frames(tmp_path / name, chunk_frames=5)))
    assert read.shape == frames.shape
    for k in (0, 10, 20):
        assert measure_psnr_db(read[k], frames[k]) >= least_db
        # The right frame, not a neighbour: a step away must fit worse.
        assert measure_psnr_db(read[k], frames[k]) > measure_psnr_db(read[k], frames[(k + 5) % 21])


@pytest.mark.parametrize("name", FORMATS)
def test_same_frames_give_same_bytes(tmp_path, name):
    frames = make_moving_frames(12, 96, 96)
    hashes = set()
    for run in ("first", "second"):
        path = tmp_path / run / name
        write_video(path, split(frames, 3 if run == "first" else 5))
        hashes.add(hash_files(path))
    assert len(hashes) == 1


@pytest.mark.parametrize("name", ["clip.mp4", "clip.webm"])
def test_flat_colours_survive_within_two_levels(tmp_path, name):
    colours = [
        (0, 0, 0), (255, 255, 255), (128, 128, 128), (255, 0, 0), (0, 255, 0), (0, 0, 255),
        (224, 172, 105), (141, 85, 36), (255, 219, 172), (60, 20, 90),
    ]  # fmt: skip
    for colour in colours:
        frames = np.broadcast_to(np.array(colour, np.uint8), (2, 32, 32, 3))
        write_video(tmp_path / name, [frames], crf=4)
        read = next(read_frames(tmp_path / name))[0].astype(int)
        assert np.abs(read - colour).max() <= 2, (colour, read[16, 16])


def test_mp4_says_bt709_limited_range_and_has_its_index_in_front(tmp_path):
    import av

    path = tmp_path / "clip.mp4"
    write_video(path, [make_moving_frames(3)], gop=7)
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert context.pix_fmt == "yuv420p"
        assert (context.color_range, context.colorspace) == (1, 1)
        assert (context.color_primaries, context.color_trc) == (1, 1)
    data = path.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


def test_untagged_small_video_is_read_as_bt601(tmp_path):
    import av

    path = tmp_path / "untagged.mp4"
    colour = np.array([200, 60, 40], np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width = stream.height = 32
        frame = av.VideoFrame.from_ndarray(np.tile(colour, (32, 32, 1)), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU601")
        for item in (frame, None):
            container.mux(stream.encode(item))
    read = next(read_frames(path))[0].astype(int)
    assert np.abs(read - colour).max() <= 3


@pytest.mark.parametrize("gop", [4, None])
def test_gop_sets_key_frames(tmp_path, gop):
    import av

    path = tmp_path / "clip.mp4"
    write_video(path, [make_moving_frames(25)], fps=10, gop=gop)
    with av.open(str(path)) as container:
        keys = [k for k, p in enumerate(sorted(
            (p for p in container.demux(video=0) if p.size), key=lambda p: p.pts
        )) if p.is_keyframe]  # fmt: skip
    assert keys == list(range(0, 25, gop or 10))


def test_better_crf_is_closer_and_larger(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), dtype=np.uint8)
    sizes, quality = [], []
    for crf in (10, 40):
        path = tmp_path / f"{crf}.mp4"
        write_video(path, [noise], crf=crf)
        sizes.append(path.stat().st_size)
        quality.append(measure_psnr_db(np.concatenate(list(read_frames(path))), noise))
    assert sizes[0] > sizes[1]
    assert quality[0] > quality[1]


def test_odd_sides_are_padded_for_video_only(tmp_path):
    frames = make_moving_frames(3, 51, 37)
    assert write_video(tmp_path / "a.mp4", [frames]).width_px == 38
    read = next(read_frames(tmp_path / "a.mp4"))
    assert read.shape == (3, 52, 38, 3)
    assert measure_psnr_db(read[:, :51, :37], frames) > 30
    assert write_video(tmp_path / "frames", [frames]).width_px == 37


@pytest.mark.parametrize(("size_px", "size"), [(128, (64, 128)), (20, (10, 20)), (64, (32, 64))])
def test_size_px_sets_the_longer_side(tmp_path, size_px, size):
    facts = write_video(tmp_path / "frames", [make_moving_frames(2, 32, 64)], size_px=size_px)
    assert (facts.height_px, facts.width_px) == size


@pytest.mark.parametrize(
    ("fps", "exact"),
    [
        (29.97, 30000 / 1001),
        (23.976, 24000 / 1001),
        (23.98, 24000 / 1001),
        (59.94, 60000 / 1001),
        (119.88, 120000 / 1001),
        *((fps, fps) for fps in (0.01, 0.5, 1, 2, 3, 5, 6, 12.5, 24, 25, 30, 60, 1000)),
    ],
)
def test_broadcast_rates_are_exact(fps, exact):
    assert float(Encoding(fps=fps).rate) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("name", FORMATS)
def test_the_slowest_rate_is_kept(tmp_path, name):
    facts = write_video(tmp_path / name, [make_moving_frames(3)], fps=0.01)
    assert (facts.frame_count, facts.fps) == (3, pytest.approx(0.01))


@pytest.mark.parametrize("name", FORMATS)
def test_generated_media_is_marked_unless_told_not_to(tmp_path, name):
    frames = make_moving_frames(2)
    tags = write_video(tmp_path / "marked" / name, [frames], made_by="tester").tags
    assert MARK in tags.values() or MARK in tags.get("comment", "")
    tags = write_video(tmp_path / "plain" / name, [frames], marked=False).tags
    assert MARK not in str(tags)


def test_pillow_reads_the_gif_and_its_comment(tmp_path):
    write_video(tmp_path / "a.gif", [make_moving_frames(5)], fps=20)
    with Image.open(tmp_path / "a.gif") as image:
        assert (image.n_frames, image.info["duration"]) == (5, 50)
        assert image.info["comment"].decode() == MARK


def test_still_gif_keeps_its_frames(tmp_path):
    still = np.repeat(make_moving_frames(1), 6, axis=0)
    assert write_video(tmp_path / "a.gif", [still]).frame_count == 6
    assert sum(len(chunk) for chunk in read_frames(tmp_path / "a.gif")) == 6


def test_memory_does_not_grow_with_length(tmp_path):
    alive: list[weakref.ref] = []
    most = 0

    def produce():
        nonlocal most
        for _ in range(60):
            chunk = make_moving_frames(2, 32, 32)
            alive.append(weakref.ref(chunk))
            most = max(most, sum(reference() is not None for reference in alive))
            yield chunk

    write_video(tmp_path / "a.mp4", produce())
    assert most <= 6


def test_reading_holds_one_chunk(tmp_path):
    import tracemalloc

    peaks = []
    for count in (20, 120):
        write_video(tmp_path / "a.mp4", split(make_moving_frames(count, 128, 128), 20))
        tracemalloc.start()
        for _ in read_frames(tmp_path / "a.mp4", chunk_frames=4):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_encoding_runs_beside_rendering(tmp_path, monkeypatch):
    threads = set()
    from synth import video

    original = video.pad_to_even
    monkeypatch.setattr(
        video,
        "pad_to_even",
        lambda f: (threads.add(threading.current_thread().name), original(f))[1],
    )
    write_video(tmp_path / "a.mp4", [make_moving_frames(2)])
    assert threads == {"encoder"}


# What goes wrong


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
from synth.video import write_video
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


@contextlib.contextmanager
def limit_file_size(size_bytes: int):
    """The kernel refuses to let files grow beyond it, like a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("chunks", [1, 40])  # full at the end, and long before it
def test_full_disk_is_one_error_and_no_file(tmp_path, name, chunks):
    noise = np.random.default_rng(0).integers(0, 256, (4, 128, 128, 3), dtype=np.uint8)
    with limit_file_size(4000), pytest.raises(OSError, match=name) as caught:
        write_video(tmp_path / name, (noise for _ in range(chunks)), crf=5)
    assert caught.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []


def test_encoder_failure_stops_a_slow_renderer(tmp_path, monkeypatch):
    from synth.video_encoders import ContainerEncoder

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
    from synth.video_encoders import PngFolderEncoder

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
    with pytest.raises(ValueError, match=message):
        write_video(tmp_path / name, [make_moving_frames(2)], **options)
    assert list(tmp_path.iterdir()) == []


def test_frames_of_changing_size_are_refused(tmp_path):
    chunks = [make_moving_frames(2, 32, 32), make_moving_frames(2, 64, 64)]
    with pytest.raises(ValueError, match="one size"):
        write_video(tmp_path / "a.mp4", iter(chunks))


def test_float_frames_are_refused(tmp_path):
    with pytest.raises(ValueError, match="uint8"):
        write_video(tmp_path / "a.mp4", iter([np.zeros((1, 8, 8, 3))]))


def test_phone_video_is_turned_upright(tmp_path):
    import struct

    path = tmp_path / "phone.mp4"
    frames = np.zeros((6, 64, 96, 3), np.uint8)
    frames[:, :32, :48] = 255  # the corner at the top left
    write_video(path, [frames])
    data = bytearray(path.read_bytes())
    start = data.find(b"tkhd") + 44  # the track's display matrix, here a quarter turn clockwise
    quarter = (0, 1 << 16, 0, -(1 << 16), 0, 0, 64 << 16, 0, 1 << 30)
    data[start : start + 36] = struct.pack(">9i", *quarter)
    path.write_bytes(data)
    read = np.concatenate(list(read_frames(path)))
    assert read.shape == (6, 96, 64, 3)
    corners = [read[:, y, x].mean() > 128 for y in (8, -8) for x in (8, -8)]
    assert corners == [False, True, False, False]
    facts = probe_video(path)
    assert (facts.height_px, facts.width_px) == (96, 64)


@pytest.mark.parametrize("name", ["broken.mp4", "broken.webm"])
@pytest.mark.parametrize("damage", ["empty", "text", "cut", "short"])
def test_broken_video_is_named(tmp_path, name, damage):
    path = tmp_path / name
    write_video(path, [make_moving_frames(40, 128, 128)])
    data = path.read_bytes()
    left = {"empty": b"", "text": b"not a film", "cut": data[: len(data) // 2]}
    path.write_bytes(left.get(damage, data[: int(len(data) * 0.9)]))
    with pytest.raises(ValueError, match=name):
        list(read_frames(path))


def write_pausing_video(path: Path, pause_s: float) -> None:
    """Five frames a tenth of a second apart, the last one shown for `pause_s`."""
    import av

    frames = make_moving_frames(5)
    if path.suffix == ".gif":
        first, *others = map(Image.fromarray, frames)
        times_ms = [100, 100, 100, 100, round(1000 * pause_s)]
        first.save(path, save_all=True, append_images=others, duration=times_ms)
        return
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx-vp9" if path.suffix == ".webm" else "libx264", 10)
        stream.width = stream.height = 64
        packets = []
        for frame in frames:
            packets += stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24"))
        packets += stream.encode()
        last = max(packets, key=lambda packet: packet.pts)
        last.duration = round(pause_s / last.time_base)
        for packet in packets:
            container.mux(packet)


@pytest.mark.parametrize("name", ["a.gif", "a.mp4", "a.webm"])
def test_a_pause_on_the_last_frame_is_no_damage(tmp_path, name):
    write_pausing_video(tmp_path / name, 3.0)
    assert sum(len(chunk) for chunk in read_frames(tmp_path / name)) == 5
    assert probe_video(tmp_path / name).frame_count == 5


def test_missing_and_soundless_inputs_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.mp4"):
        list(read_frames(tmp_path / "nothing.mp4"))
    with pytest.raises(FileNotFoundError, match=r"nothing\.mp4"):
        probe_video(tmp_path / "nothing.mp4")
    with pytest.raises(ValueError, match=r"frame_000000\.png"):
        list(read_frames(tmp_path))
