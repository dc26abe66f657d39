from fractions import Fraction

import av
import numpy as np
import pytest
from footage_samples import draw_frame, write_clip

from synth.video.encoders import Encoding
from synth.video.sampling import sample_video
from synth.video.writing import write_video


def test_glimpses_come_at_the_asked_rate_and_cover_the_video(tmp_path):
    path = write_clip(tmp_path / "a.mp4", [draw_frame([(16, 2)])] * 75)
    seen = list(sample_video(path, 5))
    assert len(seen) == 15
    assert [one.time_s for one in seen] == pytest.approx([k / 5 for k in range(15)], abs=0.021)
    assert seen[-1].end_s == pytest.approx(3.0, abs=0.002)
    ends_s, following_s = [one.end_s for one in seen[:-1]], [one.time_s for one in seen[1:]]
    assert ends_s == pytest.approx(following_s, abs=0.002)


def test_a_slow_video_gives_all_its_frames(tmp_path):
    path = write_clip(tmp_path / "slow.mp4", [draw_frame([(16, k % 7)]) for k in range(6)], fps=2)
    assert len(list(sample_video(path, 5))) == 6


def test_a_cut_between_glimpses_is_seen_and_looked_at_at_once(tmp_path):
    frames = [draw_frame([(16, 2)])] * 28 + [draw_frame([(96, 1)], 200)] * 3
    frames += [draw_frame([(48, 4)], 20)] * 20
    seen = list(sample_video(write_clip(tmp_path / "cut.mp4", frames), 2))
    first = {one.shot: one.time_s for one in reversed(seen)}
    assert list(sorted(first)) == [0, 1, 2]
    assert first[1] == pytest.approx(28 / 25, abs=0.01)
    assert first[2] == pytest.approx(31 / 25, abs=0.01)


def test_pictures_are_reduced_and_colours_stay(tmp_path):
    frame = np.zeros((96, 160, 3), np.uint8)
    frame[:, :80], frame[:, 80:] = (200, 40, 40), (40, 60, 180)
    path = write_clip(tmp_path / "colours.mp4", [frame] * 5)
    (one, *_) = sample_video(path, 5, longest_px=80)
    assert one.picture.shape == (48, 80, 3)
    assert np.abs(one.picture[24, 10].astype(int) - (200, 40, 40)).max() < 12
    (full, *_) = sample_video(path, 5, longest_px=None)
    assert full.picture.shape == (96, 160, 3)


def test_a_phone_video_is_turned_upright(tmp_path):
    frame = np.zeros((96, 160, 3), np.uint8)
    frame[:20] = 220  # a bright top as stored
    flat = write_clip(tmp_path / "flat.mp4", [frame] * 5)
    turned = tmp_path / "turned.mp4"
    with av.open(str(flat)) as source, av.open(str(turned), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    data = bytearray(turned.read_bytes())
    # The matrix of the track header (ISO/IEC 14496-12, 8.3.2), turned by a quarter.
    at = data.index(b"tkhd") + 4 + 40
    matrix = [0, 1 << 16, 0, -(1 << 16) & 0xFFFFFFFF, 0, 0, 0, 0, 1 << 30]
    data[at : at + 36] = b"".join(value.to_bytes(4, "big") for value in matrix)
    turned.write_bytes(bytes(data))
    (one, *_) = sample_video(turned, 5)
    assert one.picture.shape == (160, 96, 3)
    sides = one.picture[:, :15].mean(), one.picture[:, -15:].mean()
    assert abs(sides[0] - sides[1]) > 150


def test_a_folder_of_pictures_is_a_video(tmp_path):
    frames = np.stack([draw_frame([(16, 2)])] * 10)
    write_video(tmp_path / "frames", [frames], Encoding(fps=10))
    seen = list(sample_video(tmp_path / "frames", 5))
    assert len(seen) == 5
    assert seen[-1].end_s == pytest.approx(1.0)


def test_a_rate_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="rate"):
        next(iter(sample_video(tmp_path / "x.mp4", 0)))


def test_memory_does_not_grow_with_length(tmp_path, monkeypatch):
    made = []
    import synth.video.sampling as sampling

    original = sampling._make_picture
    monkeypatch.setattr(sampling, "_make_picture", lambda *a: made.append(1) or original(*a))
    path = write_clip(tmp_path / "long.mp4", [draw_frame([(16, 2)])] * 100)
    count = sum(1 for _ in sample_video(path, 5))
    assert len(made) == count == 20  # only what is given out is converted
    assert Fraction(count, 5) == 4
