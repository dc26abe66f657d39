"""How good a coarse encoder's guess is, alone and as a start: python -m benchmarks.encoder

    python -m benchmarks.encoder                                # the bundled pair, 20 random faces
    python -m benchmarks.encoder --steps 0 30 300 --identity    # inverted that far from each start
    python -m benchmarks.encoder --generator ffhq.pkl --encoder ffhq_encoder.safetensors

Faces are drawn at full resolution from z that no training saw; each is sought from the mean latent
and from the encoder's guess. 0 steps: the start itself. Perceptual distance, PSNR and identity
distance (dlib) are of pictures at full resolution.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from embed.encoder.store import CoarseEncoder, load_encoder
from embed.inversion.invert import InversionAids, invert
from embed.inversion.latent_spaces import WStatistics, measure_w
from embed.inversion.likeness import Likeness, measure_likeness
from embed.inversion.settings import InversionSettings
from embed.networks.identity import DlibFaceEncoder
from embed.networks.perceptual import PerceptualLoss, load_face_loss
from synth.devices import find_device
from synth.faces.observers import (
    FaceEncoder,
)
from synth.faces.random_faces import map_seeds
from synth.generators import load_bundled_generator, load_generator
from synth.generators.base import Generator
from synth.generators.memory import reuse_freed_memory
from synth.types import to_frames

#: Seeds from here on; examples in documents use small ones.
FIRST_SEED = 900_000


@dataclass(frozen=True)
class Row:
    """One start, gone so many steps from: means over faces, and the worst of them."""

    start: str
    steps: int
    seconds: float
    likeness: Sequence[Likeness]

    def format(self) -> str:
        """The row of the table."""
        perceptual = np.array([one.perceptual_distance for one in self.likeness], dtype=float)
        psnr_db = np.mean([one.psnr_db for one in self.likeness])
        identity = [one.identity_distance for one in self.likeness]
        known = np.array([gap for gap in identity if gap is not None])
        told = f"{known.mean():.3f} | {known.max():.3f} | {len(known)}" if len(known) else " | | "
        return (
            f"| {self.start} | {self.steps} | {perceptual.mean():.4f} | {perceptual.max():.4f} "
            f"| {psnr_db:.2f} | {told} | {self.seconds:.2f} |"
        )


def compare_starts(
    generator: Generator,
    encoder: CoarseEncoder,
    targets: Tensor,
    steps: Sequence[int],
    loss: PerceptualLoss,
    identity: FaceEncoder | None = None,
) -> list[Row]:
    """Every start gone every number of steps from, on targets [face, 3, n, n]."""
    statistics = measure_w(generator)
    mean = statistics.mean.expand(1, generator.num_layers, -1)
    starts: dict[str, Callable[[Tensor], Tensor]] = {
        "mean latent": lambda pictures: mean.expand(len(pictures), -1, -1),
        "encoder": encoder.encode,
    }
    frames = to_frames(targets)
    rows = []
    for count in steps:
        for name, start in starts.items():
            found, seconds = find_latents(generator, targets, start, count, loss, statistics)
            with torch.no_grad():
                drawn = [to_frames(generator.synthesis(w_plus)) for w_plus in found.split(1)]
            device = find_device(generator)
            likeness = measure_likeness(frames, np.concatenate(drawn), loss, identity, device)
            rows.append(Row(name, count, seconds / len(targets), likeness))
    return rows


def find_latents(
    generator: Generator,
    targets: Tensor,
    start: Callable[[Tensor], Tensor],
    steps: int,
    loss: PerceptualLoss,
    statistics: WStatistics,
) -> tuple[Tensor, float]:
    """W+ [face, layer, w_dim] of each target by itself, and the seconds that took."""
    began_s = time.perf_counter()
    found = []
    for target in targets.split(1):
        if not steps:
            found.append(start(target))
            continue
        settings = InversionSettings(steps=steps)
        aids = InversionAids(statistics=statistics)
        found.append(invert(generator, target, loss, settings, start, aids).w_plus)
    device = find_device(generator)
    return torch.cat([w_plus.to(device) for w_plus in found]), time.perf_counter() - began_s


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--generator", help="a checkpoint, the bundled one if absent")
    parser.add_argument("--encoder", help="of that generator, the bundled one if absent")
    parser.add_argument("--faces", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--psi", type=float, default=0.7)
    parser.add_argument("--steps", type=int, nargs="+", default=[0])
    parser.add_argument("--identity", action="store_true", help="measure it, with dlib's models")
    a = parser.parse_args()
    reuse_freed_memory()
    generator = load_generator(a.generator) if a.generator else load_bundled_generator()
    encoder = load_encoder(a.encoder, generator)
    seeds = range(a.first_seed, a.first_seed + a.faces)
    with torch.no_grad():
        rows = map_seeds(seeds, generator, a.psi).split(1)
        targets = torch.cat([generator.synthesis(w_plus).clamp(-1, 1) for w_plus in rows])
    identity = DlibFaceEncoder() if a.identity else None
    loss = load_face_loss()
    print(
        f"{generator.name}, {a.faces} faces of psi {a.psi:g}, {torch.get_num_threads()} threads\n"
    )
    print(
        "| start | steps | perceptual, mean | worst | PSNR dB | identity, mean | worst | faces "
        "found | s a picture |\n|---|---|---|---|---|---|---|---|---|"
    )
    for row in compare_starts(generator, encoder, targets, a.steps, loss, identity):
        print(row.format())


if __name__ == "__main__":
    main()
