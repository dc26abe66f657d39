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

from benchmarks.pictures.floating_digits import SIDE_PX, Clip, Glyphs, make_clip, make_still_frames
from embed.projection.pnet import save_pnet
from embed.projection.pnet_fit import PNetPlan, fit_pnet
from synth.generators import load_generator, save_generator
from synth.generators.capabilities import need_differentiable
from synth.generators.dcgan import DCGANConfig
from synth.progress import Report, ignore_progress
from synth.storage.atomic import write_atomically
from synth.types import Frames
from synth.workshop.training.still_gan import StillPlan, fit_still_gan

#: Numbers of a latent, as in the article.
Z_DIM = 256
FRAMES, GENERATOR, PNET = "digits.npy", "digits.safetensors", "pnet.safetensors"
PICTURES = ("a.png", "b.png", "c.png")


@dataclass(frozen=True)
class Experiment:
    """Sizes of everything; the defaults take about half an hour of one core."""

    hands: int = 1
    frames: int = 8192
    channels: int = 16
    still: StillPlan = field(
        default_factory=lambda: StillPlan(steps=9000, batch=32, rate=3e-4, keep=0.998)
    )
    pnet: PNetPlan = field(default_factory=PNetPlan)
    shown_clip: int = 0


def prepare(folder: Path, experiment: Experiment, report: Report = ignore_progress) -> None:
    """Make what is missing in the folder."""
    glyphs = Glyphs.typical(experiment.hands)
    if not (folder / FRAMES).is_file():
        frames = make_still_frames(glyphs, experiment.frames, seed=0)
        with write_atomically(folder / FRAMES) as temporary:
            np.save(temporary, frames)
    if not (folder / GENERATOR).is_file():
        _train_generator(folder, experiment, report)
    if not (folder / PNET).is_file():
        _train_pnet(folder, experiment)
    save_pictures(folder, make_clip(glyphs, experiment.shown_clip))


def save_pictures(folder: Path, clip: Clip) -> None:
    """The first, middle and last frame of a clip."""
    chosen = np.linspace(0, len(clip.frames) - 1, len(PICTURES)).round().astype(int)
    for name, k in zip(PICTURES, chosen, strict=True):
        with write_atomically(folder / name) as temporary:
            cv2.imwrite(str(temporary), clip.frames[k])


def load_frames(folder: Path) -> Frames:
    """The single frames, in three colours."""
    return np.repeat(np.load(folder / FRAMES)[..., None], 3, axis=3)


def _train_generator(folder: Path, experiment: Experiment, report: Report) -> None:
    config = DCGANConfig.of_size(SIDE_PX, Z_DIM, experiment.channels, grey=True)
    plan = experiment.still
    generator, critic = fit_still_gan(load_frames(folder), config, plan, folder / "gan", report)
    card = {
        "data": f"{experiment.frames} frames of floating digits out of scikit-learn's",
        "command": "python -m benchmarks.pictures",
        "seed": str(plan.seed),
        "steps": f"{plan.steps} of {plan.batch} pictures",
    }
    save_generator(folder / GENERATOR, generator, "digits", card, critic)


def _train_pnet(folder: Path, experiment: Experiment) -> None:
    generator = need_differentiable(load_generator(folder / GENERATOR), "to train a P-Net")
    frames = load_frames(folder)
    network, figures = fit_pnet(generator, frames, experiment.pnet, folder / "pnet")
    card = {
        "data": f"{len(frames)} frames of floating digits out of scikit-learn's",
        "command": "python -m benchmarks.pictures",
        "seed": str(experiment.pnet.seed),
        "held_out_error": f"{figures['held_out_error']:g}",
    }
    save_pnet(folder / PNET, network, generator, card)
