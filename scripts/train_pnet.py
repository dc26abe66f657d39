"""A generator and pictures of what it draws become its P-Net: a picture in, its latent out.

    python -m scripts.train_pnet generator=file generator.path=own.safetensors pictures=pictures/ \\
        out=pnet.safetensors

In: a generator of small pictures, and a folder of pictures or a .npy as scripts.train_still_gan
takes them. Out: one .safetensors for that generator only. Can be stopped at any time; the same
command goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embed.projection.pnet import save_pnet
from embed.projection.pnet_fit import PNetPlan, fit_pnet
from scripts.building import Deferred
from scripts.entry import Place, run_script
from scripts.reporting import say
from scripts.train_still_gan import load_pictures
from synth.devices import choose_device
from synth.generators.base import Generator
from synth.generators.capabilities import need_differentiable
from synth.storage.atomic import check_output_path
from synth.storage.locks import own_folder


@dataclass(frozen=True)
class PNetJob:
    """The entries of configs/train_pnet.yaml."""

    plan: PNetPlan
    device: str
    pictures: str
    out: str
    generator: Deferred[Generator]


def train_pnet(job: PNetJob, place: Place) -> None:
    """Train and write the network to job.out."""
    out, device = Path(job.out), choose_device(job.device)
    check_output_path(out, ".safetensors")
    generator = need_differentiable(job.generator.build(), "to train a P-Net").to(device)
    pictures = load_pictures(Path(job.pictures), generator.resolution)
    with own_folder(place.folder) as folder:
        network, figures = fit_pnet(generator, pictures, job.plan, folder)
    card = {
        "data": f"{len(pictures)} pictures of the user's own",
        "command": "python -m scripts.train_pnet",
        "seed": str(job.plan.seed),
        "steps": f"{job.plan.steps} of {job.plan.batch} pictures",
        **{name: f"{value:g}" for name, value in figures.items() if name != "step"},
    }
    save_pnet(out, network, generator, card)
    say(f"{out}: a P-Net for {generator.name}, {out.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    """The command line."""
    run_script("train_pnet", PNetJob, train_pnet)


if __name__ == "__main__":
    main()
