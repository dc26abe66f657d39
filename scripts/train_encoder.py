"""A generator becomes its coarse encoder: a network that guesses W+ from one look at a picture.

    python -m scripts.train_encoder out=embed/encoder/weights/moodreel-encoder.safetensors
    python -m scripts.train_encoder generator=file generator.path=ffhq.pkl name=ffhq_encoder \\
        plan.backbone=resnet50 plan.start=imagenet plan.picture_px=256 plan.resolution=256

In: a generator. Out: one .safetensors for that generator only, and in the run's folder log.csv, a
sheet of held-out faces above their guesses, and the learning curve. Can be stopped at any time; the
same command goes on.
"""

from __future__ import annotations

from pathlib import Path

import torch
from omegaconf import DictConfig

from embed.encoder.fit import fit_encoder
from embed.encoder.plan import EncoderPlan
from embed.encoder.store import save_encoder
from embed.networks.perceptual import fetch_lpips_loss, find_perceptual_distance
from scripts.entry import build, choose_device, run_script
from scripts.setting_types import ENCODER_TYPES, check_types
from synth.generators.base import Generator
from synth.judging.perceptual import load_perceptual
from synth.learning.losses import Distance
from synth.storage.atomic import check_output_path


def train_encoder(config: DictConfig, folder: Path) -> None:
    """Train and save as configs/train_encoder.yaml describes it."""
    check_types(config, ENCODER_TYPES)
    out = Path(config.out)
    check_output_path(out, ".safetensors")
    device = choose_device(config.device)
    plan: EncoderPlan = build(config.plan)
    generator: Generator = build(config.generator)
    if isinstance(generator, torch.nn.Module):
        generator.to(device)
    network, card = fit_encoder(generator, make_distance(config.perceptual, device), plan, folder)
    for entry, text in save_encoder(out, network, generator, card).items():
        print(f"{entry}: {text}")
    print(f"{out}: an encoder for {generator.name}, {out.stat().st_size / 1e6:.1f} MB")


def make_distance(name: str, device: torch.device) -> Distance:
    """The perceptual distance that guesses are compared with, by its name in the configuration."""
    if name == "bundled":
        return load_perceptual(device=device).distance
    lpips = fetch_lpips_loss(device)
    return lambda a, b: find_perceptual_distance(lpips, a, b)


def main() -> None:
    """The command line."""
    run_script("train_encoder", train_encoder)


if __name__ == "__main__":
    main()
