"""How good the bundled generator is: python -m benchmarks.bundled_generator [--data faces]

Faces: in how many of 100 random ones dlib finds a face; the distance of a person's six full
expressions to the same person at rest, and of strangers to each other. With --data (a folder of
`synth.training.dataset`): PSNR through the mapping network to renders that were not trained on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from directions.neutral import calm_face
from directions.store import load_directions_for
from embed.identity import DlibFaceEncoder
from synth.generators import load_bundled_generator
from synth.generators.base import Generator
from synth.keyframes import MASKS
from synth.latents import map_seeds
from synth.training.dataset import HELD_OUT, load_dataset
from synth.training.losses import crop_face, find_psnr
from synth.types import Frames, WPlus, to_frames, to_images


def render(generator: Generator, w_plus: WPlus) -> Frames:
    """W+ [face, layer, w_dim] -> frames, 16 at a time."""
    with torch.inference_mode():
        return np.concatenate([to_frames(generator.synthesis(part)) for part in w_plus.split(16)])


def measure_faces(generator: Generator, count: int, psi: float) -> None:
    """Print how often a face is found and how far expressions and strangers are apart."""
    directions = load_directions_for(generator)
    mask = MASKS["emotion"]
    levels = directions.calm_levels or {}
    faces = [
        calm_face(face, directions.directions, levels, mask)
        for face in map_seeds(range(count), generator, psi)
    ]
    encoder = DlibFaceEncoder()
    calm = encoder.encode(render(generator, torch.stack(faces)))
    found = np.isfinite(calm).all(1)
    print(f"dlib finds a face in {found.sum()} of {count} (psi {psi:g})")
    own = []
    for emotion, direction in directions.directions.items():
        change = mask.apply(direction.vector * direction.coefficient)
        shown = encoder.encode(render(generator, torch.stack([face + change for face in faces])))
        distance = np.linalg.norm(shown - calm, axis=1)
        own.append(distance)
        print(
            f"{emotion.label:10s} to the same person at rest: median {np.nanmedian(distance):.3f}, "
            f"95 % below {np.nanpercentile(distance, 95):.3f}, "
            f"no face in {np.isnan(distance).sum() - (~found).sum()} more"
        )
    embeddings = calm[found]
    pairs = np.linalg.norm(embeddings[:, None] - embeddings[None], axis=-1)
    strangers = pairs[np.triu_indices(len(embeddings), 1)]
    print(
        f"strangers: median {np.median(strangers):.3f}, 5 % below {np.percentile(strangers, 5):.3f}"
    )
    closer = np.mean(
        np.concatenate(own)[:, None] < np.random.default_rng(0).permutation(strangers)[:2000]
    )
    print(f"an expression is nearer than a stranger in {100 * closer:.1f} % of pairs")


def measure_psnr(generator: Generator, folder: Path) -> None:
    """Print the PSNR of G(z), not truncated, to held-out renders."""
    data = load_dataset(folder)
    target = to_images(np.array(data.pictures[generator.resolution][:HELD_OUT]))
    z = torch.from_numpy(data.z[:HELD_OUT])
    with torch.inference_mode():
        output = torch.cat([generator.synthesis(generator.mapping(part)) for part in z.split(16)])
    whole, face = find_psnr(output, target), find_psnr(crop_face(output), crop_face(target))
    print(f"G(z) to the held-out render: {whole.mean():.2f} dB, face {face.mean():.2f} dB")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--psi", type=float, default=0.7)
    a = parser.parse_args()
    generator = load_bundled_generator()
    if a.data is not None:
        measure_psnr(generator, a.data)
    measure_faces(generator, a.count, a.psi)


if __name__ == "__main__":
    main()
