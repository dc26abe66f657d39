"""The package is replaced by a stand-in, since its weights are not to be had in a test."""

import sys
import types

import numpy as np
import pytest
import torch
from torch import nn

from embed.faces import fan
from embed.faces.fan import FanPoints, SfdDetector, find_fan_square, read_maps
from embed.faces.landmarks import FaceFinder
from synth.storage.assets import AssetError, find_card


class BrightestSpot(nn.Module):
    """As FAN: four stacks of maps [batch, 68, 64, 64]; the last shows where the picture is red."""

    def __init__(self, hourglasses: int = 1) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(1))
        self.hourglasses = hourglasses

    def forward(self, x):
        assert x.shape == (1, 3, 256, 256) and x.min() >= 0 and x.max() <= 1
        red = nn.functional.avg_pool2d(x[:, :1] - x[:, 1:2], 4) * self.gain
        maps = red.expand(1, 68, 64, 64)
        return [torch.zeros_like(maps)] * (self.hourglasses - 1) + [maps]


class SquareDetector:
    """As the package's FaceDetector for S3FD."""

    def __init__(self, device, verbose, path_to_detector) -> None:
        assert path_to_detector.endswith("s3fd.pth")

    def detect_from_image(self, picture):
        assert picture.dtype == np.uint8 and picture.flags.c_contiguous
        return [np.array([60, 80, 160, 180, 0.99], np.float32)]


@pytest.fixture
def package(monkeypatch, tmp_path):
    modules = {
        "face_alignment": types.ModuleType("face_alignment"),
        "face_alignment.models": types.ModuleType("face_alignment.models"),
        "face_alignment.detection": types.ModuleType("face_alignment.detection"),
        "face_alignment.detection.sfd": types.ModuleType("face_alignment.detection.sfd"),
    }
    setattr(modules["face_alignment.models"], "FAN", BrightestSpot)  # noqa: B010
    setattr(modules["face_alignment.detection.sfd"], "FaceDetector", SquareDetector)  # noqa: B010
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    files = {fan.FAN: tmp_path / "fan.pth", fan.SFD: tmp_path / "s3fd.pth"}
    torch.save({"gain": torch.ones(1)}, files[fan.FAN])
    monkeypatch.setattr(fan, "fetch_asset", files.__getitem__)
    return files


def draw_spot(x: float, y: float) -> np.ndarray:
    picture = np.full((240, 300, 3), 90, np.uint8)
    picture[..., 0] = 90 + 160 * np.exp(
        -((np.arange(300)[None] - x) ** 2 + (np.arange(240)[:, None] - y) ** 2) / 50
    )
    return picture


def test_points_come_back_in_the_pictures_own_pixels(package):
    finder = FaceFinder(detector="sfd", points="fan")
    for x, y in ((110, 120), (80, 150), (140.4, 99.7)):
        face = finder.find_faces(draw_spot(x, y))[0]
        assert face.points.shape == (68, 2) and face.points.dtype == np.float64
        assert np.abs(face.points - (x, y)).max() < 1.6  # half a cell of 205 / 64 pixels
        assert face.box.tolist() == [60, 80, 160, 180] and face.score == pytest.approx(0.99)


def test_a_face_at_the_border_is_cut_out_on_black(package):
    box = np.array([-20.0, -30, 60, 50])
    assert np.isfinite(FanPoints().place(draw_spot(10, 10), box)).all()


def test_the_square_is_that_of_the_paper():
    square = find_fan_square(np.array([100.0, 200, 180, 320]))
    assert np.allclose(square.mean(axis=0), (140, 260 - 0.12 * 120))
    assert np.allclose(square[2] - square[0], 200 * (80 + 120) / 195)


def test_maps_are_read_to_a_quarter_of_a_cell():
    maps = np.zeros((68, 64, 64), np.float32)
    maps[:, 20, 30], maps[:, 20, 31], maps[:, 19, 30] = 1.0, 0.5, 0.4
    assert np.allclose(read_maps(maps), (30.25, 19.75))
    corner = np.zeros((68, 64, 64), np.float32)
    corner[:, 0, 63] = 1.0
    assert np.allclose(read_maps(corner), (63, 0))
    assert np.allclose(read_maps(np.zeros((68, 64, 64), np.float32)), 0)


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "face_alignment", None)
    picture = draw_spot(5, 5)
    for call in (
        lambda: FanPoints().place(picture, np.array([0.0, 0, 50, 50])),
        lambda: SfdDetector().detect(picture),
        FaceFinder(detector="sfd").fetch_models,
        FaceFinder(points="fan").fetch_models,
    ):
        with pytest.raises(ValueError, match="needs the Python package face-alignment"):
            call()


def test_foreign_weights_are_named(package):
    torch.save({"other": torch.ones(1)}, package[fan.FAN])
    with pytest.raises(ValueError, match=r"fan\.pth holds something else"):
        FanPoints().place(draw_spot(5, 5), np.array([0.0, 0, 50, 50]))
    package[fan.FAN].write_bytes(b"hello")
    with pytest.raises(ValueError, match=r"fan\.pth holds something else"):
        FanPoints().place(draw_spot(5, 5), np.array([0.0, 0, 50, 50]))


def test_weights_come_by_our_cards_only(package, monkeypatch):
    def refuse(name):
        raise AssetError(f"needs {name}; got MOODREEL_OFFLINE")

    monkeypatch.setattr(fan, "fetch_asset", refuse)
    with pytest.raises(AssetError, match="fan-2d"):
        FanPoints().place(draw_spot(5, 5), np.array([0.0, 0, 50, 50]))
    with pytest.raises(AssetError, match="sfd-detector"):
        SfdDetector().detect(draw_spot(5, 5))
    with pytest.raises(AssetError, match="fan-2d"):
        FaceFinder(points="fan").fetch_models()
    with pytest.raises(AssetError, match="sfd-detector"):
        FaceFinder(detector="sfd").fetch_models()
    for name in (fan.FAN, fan.SFD):
        assert find_card(name).url
