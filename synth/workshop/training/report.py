"""How a run is doing on pictures that it never trains on: log.csv and a sheet of faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from synth.generators.bundled_parameters import make_target_latents
from synth.generators.synthesis import SynthesisNetwork
from synth.learning.losses import crop_face, find_psnr
from synth.learning.rendered_faces import FaceDataset
from synth.learning.run_log import append_row
from synth.storage.atomic import write_atomically
from synth.types import Images, to_frames, to_images
from synth.workshop.training.edges import measure_edges

#: The first held-out pictures tell enough between times; `benchmarks.quality` takes more.
SHOWN = 64
SHEET_FACES = 8
#: What a row tells of the held-out pictures; cards repeat it.
FIGURES = ("psnr_db", "face_psnr_db", "sharpness", "overshoot", "fringe", "edge_width")


@torch.no_grad()
def report_quality(
    synthesis: SynthesisNetwork, data: FaceDataset, folder: Path, size_px: int, seen: int
) -> None:
    """Append a row with held-out figures at size_px to log.csv and draw the sheet."""
    rows: list[tuple[float, ...]] = []
    sheet: list[np.ndarray] = []
    device = next(synthesis.parameters()).device
    for start in range(0, SHOWN, SHEET_FACES):
        batch = slice(start, start + SHEET_FACES)
        target = to_images(np.array(data.pictures[size_px][batch]))
        w = torch.from_numpy(make_target_latents(data.parameters[batch]))
        w_plus = w[:, None].expand(-1, synthesis.config.num_layers, -1).to(device)
        output = synthesis(w_plus, "none", None, size_px).cpu()
        rows.append(measure_likeness(output, target))
        sheet = sheet or [to_frames(target), to_frames(output)]
    means = np.mean(rows, 0)
    figures = {name: round(float(mean), 4) for name, mean in zip(FIGURES, means, strict=True)}
    append_row(folder, {"resolution": size_px, "seen": seen, **figures})
    picture = np.concatenate([np.concatenate(list(line), 1) for line in sheet], 0)
    with write_atomically(folder / f"sheet_{size_px}.png") as path:
        Image.fromarray(picture).save(path)


def measure_likeness(output: Images, target: Images) -> tuple[float, ...]:
    """`FIGURES` of generated pictures against their renders."""
    face = find_psnr(crop_face(output), crop_face(target))
    edges = measure_edges(output.clamp(-1, 1), target)
    return (
        float(find_psnr(output, target).mean()),
        float(face.mean()),
        find_sharpness(output, target),
        edges.overshoot,
        edges.fringe,
        edges.width,
    )


def find_sharpness(output: Images, target: Images) -> float:
    """Energy of the gradients of pictures over that of their renders'."""
    energies = []
    for pictures in (output.clamp(-1, 1), target):
        across = (pictures[..., 1:] - pictures[..., :-1]).square().mean()
        down = (pictures[..., 1:, :] - pictures[..., :-1, :]).square().mean()
        energies.append(float(across + down))
    return energies[0] / max(energies[1], 1e-9)
