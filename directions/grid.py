"""What directions do, to look at: a grid of faces x emotions x intensities.

In: prepared faces and a set of directions. Out: one page. Each row is a face: as it is, at rest,
and with each emotion at each intensity; under an edit stands how far the person has moved from the
calm face, where an encoder measures that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from synth.emotions import Emotion
from synth.faces.face import Face
from synth.faces.observers import FaceEncoder, find_distances
from synth.film.contact_sheet import Sheet, TileLabel, make_contact_sheet
from synth.generators.base import Generator
from synth.generators.drawing import draw_frames
from synth.motion.direction_sets import DirectionSet, load_directions_for
from synth.motion.emotion_track import MAX_INTENSITY
from synth.motion.masks import MASKS, LayerMask
from synth.motion.neutral import find_start
from synth.types import Frames

#: A larger grid could neither be read nor held.
MOST_PICTURES = 400
EXPRESSIONS = tuple(emotion.label for emotion in Emotion if emotion is not Emotion.CALM)


@dataclass(frozen=True)
class GridSettings:
    """What the grid shows: `emotions` (names or numbers) at each of the `intensities`.

    directions: file of a set; None for the generator's own. calm_first: edit the face at rest.
    tile_px: longer side of a picture.
    Raises ValueError for emotions and intensities that cannot be shown.
    """

    directions: str | None = None
    calm_first: bool = True
    mask: LayerMask = MASKS["emotion"]
    emotions: list[Any] = field(default_factory=lambda: [*EXPRESSIONS])
    intensities: list[Any] = field(default_factory=lambda: [1.0])
    tile_px: int = 192

    def __post_init__(self) -> None:
        self.list_edits()

    def list_edits(self) -> list[tuple[Emotion, float]]:
        """Emotion and intensity of each column after the first two."""
        for value in self.intensities:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"needs numbers for intensities; got {value!r}; try [0.5,1]")
            if not -MAX_INTENSITY <= value <= MAX_INTENSITY:
                raise ValueError(
                    f"needs intensities from -{MAX_INTENSITY:g} to {MAX_INTENSITY:g}; got {value}"
                )
        emotions = [Emotion.parse(name) for name in self.emotions]
        return [(emotion, float(value)) for emotion in emotions for value in self.intensities]

    def check_size(self, faces: int) -> None:
        """Raise ValueError for no faces, or more pictures than can be looked at."""
        count = faces * (2 + len(self.list_edits()))
        if not 0 < count <= MOST_PICTURES:
            raise ValueError(
                f"needs a face and at most {MOST_PICTURES} pictures; got {faces} faces and {count} "
                "pictures; try fewer seeds"
            )


def draw_grid(
    faces: Sequence[Face],
    settings: GridSettings,
    encoder: FaceEncoder | None = None,
    speed_up: Callable[[Generator], Generator] = lambda generator: generator,
) -> Sheet:
    """The page. `speed_up` makes of a face's generator the one that draws it.

    Faces may have generators of their own, tuned to a photo. Raises ValueError for missing
    directions.
    """
    settings.check_size(len(faces))
    pictures, labels = [], []
    fast: dict[int, Generator] = {}
    for face in faces:
        fitted = load_directions_for(face.generator, settings.directions)
        if id(face.generator) not in fast:
            fast[id(face.generator)] = speed_up(face.generator)
        frames = _draw_row(fast[id(face.generator)], face, fitted, settings)
        pictures.append(frames)
        labels += [TileLabel(face.label), *_describe_row(frames, settings, encoder)]
    title = f"{faces[0].generator.name}, {settings.directions or 'its own directions'}"
    columns = 2 + len(settings.list_edits())
    return make_contact_sheet(np.concatenate(pictures), labels, title, columns, settings.tile_px)


def _draw_row(fast: Generator, face: Face, fitted: DirectionSet, settings: GridSettings) -> Frames:
    """The face as it is, where edits start, and each edit."""
    edits = settings.list_edits()
    missing = sorted({emotion.label for emotion, _ in edits if emotion not in fitted.directions})
    if missing:
        raise ValueError(f"needs directions for {', '.join(missing)}; try leaving them out")
    start = find_start(face.rows, fitted, settings.mask, settings.calm_first)
    steps = [value * fitted.directions[e].step(settings.mask, start) for e, value in edits]
    return draw_frames(fast, torch.stack([face.rows, start, *(start + step for step in steps)]))


def _describe_row(
    frames: Frames, settings: GridSettings, encoder: FaceEncoder | None
) -> list[TileLabel]:
    """Labels of all pictures but the first."""
    edits = settings.list_edits()
    distances = np.full(len(edits), np.nan)
    if encoder is not None and edits:
        distances = find_distances(encoder, frames[2:], encoder.encode(frames[1:2]))
    labels = [TileLabel("calm")]
    for (emotion, value), distance in zip(edits, distances, strict=True):
        moved = f"  d={distance:.2f}" if np.isfinite(distance) else ""
        labels.append(TileLabel(f"{emotion.label}{moved}", value))
    return labels
