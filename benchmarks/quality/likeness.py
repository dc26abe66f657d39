"""How like renders generated faces are: one by one, and as a set.

One by one: PSNR, perceptual distance and sharpness of G(w*) against the render of the same
held-out parameters. As a set: Frechet distance (Heusel et al. 2017) of perceptual features.
"""

from __future__ import annotations

from dataclasses import astuple, fields

import numpy as np
import torch

from benchmarks.quality.pictures import BATCH, Figures, draw_faces, find_rows, reduce_frames, run_on
from synth.generators.base import Generator
from synth.generators.bundled_parameters import map_latents_to_parameters, truncate_parameters
from synth.judging.frechet import find_frechet_distance
from synth.judging.perceptual import PerceptualNetwork
from synth.learning.losses import crop_face, find_psnr
from synth.learning.rendered_faces import HELD_OUT, FaceDataset
from synth.types import Frames, to_images
from synth.workshop.training.dataset import LEAST_PSI
from synth.workshop.training.edges import EdgeFigures, measure_edges

PERCEPTUAL_PX = 256
SHARPNESS_PX = (1024, 512, 256)


def measure_likeness(
    generator: Generator, data: FaceDataset, network: PerceptualNetwork, count: int
) -> Figures:
    """Of the first `count` held-out faces at the largest size that both have; `mapped` is G(z)."""
    size = max(size for size in data.pictures if size <= generator.resolution)
    count = min(count, HELD_OUT, len(data.pictures[size]))
    drawn = draw_faces(generator, find_rows(generator, data.parameters[:count]), size)
    renders = np.array(data.pictures[size][:count])
    figures: Figures = {"faces": count, "size_px": size}
    figures["psnr_db"], figures["face_psnr_db"] = find_mean_psnr(drawn, renders)
    with torch.inference_mode():
        mapped = generator.mapping(torch.from_numpy(data.z[:count]))
    through_mapping = draw_faces(generator, mapped, size)
    figures["mapped_psnr_db"], figures["mapped_face_psnr_db"] = find_mean_psnr(
        through_mapping, renders
    )
    small = [reduce_frames(frames, PERCEPTUAL_PX) for frames in (drawn, renders)]
    figures["perceptual_distance"] = float(find_distances(network, *small).mean())
    strangers = find_distances(network, small[1], np.roll(small[1], 1, 0))
    figures["perceptual_distance_of_strangers"] = float(strangers.mean())
    return figures | compare_sharpness(drawn, renders) | compare_edges(drawn, renders)


def find_mean_psnr(drawn: Frames, renders: Frames) -> tuple[float, float]:
    """Mean PSNR in dB, of whole pictures and of the face alone."""
    whole, face = [], []
    for k in range(0, len(drawn), 16):
        got, want = to_images(drawn[k : k + 16]), to_images(renders[k : k + 16])
        whole.append(find_psnr(got, want))
        face.append(find_psnr(crop_face(got), crop_face(want)))
    return float(torch.cat(whole).mean()), float(torch.cat(face).mean())


def find_distances(network: PerceptualNetwork, a: Frames, b: Frames) -> np.ndarray:
    """The perceptual distance of each pair of frames."""
    with torch.inference_mode():
        parts = [
            network.distance(to_images(a[k : k + 16]), to_images(b[k : k + 16]))
            for k in range(0, len(a), 16)
        ]
    return torch.cat(parts).numpy()


def compare_edges(drawn: Frames, renders: Frames) -> Figures:
    """Overshoot, fringe and width of the strongest edges, means over batches of faces."""
    found = [
        astuple(measure_edges(to_images(drawn[k : k + BATCH]), to_images(renders[k : k + BATCH])))
        for k in range(0, len(drawn), BATCH)
    ]
    means = np.mean(found, 0)
    return {
        f"edge_{field.name}": float(m) for field, m in zip(fields(EdgeFigures), means, strict=True)
    }


def compare_sharpness(drawn: Frames, renders: Frames) -> Figures:
    """Detail of generated pictures over that of their renders, 1 when equal, at several sizes."""
    figures: Figures = {}
    for size in (size for size in SHARPNESS_PX if size <= drawn.shape[1]):
        ours, theirs = (find_detail(reduce_frames(frames, size)) for frames in (drawn, renders))
        for name, mine, true in zip(("gradient", "laplacian"), ours, theirs, strict=True):
            figures[f"{name}_energy_ratio_{size}"] = mine / true
    return figures


def find_detail(frames: Frames) -> tuple[float, float]:
    """Mean squared gradient and mean squared Laplacian of the grey pictures."""
    gradient, laplacian = [], []
    for frame in frames:
        grey = frame.astype(np.float32).mean(2)
        dy, dx = np.diff(grey, axis=0)[:, :-1], np.diff(grey, axis=1)[:-1]
        gradient.append(np.square(dx).mean() + np.square(dy).mean())
        sides = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
        laplacian.append(np.square(sides - 4 * grey[1:-1, 1:-1]).mean())
    return float(np.mean(gradient)), float(np.mean(laplacian))


def measure_frechet(
    generator: Generator, data: FaceDataset, network: PerceptualNetwork, count: int, seed: int = 0
) -> Figures:
    """`count` new people, drawn as the data set draws them, against renders; and untruncated: G of
    the held-out w*, and of random z, against the held-out renders.

    The distance is biased upwards by few samples, so each stands beside that of renders to renders
    in about such numbers: nothing can be below it but by chance.
    """
    size = choose_size(data, generator.resolution, count)
    count = min(count, (len(data.pictures[size]) - HELD_OUT) // 2)
    renders = embed(network, np.array(data.pictures[size][: HELD_OUT + 2 * count]))
    held_out, first, second = np.split(renders, (HELD_OUT, HELD_OUT + count))
    random = np.random.default_rng([1_000_000, seed])
    z = random.standard_normal((max(count, HELD_OUT), generator.z_dim), np.float32)
    psi = random.uniform(LEAST_PSI, 1, count)
    people = truncate_parameters(map_latents_to_parameters(z[:count]), psi)
    with torch.inference_mode():
        mapped = generator.mapping(torch.from_numpy(z[:HELD_OUT]))
    drawn = {
        "new_people_to_renders": (find_rows(generator, people), first),
        "held_out_w_to_their_renders": (
            find_rows(generator, data.parameters[:HELD_OUT]),
            held_out,
        ),
        "random_z_to_held_out_renders": (mapped, held_out),
    }
    half = HELD_OUT // 2
    return {
        "size_px": size,
        "new_people": count,
        "held_out": HELD_OUT,
        **{
            name: find_frechet_distance(embed(network, draw_faces(generator, rows, size)), truth)
            for name, (rows, truth) in drawn.items()
        },
        "renders_to_other_renders": find_frechet_distance(first, second),
        "half_of_held_out_renders_to_half": find_frechet_distance(held_out[:half], held_out[half:]),
    }


def choose_size(data: FaceDataset, largest: int, count: int) -> int:
    """The largest size up to PERCEPTUAL_PX of which there are twice as many renders as needed."""
    sizes = [size for size in data.pictures if 64 <= size <= min(largest, PERCEPTUAL_PX)]
    if not sizes:
        raise ValueError(f"needs renders of 64 to 256 pixels; got {sorted(data.pictures)}")
    enough = [size for size in sizes if len(data.pictures[size]) >= HELD_OUT + 2 * count]
    return max(enough or sizes)


def embed(network: PerceptualNetwork, frames: Frames) -> np.ndarray:
    """Perceptual features [frame, feature]."""
    return run_on(frames, network.embed).numpy()
