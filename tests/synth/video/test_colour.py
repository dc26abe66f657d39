import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from synth.video.colour import (
    BT601,
    BT709,
    WEIGHTS,
    convert_to_rgb,
    convert_to_yuv420p,
    make_matrix,
)


def draw_smooth(seed: int, height: int = 96, width: int = 128) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def split_planes(planes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    width = planes.shape[1]
    height = planes.shape[0] * 2 // 3
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    return planes[:height], chroma[0], chroma[1]


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
    ],
)
def test_primaries_have_the_values_of_the_standard(rgb, expected):
    frame = np.broadcast_to(np.array(rgb, np.uint8), (4, 6, 3)).copy()
    found = [plane.ravel().tolist() for plane in split_planes(convert_to_yuv420p(frame))]
    assert [set(values) for values in found] == [{value} for value in expected]


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_another_implementation(seed):
    frame = draw_smooth(seed)
    other = VideoReformatter().reformat(
        av.VideoFrame.from_ndarray(frame, format="rgb24"),
        format="yuv420p",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        interpolation="BICUBIC",
    )
    difference = np.abs(convert_to_yuv420p(frame).astype(int) - other.to_ndarray())
    assert difference[:96].max() <= 1
    assert difference[96:].mean() < 0.4 and difference[96:].max() <= 3


@pytest.mark.parametrize("weights", [*WEIGHTS.values()])
@pytest.mark.parametrize("full_range", [True, False])
def test_there_and_back_costs_rounding_only(weights, full_range):
    frame = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    planes = cv2.transform(frame, make_matrix(weights, full_range))
    back = convert_to_rgb(np.ascontiguousarray(np.moveaxis(planes, -1, 0)), weights, full_range)
    assert np.abs(back.astype(int) - frame).max() <= 2


def test_standards_and_ranges_are_not_the_same():
    planes = np.array([100, 90, 160], np.uint8).reshape(3, 1, 1).repeat(2, 1).repeat(2, 2)
    pictures = {
        tuple(convert_to_rgb(planes, weights, full)[0, 0])
        for weights in (BT709, BT601)
        for full in (True, False)
    }
    assert len(pictures) == 4


def test_chroma_is_the_mean_of_four_pixels():
    for y, x in ((0, 4), (1, 5), (0, 5)):
        frame = np.zeros((4, 8, 3), np.uint8)
        frame[y, x] = (0, 0, 255)
        _, blue, _ = split_planes(convert_to_yuv420p(frame))
        assert blue[0, 2] - 128 == 28  # a quarter of 112
        assert (np.delete(blue.ravel(), 2) == 128).all()


def test_odd_sides_are_refused():
    with pytest.raises(ValueError, match="7x4"):
        convert_to_yuv420p(np.zeros((4, 7, 3), np.uint8))
