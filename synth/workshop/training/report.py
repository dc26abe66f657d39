"""How a run is doing on pictures that it never trains on: log.csv and a sheet of faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from synth.workshop.training.vocabulary import make_target_latents
from synth.generators.synthesis import SynthesisNetwork
from synth.learning.losses import crop_face, find_psnr
from synth.learning.run_log import append_row
from synth.storage.atomic import write_atomically
from synth.types import to_frames, to_images
from synth.workshop.training.dataset import HELD_OUT, FaceDataset

#: Large pictures take long: fewer tell enough.
LARGE_PX, HELD_OUT_LARGE = 512, 64
SHEET_FACES = 8


@torch.no_grad()
def report_quality(
    synthesis: SynthesisNetwork, data: FaceDataset, folder: Path, size_px: int, seen: int
) -> None:
    """Append a row with the held-out PSNR at size_px to log.csv and draw the sheet."""
    whole, face, sheet = [], [], []
    device = next(synthesis.parameters()).device
    for start in range(0, HELD_OUT_LARGE if size_px >= LARGE_PX else HELD_OUT, SHEET_FACES):
        batch = slice(start, start + SHEET_FACES)
        target = to_images(np.array(data.pictures[size_px][batch]))
        w = torch.from_numpy(make_target_latents(data.parameters[batch]))
        w_plus = w[:, None].expand(-1, synthesis.config.num_layers, -1).to(device)
        output = synthesis(w_plus, "none", None, size_px).cpu()
        whole.append(find_psnr(output, target))
        face.append(find_psnr(crop_face(output), crop_face(target)))
        sheet = sheet or [to_frames(target), to_frames(output)]
    figures = {
        "resolution": size_px,
        "seen": seen,
        "psnr_db": round(float(torch.cat(whole).mean()), 3),
        "face_psnr_db": round(float(torch.cat(face).mean()), 3),
    }
    append_row(folder, figures)
    picture = np.concatenate([np.concatenate(list(line), 1) for line in sheet], 0)
    with write_atomically(folder / f"sheet_{size_px}.png") as path:
        Image.fromarray(picture).save(path)
