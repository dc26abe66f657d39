"""A generator becomes its coarse encoder: a network that guesses W+ from one look at a picture.

    python -m scripts.train_encoder out=embed/encoder/weights/moodreel-encoder.safetensors
    python -m scripts.train_encoder generator=file generator.path=ffhq.pkl name=ffhq_encoder \\
        plan.backbone=resnet50 plan.start=imagenet plan.picture_px=256 plan.resolution=256

In: a generator. Out: one .safetensors for that generator only, and in the run's folder log.csv, a
sheet of held-out faces above their guesses, and the learning curve. Can be stopped at any time; the
same command goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from embed.encoder.fit import fit_encoder
from embed.encoder.plan import EncoderPlan
from embed.encoder.store import save_encoder
from embed.networks.perceptual import load_distance
from scripts.building import Deferred
from scripts.entry import Place, run_script
from scripts.reporting import say
from synth.devices import choose_device
from synth.generators.base import Generator
from synth.generators.capabilities import need_differentiable
from synth.storage.atomic import check_output_path
from synth.storage.locks import own_folder


@dataclass(frozen=True)
class EncoderJob:
    """The entries of configs/train_encoder.yaml; `perceptual`: what guesses are compared by."""

    plan: EncoderPlan
    perceptual: Literal["bundled", "lpips"]
    device: str
    out: str
    generator: Deferred[Generator]


def train_encoder(job: EncoderJob, place: Place) -> None:
    """Train and write the encoder to job.out."""
    out = Path(job.out)
    check_output_path(out, ".safetensors")
    device = choose_device(job.device)
    generator = need_differentiable(job.generator.build(), "to train an encoder").to(device)
    distance = load_distance(job.perceptual, device)
    with own_folder(place.folder) as folder:
        network, card = fit_encoder(generator, distance, job.plan, folder)
    for entry, text in save_encoder(out, network, generator, card).items():
        say(f"{entry}: {text}")
    say(f"{out}: an encoder for {generator.name}, {out.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    """The command line."""
    run_script("train_encoder", EncoderJob, train_encoder)


if __name__ == "__main__":
    main()
