"""What the experiment needs, made where it is missing: frames, GAN with critic, P-Net, pictures.

In: a folder. Out: in it digits.npy (single frames), plain.safetensors (a GAN, with its critic),
digits.safetensors (the same, after it learned with P-Net), pnet.safetensors, and a.png, b.png,
c.png: the first, middle and last frame of a clip. Training that was stopped goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from benchmarks.pictures.floating_digits import SIDE_PX, Clip, Glyphs, make_clip, make_still_frames
from benchmarks.pictures.joint_training import JointPlan, fit_jointly
from embed.projection.pnet import save_pnet
from synth.generators import load_generator, save_generator
from synth.generators.dcgan import DCGAN, DCGANConfig, DCGANCritic
from synth.progress import Report, ignore_progress
from synth.storage.atomic import write_atomically
from synth.types import Frames
from synth.workshop.training.still_gan import StillPlan, StillTrainer, fit_still_gan

#: Numbers of a latent, as in the article.
Z_DIM = 256
FRAMES, GENERATOR, PNET = "digits.npy", "digits.safetensors", "pnet.safetensors"
#: The GAN before it learned together with P-Net.
PLAIN = "plain.safetensors"
PICTURES = ("a.png", "b.png", "c.png")


@dataclass(frozen=True)
class Experiment:
    """Sizes of everything; the defaults take about half an hour of one core."""

    hands: int = 1
    frames: int = 8192
    channels: int = 16
    still: StillPlan = field(
        default_factory=lambda: StillPlan(steps=7000, batch=32, rate=3e-4, keep=0.998)
    )
    joint: JointPlan = field(default_factory=JointPlan)
    shown_clip: int = 0


def prepare(folder: Path, experiment: Experiment, report: Report = ignore_progress) -> None:
    """Make what is missing in the folder."""
    glyphs = Glyphs.typical(experiment.hands)
    if not (folder / FRAMES).is_file():
        frames = make_still_frames(glyphs, experiment.frames, seed=0)
        with write_atomically(folder / FRAMES) as temporary:
            np.save(temporary, frames)
    if not (folder / PLAIN).is_file():
        _train_plain(folder, experiment, report)
    if not all((folder / name).is_file() for name in (GENERATOR, PNET)):
        _train_jointly(folder, experiment, report)
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


def _train_plain(folder: Path, experiment: Experiment, report: Report) -> None:
    config = DCGANConfig.of_size(SIDE_PX, Z_DIM, experiment.channels, grey=True)
    plan = experiment.still
    generator, critic = fit_still_gan(load_frames(folder), config, plan, folder / "gan", report)
    card = _make_card(experiment, f"{plan.steps} of {plan.batch} pictures")
    save_generator(folder / PLAIN, generator, "digits, the GAN alone", card, critic)


def _train_jointly(folder: Path, experiment: Experiment, report: Report) -> None:
    frames, plan = load_frames(folder), experiment.joint

    def begin() -> tuple[DCGAN, DCGANCritic]:
        config = DCGANConfig.of_size(SIDE_PX, Z_DIM, experiment.channels, grey=True)
        trainer = StillTrainer(config, experiment.still, frames)
        trainer.load_state(folder / "gan")
        return trainer.generator, trainer.critic

    generator, critic, pnet = fit_jointly(begin, frames, plan, folder / "joint", report)
    steps = f"{experiment.still.steps} alone, {plan.steps} with P-Net, of {plan.batch} pictures"
    card = _make_card(experiment, steps)
    save_generator(folder / GENERATOR, generator, "digits", card, critic)
    save_pnet(folder / PNET, pnet, load_generator(folder / GENERATOR), card)


def _make_card(experiment: Experiment, steps: str) -> dict[str, str]:
    return {
        "data": f"{experiment.frames} frames of floating digits out of scikit-learn's",
        "command": "python -m benchmarks.pictures",
        "seed": str(experiment.still.seed),
        "steps": steps,
    }
