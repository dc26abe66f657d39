"""Numbers of likeness against their definitions, and the pictures of a report."""

import numpy as np
import pytest
import torch
from inversion_samples import make_loss
from PIL import Image

from embed.inversion.likeness import (
    LARGEST_PSNR_DB,
    Likeness,
    draw_side_by_side,
    find_psnr_db,
    format_likeness,
    measure_likeness,
    save_loss_curve,
)
from embed.inversion.result import Inversion


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    random = np.random.default_rng(0)
    coarse = random.integers(60, 200, (2, 8, 8, 3)).repeat(8, 1).repeat(8, 2)
    return coarse.astype(np.uint8)


class FixedEncoder:
    """The mean colour; nobody's face where the picture is black."""

    name = "mean colour"

    def encode(self, frames: np.ndarray) -> np.ndarray:
        rows = frames.reshape(len(frames), -1, 3).mean(1).astype(np.float64)
        rows[rows.sum(1) == 0] = np.nan
        return rows


def make_inversion(curve: np.ndarray, resolutions: list[int]) -> Inversion:
    one = np.ones(curve.shape[1], dtype=np.float32)
    return Inversion(
        w_plus=torch.zeros(curve.shape[1], 4, 8),
        losses=one,
        perceptual=one,
        pixel=one,
        start_losses=one,
        failed=one == 0,
        curve=curve,
        resolutions=np.array(resolutions, dtype=np.int64),
        seconds=3.2,
        ended="steps",
    )


def test_equal_pictures_are_as_alike_as_can_be(frames):
    for one in measure_likeness(frames, frames, make_loss(), FixedEncoder()):
        assert one.psnr_db == LARGEST_PSNR_DB
        assert one.ssim == pytest.approx(1)
        assert one.perceptual_distance == 0
        assert one.identity_distance == 0
        assert one.identity == "mean colour"


def test_numbers_are_those_of_the_definitions(frames):
    brighter = (frames + 10).astype(np.uint8)
    measured = measure_likeness(frames, brighter, encoder=FixedEncoder())
    for one in measured:
        assert one.psnr_db == pytest.approx(10 * np.log10(255**2 / 100))
        assert one.identity_distance == pytest.approx(np.sqrt(300))
        assert one.perceptual_distance is None
    assert find_psnr_db(frames[0], brighter[0]) == measured[0].psnr_db
    noisy = frames + np.random.default_rng(1).integers(-30, 30, frames.shape)
    noisier = measure_likeness(frames, noisy.clip(0, 255).astype(np.uint8), make_loss())
    assert all(a.ssim < b.ssim for a, b in zip(noisier, measured, strict=True))
    assert all(a.psnr_db < b.psnr_db for a, b in zip(noisier, measured, strict=True))


def test_no_face_gives_no_identity(frames):
    black = np.zeros_like(frames)
    assert measure_likeness(frames, black, encoder=FixedEncoder())[0].identity_distance is None


def test_larger_photos_are_reduced(frames):
    large = frames.repeat(2, 1).repeat(2, 2)
    assert measure_likeness(large, frames)[0].psnr_db == LARGEST_PSNR_DB


def test_what_does_not_pair_is_refused(frames):
    for other in (frames[:1], frames[:, :, :40], frames[:, :4, :4]):
        with pytest.raises(ValueError, match="needs as many square photos"):
            measure_likeness(frames, other)


def test_the_side_by_side_shows_both(frames):
    likeness = Likeness(21.5, 0.8, 0.1, 0.3)
    pixels = draw_side_by_side(frames[0], frames[1], likeness, tile_px=64)
    assert pixels.shape[1] > 2 * 64
    for frame in frames:
        colours = frame.reshape(-1, 3)
        assert all((pixels == colour).all(-1).sum() >= 64 for colour in np.unique(colours, axis=0))
    assert format_likeness(likeness).split("   ") == [
        "PSNR 21.5 dB",
        "SSIM 0.800",
        "perceptual 0.100",
        "identity 0.300",
    ]


def test_curves_of_any_kind_are_drawn_whole_or_not_at_all(tmp_path):
    falling = np.geomspace(1, 0.01, 20, dtype=np.float32)[:, None]
    gaps = falling.copy()
    gaps[3:6] = np.nan
    for name, curve in (
        ("falling", falling),
        ("gaps", gaps),
        ("nothing", np.full((3, 1), np.nan, dtype=np.float32)),
        ("none", np.zeros((0, 1), dtype=np.float32)),
    ):
        resolutions = [32] * (len(curve) // 2) + [64] * (len(curve) - len(curve) // 2)
        save_loss_curve(tmp_path / f"{name}.png", make_inversion(curve, resolutions))
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert picture.size == (840, 480)
    with pytest.raises(ValueError, match="an image from 0 to 0"):
        save_loss_curve(tmp_path / "bad.png", make_inversion(falling, [64] * 20), image=1)
    assert not (tmp_path / "bad.png").exists()
