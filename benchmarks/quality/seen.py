"""Whether the network has learned people, or these people: PSNR on renders that it was trained on
beside held-out ones.

Both are at psi 1, where the held-out ones are. At the smaller size the difference is one of colours
and of where things are; a network that sees few renders again and again learns those by heart.
"""

from __future__ import annotations

import numpy as np

from benchmarks.quality.likeness import PERCEPTUAL_PX, find_mean_psnr
from benchmarks.quality.pictures import Figures, draw_faces, find_rows, reduce_frames
from synth.generators.base import Generator
from synth.generators.bundled_parameters import map_latents_to_parameters
from synth.learning.rendered_faces import HELD_OUT, FaceDataset
from synth.workshop.training.dataset import RICH_FROM

SMALL_PX = 32


def measure_seen(generator: Generator, data: FaceDataset, count: int) -> Figures:
    """Up to `count` people of each kind, at 256 and 32 pixels. Raises ValueError for a data set
    without such pictures beside the held-out ones."""
    most_px = min(PERCEPTUAL_PX, generator.resolution)
    sizes = [size for size in data.pictures if SMALL_PX <= size <= most_px]
    if not sizes or len(data.pictures[max(sizes)]) <= HELD_OUT:
        raise ValueError(
            f"needs more than {HELD_OUT} renders of {SMALL_PX} to {most_px} pixels; "
            f"got { ({size: len(array) for size, array in data.pictures.items()}) }"
        )
    size = max(sizes)
    renders = data.pictures[size]
    count = min(count, HELD_OUT, len(renders) - HELD_OUT)
    others = find_untruncated(data, len(renders), count)
    kinds = {"held_out": np.arange(count), "trained_on": others}
    figures: Figures = {"faces": count, "size_px": size}
    for kind, chosen in kinds.items():
        drawn = draw_faces(generator, find_rows(generator, data.parameters[chosen]), size)
        true = np.stack([renders[k] for k in chosen])
        whole, face = find_mean_psnr(drawn, true)
        small = [reduce_frames(frames, SMALL_PX) for frames in (drawn, true)]
        figures |= {f"{kind}_psnr_db": whole, f"{kind}_face_psnr_db": face}
        figures[f"{kind}_psnr_db_at_{SMALL_PX}"] = find_mean_psnr(small[0], small[1])[0]
    return figures


def find_untruncated(data: FaceDataset, end: int, count: int) -> np.ndarray:
    """Numbers [count] of people before `end` whom psi changed least, in order; none held out, and
    none who was chosen for what they wear."""
    trained = slice(HELD_OUT, min(end, RICH_FROM))
    whole = map_latents_to_parameters(data.z[trained])
    moved = np.linalg.norm(data.parameters[trained] - whole, axis=1)
    return HELD_OUT + np.sort(np.argsort(moved)[:count])
