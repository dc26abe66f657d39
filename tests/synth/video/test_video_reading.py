"""Videos of any origin are read, turned upright, or refused by name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from video_samples import make_moving_frames, split

from synth.video.writing import probe_video, read_frames, write_video


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


@pytest.mark.parametrize("fps", ["0", "-1", "nan", "inf", "1e9", "many"])
def test_a_folder_of_pictures_with_an_impossible_rate_is_named(tmp_path, fps):
    from PIL.PngImagePlugin import PngInfo

    tags = PngInfo()
    tags.add_text("fps", fps)
    path = tmp_path / "frame_000000.png"
    Image.new("RGB", (4, 4)).save(path, pnginfo=tags)
    with pytest.raises(ValueError, match=rf"frame_000000\.png: needs a tag fps .*{fps}"):
        probe_video(tmp_path)


def test_a_folder_whose_first_picture_is_none_is_named(tmp_path):
    (tmp_path / "frame_000000.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"frame_000000\.png is broken"):
        probe_video(tmp_path)
