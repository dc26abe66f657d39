"""How alike a photo and its inversion are: numbers per image, a side by side, a loss curve.

In: uint8 RGB frames [frame, n, n, 3] of the aligned photo and of what the generator draws. PSNR
and SSIM (Wang et al. 2004) are scikit-image's; the perceptual distance is the loss that was
minimised or another; the identity distance is that of a face encoder that is passed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from embed.inversion.result import Inversion
from embed.networks.perceptual import PerceptualLoss, find_perceptual_distance
from synth.faces.observers import (
    FaceEncoder,
)
from synth.film.contact_sheet import TileLabel, make_contact_sheet
from synth.resizing import resize_frames
from synth.storage.atomic import write_atomically
from synth.types import Frames, to_images

#: Reported for equal pictures, whose ratio is infinite, so that every report is plain JSON.
LARGEST_PSNR_DB = 100.0
LEAST_PX = 8
#: Other names than the photos': sizes and counts are for us to check.
FoundFrames = UInt8[np.ndarray, "found found_height found_width 3"]
_COLOUR, _FAINT = "#3b6ea5", "#9aa0aa"


@dataclass(frozen=True)
class Likeness:
    """One image's numbers; perceptual and identity name what measured them.

    psnr_db: peak signal to noise, more is closer; ssim: 1 for equal pictures; perceptual_distance
    and identity_distance: 0 for equal ones, None where nothing measured it or no face was found.
    """

    psnr_db: float
    ssim: float
    perceptual_distance: float | None = None
    identity_distance: float | None = None
    perceptual: str | None = None
    identity: str | None = None


def measure_likeness(
    photos: Frames,
    found: FoundFrames,
    perceptual: PerceptualLoss | None = None,
    encoder: FaceEncoder | None = None,
    device: str | torch.device = "cpu",
) -> list[Likeness]:
    """Every photo against what was found for it; larger photos are reduced to the found ones' size.

    device: where the perceptual loss lies. Raises ValueError for frames that do not pair up.
    """
    photos = pair_frames(photos, found)
    distances: list[float | None] = [None] * len(found)
    if perceptual is not None:
        pairs = zip(to_images(photos).split(1), to_images(found).split(1), strict=True)
        with torch.no_grad():
            distances = [
                float(find_perceptual_distance(perceptual, a.to(device), b.to(device)))
                for a, b in pairs
            ]
    identities: list[float | None] = [None] * len(found)
    if encoder is not None:
        gaps = np.linalg.norm(encoder.encode(photos) - encoder.encode(found), axis=1)
        identities = [float(gap) if np.isfinite(gap) else None for gap in gaps]
    return [
        Likeness(
            psnr_db=find_psnr_db(photo, picture),
            ssim=find_ssim(photo, picture),
            perceptual_distance=distances[k],
            identity_distance=identities[k],
            perceptual=None if perceptual is None else perceptual.name,
            identity=None if encoder is None else encoder.name,
        )
        for k, (photo, picture) in enumerate(zip(photos, found, strict=True))
    ]


def find_psnr_db(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal to noise ratio of two uint8 pictures in dB; 100 for equal ones."""
    if np.array_equal(a, b):
        return LARGEST_PSNR_DB
    return float(peak_signal_noise_ratio(a, b, data_range=255))


def find_ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity of two uint8 pictures, 1 for equal ones."""
    # The function gives more than a number when asked to, which its annotation cannot tell.
    found: Any = structural_similarity(a, b, channel_axis=-1, data_range=255)
    return float(found)


def pair_frames(photos: Frames, found: FoundFrames) -> FoundFrames:
    """The photos at the size of `found`. Raises ValueError for other counts or shapes."""
    square = photos.shape[1] == photos.shape[2] and found.shape[1] == found.shape[2]
    if len(photos) != len(found) or not len(found) or not square or found.shape[1] < LEAST_PX:
        raise ValueError(
            "needs as many square photos as pictures found for them, 8 pixels or more a side; "
            f"got {list(photos.shape)} and {list(found.shape)}"
        )
    return resize_frames(photos, found.shape[1])


def draw_side_by_side(
    photo: np.ndarray, found: np.ndarray, likeness: Likeness | None = None, tile_px: int = 512
) -> np.ndarray:
    """The photo [n, n, 3] and what was found for it, with the numbers above: [height, width, 3]."""
    photos = pair_frames(photo[None], found[None])
    facts = "" if likeness is None else format_likeness(likeness)
    labels: Sequence[TileLabel] = (TileLabel("photo"), TileLabel("inversion"))
    pictures = np.concatenate([photos, found[None]])
    return make_contact_sheet(pictures, labels, title=facts, columns=2, tile_px=tile_px)


def format_likeness(likeness: Likeness) -> str:
    """The numbers in one line."""
    parts = [f"PSNR {likeness.psnr_db:.1f} dB", f"SSIM {likeness.ssim:.3f}"]
    if likeness.perceptual_distance is not None:
        parts.append(f"perceptual {likeness.perceptual_distance:.3f}")
    if likeness.identity_distance is not None:
        parts.append(f"identity {likeness.identity_distance:.3f}")
    return "   ".join(parts)


def save_loss_curve(path: str | Path, inversion: Inversion, image: int = 0) -> None:
    """A PNG of one image's loss over steps, with the resolutions that it was measured at.

    Raises ValueError for an image that there is not.
    """
    if not 0 <= image < inversion.curve.shape[1]:
        raise ValueError(f"needs an image from 0 to {inversion.curve.shape[1] - 1}; got {image}")
    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    losses = inversion.curve[:, image]
    steps = np.arange(1, len(losses) + 1)
    shown = np.where(np.isfinite(losses) & (losses > 0), losses, np.nan)
    axis.plot(steps, shown, color=_COLOUR, linewidth=1.4)
    if np.isfinite(shown).any():
        axis.set_yscale("log")
    changes = np.flatnonzero(np.diff(inversion.resolutions, prepend=-1))
    for place in changes:
        axis.axvline(place + 1, color=_FAINT, linewidth=0.8, linestyle="--")
        label = f" {inversion.resolutions[place]} px"
        axis.text(
            place + 1, 0.98, label, transform=axis.get_xaxis_transform(), va="top", fontsize=8
        )
    axis.set_xlabel(f"step ({inversion.seconds:.0f} s, ended by {inversion.ended})")
    axis.set_ylabel("loss (equation 1 and penalties)")
    axis.set_title(f"best at full resolution: {inversion.losses[image]:.4f}", fontsize=10)
    axis.grid(alpha=0.25, which="both")
    axis.spines[["top", "right"]].set_visible(False)
    with write_atomically(path) as temporary:
        figure.savefig(temporary, format="png")
