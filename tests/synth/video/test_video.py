"""Written videos: what is in them, and how they come about."""

import threading
import weakref

import av
import numpy as np
import pytest
from PIL import Image
from video_samples import FORMATS, hash_files, make_moving_frames, measure_psnr_db, split

from synth.video.encoders import Encoding, set_decoding_times
from synth.video.provenance import MARK
from synth.video.writing import read_frames, write_video


@pytest.mark.parametrize(
    ("name", "least_db"),
    [("clip.mp4", 38), ("clip.webm", 38), ("clip.gif", 27), ("frames", float("inf"))],
)
def test_round_trip_keeps_frames_order_and_rate(tmp_path, name, least_db):
    frames = make_moving_frames(21)
    facts = write_video(tmp_path / name, split(frames, 4), Encoding(fps=25, crf=12))
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
        write_video(tmp_path / name, [frames], Encoding(crf=4))
        read = next(read_frames(tmp_path / name))[0].astype(int)
        assert np.abs(read - colour).max() <= 2, (colour, read[16, 16])


def test_mp4_says_bt709_limited_range_and_has_its_index_in_front(tmp_path):
    import av

    path = tmp_path / "clip.mp4"
    write_video(path, [make_moving_frames(3)], Encoding(gop=7))
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert context.pix_fmt == "yuv420p"
        assert (context.color_range, context.colorspace) == (1, 1)
        assert (context.color_primaries, context.color_trc) == (1, 1)
    data = path.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


@pytest.mark.parametrize("gop", [4, None])
def test_gop_sets_key_frames(tmp_path, gop):
    import av

    path = tmp_path / "clip.mp4"
    write_video(path, [make_moving_frames(25)], Encoding(fps=10, gop=gop))
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
        write_video(path, [noise], Encoding(crf=crf))
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
    facts = write_video(tmp_path / name, [make_moving_frames(3)], Encoding(fps=0.01))
    assert (facts.frame_count, facts.fps) == (3, pytest.approx(0.01))


@pytest.mark.parametrize("name", FORMATS)
def test_generated_media_is_marked_unless_told_not_to(tmp_path, name):
    frames = make_moving_frames(2)
    tags = write_video(tmp_path / "marked" / name, [frames], Encoding(made_by="tester")).tags
    assert MARK in tags.values() or MARK in tags.get("comment", "")
    tags = write_video(tmp_path / "plain" / name, [frames], Encoding(marked=False)).tags
    assert MARK not in str(tags)


def test_pillow_reads_the_gif_and_its_comment(tmp_path):
    write_video(tmp_path / "a.gif", [make_moving_frames(5)], Encoding(fps=20))
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


def test_encoding_runs_beside_rendering(tmp_path, monkeypatch):
    threads = set()
    from synth.video import writing as video

    original = video.pad_to_even
    monkeypatch.setattr(
        video,
        "pad_to_even",
        lambda f: (threads.add(threading.current_thread().name), original(f))[1],
    )
    write_video(tmp_path / "a.mp4", [make_moving_frames(2)])
    assert threads == {"encoder"}


@pytest.mark.parametrize("count", [1, 2])
def test_films_shorter_than_x265_looks_ahead(tmp_path, count):
    # x265 gave packets of such films times out of memory that nobody had set: one in 50 failed.
    frames = make_moving_frames(count)
    for _ in range(8):
        facts = write_video(tmp_path / "short.mp4", [frames], Encoding(fps=8, codec="libx265"))
        assert facts.frame_count == count
    with av.open(tmp_path / "short.mp4") as film:
        times = [(packet.dts, packet.pts) for packet in film.demux(video=0) if packet.size]
    assert len(times) == count and all(decoded == shown for decoded, shown in times)


def test_decoding_times_that_were_never_set():
    packets = [av.Packet(4), av.Packet(4)]
    for shown, (packet, garbage) in enumerate(zip(packets, (None, -(2**62)), strict=True)):
        packet.pts, packet.dts = shown, garbage
    set_decoding_times(packets)
    assert [packet.dts for packet in packets] == [0, 1]
