"""What directions do, to look at: a grid of faces x emotions x intensities.

    python -m scripts.show_directions out=directions.png
    python -m scripts.show_directions 'seeds=[3]' 'intensities=[0.5,1,1.5]'
    python -m scripts.show_directions face=latents face.path=me.npz 'emotions=[happiness]'

In: faces and a set of directions. Out: one PNG. Each row is a face: as it is, at rest, and with
each emotion at each intensity; under an edit stands how far the person has moved from the calm
face, by the face encoder of the group scorecard.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from omegaconf import DictConfig

from scripts.entry import build, build_observer, choose_device, run_script
from scripts.setting_types import SHOW_TYPES, check_types
from synth.emotions import Emotion
from synth.faces.observers import (
    FaceEncoder,
    find_distances,
)
from synth.faces.random_faces import map_seeds
from synth.film.contact_sheet import TileLabel, make_contact_sheet, save_contact_sheet
from synth.generators.acceleration import accelerate, check_options
from synth.generators.base import Generator
from synth.generators.drawing import (
    draw_frames,
)
from synth.motion.direction_sets import DirectionSet, load_directions_for
from synth.motion.emotion_track import MAX_INTENSITY
from synth.motion.masks import LayerMask
from synth.motion.neutral import find_start
from synth.types import Rows, WPlus

#: A larger grid could neither be read nor held.
MOST_PICTURES = 400


def show_set(config: DictConfig, folder: Path) -> None:
    """Draw the grid as configs/show_directions.yaml describes it."""
    check_types(config, SHOW_TYPES)
    out = Path(config.out)
    if out.suffix.lower() != ".png":
        raise ValueError(f"{out}: needs a name ending in .png; got {out.suffix!r}")
    emotions = [Emotion.parse(name) for name in config.emotions]
    intensities = check_intensities(config)
    mask: LayerMask = build(config.mask)
    observer = build_observer(config.scorecard)
    render, device = config.render, choose_device(config.render.device)
    check_options(render.precision, render.compile)
    generator = accelerate(build(config.generator), render.precision, render.compile, device)
    fitted = load_directions_for(generator, config.directions.path)
    missing = [e.label for e in emotions if e not in fitted.directions]
    if missing:
        raise ValueError(f"needs directions for {', '.join(missing)}; try leaving them out")

    sheet, labels = [], []
    for name, face in list_faces(config, generator):
        start = find_start(face, fitted, mask, config.directions.calm_first)
        frames, captions = show_face(
            generator, face, start, fitted, mask, emotions, intensities, observer
        )
        sheet.append(frames)
        labels += [TileLabel(name), *captions]
    columns = 2 + len(emotions) * len(intensities)
    title = f"{generator.name}, {config.directions.path or 'its own directions'}"
    page = make_contact_sheet(np.concatenate(sheet), labels, title, columns, config.tile_px)
    save_contact_sheet(out, page, f"generator {generator.name}")
    print(f"{out}: {len(sheet)} faces, {len(labels)} pictures")


def check_intensities(config: DictConfig) -> list[float]:
    """The intensities as numbers. Raises ValueError for others, and for too large a grid."""
    intensities = [*config.intensities]
    for value in intensities:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"needs numbers for intensities; got {value!r}")
        if not -MAX_INTENSITY <= value <= MAX_INTENSITY:
            raise ValueError(
                f"needs intensities from -{MAX_INTENSITY:g} to {MAX_INTENSITY:g}; got {value}"
            )
    faces = len(config.seeds) if config.get("face") is None else 1
    count = faces * (2 + len(config.emotions) * len(intensities))
    if not faces or count > MOST_PICTURES:
        raise ValueError(
            f"needs a face and at most {MOST_PICTURES} pictures; got {faces} faces and {count} "
            "pictures; try fewer seeds"
        )
    return [float(value) for value in intensities]


def list_faces(config: DictConfig, generator: Generator) -> list[tuple[str, Rows]]:
    """The face of the group `face`, or one for each seed, with names."""
    if config.get("face") is not None:
        return [("as it is", build(config.face).load_rows(generator))]
    faces = map_seeds(config.seeds, generator, config.psi)
    return [(f"seed {seed}", face) for seed, face in zip(config.seeds, faces, strict=True)]


def show_face(
    generator: Generator,
    face: Rows,
    start: Rows,
    fitted: DirectionSet,
    mask: LayerMask,
    emotions: list[Emotion],
    intensities: list[float],
    observer: object,
) -> tuple[np.ndarray, list[TileLabel]]:
    """One row: frames, and labels for all of them but the first."""
    steps: list[tuple[Emotion, float]] = [(e, value) for e in emotions for value in intensities]
    edits: list[WPlus] = [
        mask.apply(fitted.directions[e].vector) * fitted.directions[e].coefficient * value
        for e, value in steps
    ]
    frames = draw_frames(generator, torch.stack([face, start, *(start + edit for edit in edits)]))
    distances = np.full(len(steps), np.nan)
    if isinstance(observer, FaceEncoder) and steps:
        distances = find_distances(observer, frames[2:], observer.encode(frames[1:2]))
    labels = [TileLabel("calm")]
    for (emotion, value), distance in zip(steps, distances, strict=True):
        moved = f"  d={distance:.2f}" if np.isfinite(distance) else ""
        labels.append(TileLabel(f"{emotion.label}{moved}", value))
    return frames, labels


def main() -> None:
    """The command line."""
    run_script("show_directions", show_set)


if __name__ == "__main__":
    main()
