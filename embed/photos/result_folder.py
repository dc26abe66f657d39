"""An inverted photo as a folder of files, written whole or not at all.

latents.npz     `w` [1, layer, w_dim] and what it belongs to; noise maps where they were optimised
crop.png        the face as it was cut out; reconstruction.png what the generator draws
side_by_side.png, loss.png, report.json (every number and setting)
tuning.safetensors, optimisation.mp4    where they were asked for
checksums.json  sha256 of all these, by which damage is seen
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from embed.inversion.likeness import draw_side_by_side, save_loss_curve
from embed.inversion.result import Inversion
from embed.inversion.settings import DEFAULT_STEPS
from embed.inversion.tuning import Tuning
from embed.inversion.tuning_file import load_tuning, save_tuning
from embed.photos.inverter import InvertedPhoto
from embed.photos.result_names import (
    CROP,
    FILM,
    LATENTS,
    LOSS_CURVE,
    RECONSTRUCTION,
    REPORT,
    SIDE_BY_SIDE,
    TUNING,
)
from synth.faces.latents import load_latents, save_latents
from synth.film.contact_sheet import save_contact_sheet
from synth.film.marks.marking import Marker
from synth.generators.capabilities import TrainableGenerator
from synth.plain_text import load_json
from synth.storage.atomic import write_folder_atomically, write_text_atomically
from synth.storage.checksums import write_checksums
from synth.types import Rows
from synth.video.encoders import Encoding
from synth.video.writing import write_video

FILM_FPS = 25.0


def save_result(
    folder: Path,
    photo: InvertedPhoto,
    generator: TrainableGenerator,
    recipe: Mapping[str, Any],
    replace: bool = False,
) -> None:
    """Write everything of one photo to `folder`, which appears when all of it is on the disk.

    Raises FileExistsError when it is there already and not to be replaced.
    """
    made_by = f"generator {generator.name}"
    made_from = json.dumps([photo.face.sha256, generator.sha256, dict(recipe)], default=str)
    marker = Marker.of(made_by, made_from, [Path(photo.face.path)])
    with write_folder_atomically(folder, replace) as temporary:
        save_latents(temporary / LATENTS, photo.rows[None], _describe_latents(photo, generator))
        Image.fromarray(photo.face.crop).save(temporary / CROP)
        drawn = marker.mark(photo.picture[None])[0]
        save_contact_sheet(temporary / RECONSTRUCTION, drawn, made_by)
        sheet = draw_side_by_side(photo.face.crop, photo.picture, photo.likeness)
        save_contact_sheet(temporary / SIDE_BY_SIDE, marker.mark(sheet[None])[0], made_by)
        save_loss_curve(temporary / LOSS_CURVE, photo.inversion, photo.image)
        if photo.tuning is not None:
            save_tuning(temporary / TUNING, generator, photo.tuning.generator)
        if len(photo.film):
            film = marker.mark(photo.film)
            write_video(temporary / FILM, [film], Encoding(FILM_FPS, made_by=made_by))
        shown = (temporary / name for name in (RECONSTRUCTION, SIDE_BY_SIDE, FILM))
        marker.sign(path for path in shown if path.is_file())
        report = json.dumps(make_report(photo, generator, recipe), indent=1)
        write_text_atomically(temporary / REPORT, report + "\n")
        write_checksums(temporary)


def make_report(
    photo: InvertedPhoto, generator: TrainableGenerator, recipe: Mapping[str, Any]
) -> dict[str, Any]:
    """Every number and setting of one photo, as plain JSON."""
    face, found, k = photo.face, photo.inversion, photo.image
    tuning = photo.tuning
    return {
        "photo": {
            "path": face.path,
            "sha256": face.sha256,
            "width_px": face.photo_width_px,
            "height_px": face.photo_height_px,
            "quad": None if face.quad is None else face.quad.tolist(),
        },
        "generator": {"name": generator.name, "sha256": generator.sha256},
        "likeness": asdict(photo.likeness),
        "likeness_before_tuning": (
            None if photo.untuned_likeness is None else asdict(photo.untuned_likeness)
        ),
        "inversion": {
            "loss": float(found.losses[k]),
            "start_loss": float(found.start_losses[k]),
            "steps": int(np.isfinite(found.curve[:, k]).sum()),
            "ended": found.ended,
            "batch": found.curve.shape[1],
            "batch_seconds": round(found.seconds, 2),
        },
        "tuning": None
        if tuning is None
        else {
            "steps": tuning.steps,
            "first_loss": float(tuning.losses[0]),
            "last_loss": float(tuning.losses[-1]),
            "ended": tuning.ended,
            "seconds": round(tuning.seconds, 2),
        },
        "warnings": list_warnings(photo, recipe),
        "recipe": dict(recipe),
    }


def list_warnings(photo: InvertedPhoto, recipe: Mapping[str, Any]) -> list[str]:
    """What a viewer must know of this result: each budget of time that cut it short."""
    parts: list[tuple[str, Inversion | Tuning, Any]] = [
        ("inversion", photo.inversion, recipe["settings"])
    ]
    if photo.tuning is not None:
        parts.append(("tuning", photo.tuning, recipe["tuning"]))
    return [
        f"the {name} of {Path(photo.face.path).name} was cut short after {part.steps} of "
        f"{settings['steps'] or DEFAULT_STEPS} steps by its budget of {settings['budget_s']} s: "
        "the face is less alike than it could be; try budget_s=null"
        for name, part, settings in parts
        if part.ended == "budget"
    ]


def load_result_warnings(folder: Path) -> tuple[str, ...]:
    """The warnings in a result's report; none where there is no report to be read."""
    try:
        found = load_json(folder / REPORT).get("warnings", [])
    except (OSError, ValueError):
        return ()
    return tuple(str(text) for text in found)


def load_result_rows(folder: Path, generator: TrainableGenerator) -> Rows:
    """W+ [layer, w_dim] of a result; ValueError naming the file when it does not fit."""
    return load_latents(folder / LATENTS, generator)[0]


def load_result_generator(folder: Path, generator: TrainableGenerator) -> TrainableGenerator:
    """The generator that draws a result: the tuned copy, or the given one if nothing was tuned."""
    path = folder / TUNING
    return load_tuning(path, generator) if path.is_file() else generator


def _describe_latents(
    photo: InvertedPhoto, generator: TrainableGenerator
) -> dict[str, np.ndarray | str]:
    maps = photo.inversion.noise_maps or ()
    k = photo.image
    return {
        "generator_name": generator.name,
        "generator_sha256": generator.sha256,
        "photo_sha256": photo.face.sha256,
        **{f"noise_{layer}": x[k].numpy() for layer, x in enumerate(maps)},
    }
