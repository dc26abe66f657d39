"""Train a small GAN on still pictures, and keep its critic.

    python -m scripts.train_still_gan pictures=folder out=own.safetensors plan.steps=5000
    python -m scripts.train_still_gan pictures=digits.npy out=digits.safetensors \\
        network.size_px=28 network.grey=true name=digits

In: a folder of pictures, or a .npy of uint8 [n, height, width] or [n, height, width, 3]; they are
resized to squares. Out: a generator that every command takes with generator=file, its critic in
the same file. A run that was stopped goes on by the same command: its folder keeps the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from scripts.entry import Place, run_script
from scripts.reporting import say
from scripts.terminal import TerminalProgress
from synth.generators import save_generator
from synth.generators.dcgan import DCGANConfig
from synth.storage.arrays import load_array
from synth.storage.atomic import check_output_path
from synth.storage.locks import own_folder
from synth.types import Frames
from synth.workshop.training.still_gan import StillPlan, fit_still_gan

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


@dataclass(frozen=True)
class NetworkSizes:
    """Of the pictures and of the network that draws them; see `DCGANConfig`."""

    size_px: int
    z_dim: int
    channels: int
    grey: bool


@dataclass(frozen=True)
class StillJob:
    """The entries of configs/train_still_gan.yaml."""

    pictures: str
    out: str
    network: NetworkSizes
    plan: StillPlan


def load_pictures(source: Path, size_px: int) -> Frames:
    """Every picture of a folder, or of a .npy, as uint8 [n, size, size, 3].

    Raises ValueError naming the file that is no picture, OSError for one that is not there.
    """
    if source.suffix == ".npy":
        array = load_array(source)
        if array.dtype != np.uint8 or array.ndim not in (3, 4) or array.shape[3:] not in ((), (3,)):
            raise ValueError(
                f"{source}: needs uint8 pictures [n, height, width] or [n, height, width, 3]; "
                f"got {array.dtype} {list(array.shape)}"
            )
        pictures = list(array)
    else:
        files = sorted(file for file in source.iterdir() if file.suffix.lower() in PICTURES)
        pictures = [_read_picture(file) for file in files]
    if not pictures:
        raise ValueError(f"{source}: needs pictures; got none; try {', '.join(PICTURES)}")
    return np.stack([_fit_square(picture, size_px) for picture in pictures])


def train(job: StillJob, place: Place) -> None:
    """Read, train, save."""
    out, sizes, plan = Path(job.out), job.network, job.plan
    check_output_path(out, ".safetensors")
    config = DCGANConfig.of_size(sizes.size_px, sizes.z_dim, sizes.channels, sizes.grey)
    pictures = load_pictures(Path(job.pictures), sizes.size_px)
    with TerminalProgress() as progress, own_folder(place.folder) as folder:
        generator, critic = fit_still_gan(pictures, config, plan, folder, progress)
    card = {
        "data": f"{len(pictures)} pictures of the user's own",
        "command": "python -m scripts.train_still_gan",
        "seed": str(plan.seed),
        "steps": f"{plan.steps} of {plan.batch} pictures",
    }
    save_generator(out, generator, out.stem, card, critic)
    say(f"{out}: {config.resolution}x{config.resolution} after {plan.steps} steps, its critic too")


def _read_picture(file: Path) -> np.ndarray:
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{file}: needs a picture; got something that cannot be read")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _fit_square(picture: np.ndarray, size_px: int) -> np.ndarray:
    """The middle square, resized, in three colours."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side]
    way = cv2.INTER_AREA if side > size_px else cv2.INTER_CUBIC
    resized = (
        square if side == size_px else cv2.resize(square, (size_px, size_px), interpolation=way)
    )
    return np.repeat(resized[..., None], 3, axis=2) if resized.ndim == 2 else resized


def main() -> None:
    """The command line."""
    run_script("train_still_gan", StillJob, train)


if __name__ == "__main__":
    main()
