"""What the experiment needs, made where it is missing: frames, GAN with critic, P-Net, pictures.

In: a folder. Out: in it digits.npy (single frames), digits.safetensors (generator and critic),
pnet.safetensors, and a.png, b.png, c.png: the first, middle and last frame of a clip. Training that
was stopped goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from benchmarks.pictures.floating_digits import (
    DIGITS,
    SIDE_PX,
    Clip,
    Glyphs,
    make_clip,
    make_still_frames,
)
from benchmarks.pictures.joint_training import JointPlan, fit_jointly
from embed.projection.pnet import save_pnet
from synth.generators import load_generator, save_generator
from synth.generators.dcgan import DCGANConfig
from synth.progress import Report, ignore_progress
from synth.storage.atomic import write_atomically

#: Numbers of a latent, as in the article.
Z_DIM = 256
FRAMES, GENERATOR, PNET = "digits.npy", "digits.safetensors", "pnet.safetensors"
PICTURES = ("a.png", "b.png", "c.png")


@dataclass(frozen=True)
class Experiment:
    """Sizes of everything; the defaults take about four minutes of one core."""

    digits: tuple[int, ...] = DIGITS
    hands: int = 1
    frames: int = 16384
    channels: int = 16
    joint: JointPlan = field(default_factory=JointPlan)
    shown_clip: int = 2


def prepare(folder: Path, experiment: Experiment, report: Report = ignore_progress) -> None:
    """Make what is missing in the folder."""
    glyphs = Glyphs.typical(experiment.hands, experiment.digits)
    if not (folder / FRAMES).is_file():
        frames = make_still_frames(glyphs, experiment.frames, seed=0)
        with write_atomically(folder / FRAMES) as temporary:
            np.save(temporary, frames)
    if not all((folder / name).is_file() for name in (GENERATOR, PNET)):
        _train(folder, experiment, report)
    save_pictures(folder, make_clip(glyphs, experiment.shown_clip))


def save_pictures(folder: Path, clip: Clip) -> None:
    """The first, middle and last frame of a clip."""
    chosen = np.linspace(0, len(clip.frames) - 1, len(PICTURES)).round().astype(int)
    for name, k in zip(PICTURES, chosen, strict=True):
        with write_atomically(folder / name) as temporary:
            cv2.imwrite(str(temporary), clip.frames[k])


def _train(folder: Path, experiment: Experiment, report: Report) -> None:
    config = DCGANConfig.of_size(SIDE_PX, Z_DIM, experiment.channels, grey=True)
    frames, plan = np.load(folder / FRAMES), experiment.joint
    generator, critic, pnet = fit_jointly(config, frames, plan, folder / "joint", report)
    card = {
        "data": f"{len(frames)} frames of floating digits out of scikit-learn's",
        "command": "python -m benchmarks.pictures",
        "seed": str(plan.seed),
        "steps": f"{plan.steps} of {plan.batch} pictures",
    }
    save_generator(folder / GENERATOR, generator, "digits", card, critic)
    save_pnet(folder / PNET, pnet, load_generator(folder / GENERATOR), card)
