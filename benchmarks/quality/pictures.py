"""Pictures to measure: of known parameters, of random z, of edited faces; renders beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from synth.emotions import Emotion
from synth.faces.random_faces import map_seeds
from synth.generators.base import Generator
from synth.generators.bundled_parameters import (
    FaceParameters,
    make_target_latents,
)
from synth.motion.direction_sets import load_directions_for
from synth.motion.masks import MASKS
from synth.motion.neutral import calm_face
from synth.types import Frames, Images, WPlus, to_frames, to_images

#: Results of one measure: what was measured -> number.
Figures = dict[str, float]
#: Pictures made at once.
BATCH = 8


class Renderer(Protocol):
    """What draws the true picture of parameters."""

    def render(self, face: FaceParameters, size_px: int = 512) -> np.ndarray:
        """-> uint8 picture [size_px, size_px, 3]."""
        ...


def find_rows(generator: Generator, parameters: np.ndarray) -> WPlus:
    """The known w* of parameter vectors [face, P] in all rows."""
    w = torch.from_numpy(make_target_latents(parameters))
    return w[:, None].repeat(1, generator.num_layers, 1)


def draw_faces(generator: Generator, w_plus: WPlus, size_px: int | None = None) -> Frames:
    """W+ -> uint8 frames, reduced to `size_px` when that is below the generator's size."""
    size = min(size_px or generator.resolution, generator.resolution)
    with torch.inference_mode():
        parts = [reduce(generator.synthesis(part), size) for part in w_plus.split(BATCH)]
        return np.concatenate([to_frames(part) for part in parts])


def reduce(images: Images, size_px: int) -> Images:
    """The mean over squares of pixels; pictures that are no larger stay as they are."""
    factor = images.shape[-1] // size_px
    return F.avg_pool2d(images, factor) if factor > 1 else images


def reduce_frames(frames: Frames, size_px: int) -> Frames:
    """`reduce` for uint8 frames."""
    if frames.shape[1] <= size_px:
        return frames
    area = cv2.INTER_AREA
    return np.stack([cv2.resize(frame, (size_px, size_px), interpolation=area) for frame in frames])


def run_on(frames: Frames, function: Callable[[Tensor], Tensor], batch: int = 32) -> Tensor:
    """A function of network images on frames, in batches."""
    with torch.inference_mode():
        return torch.cat(
            [function(to_images(frames[k : k + batch])) for k in range(0, len(frames), batch)]
        )


def render_faces(renderer: Renderer, faces: Sequence[FaceParameters], size_px: int) -> Frames:
    """The true pictures."""
    return np.stack([renderer.render(face, size_px) for face in faces])


def edit_faces(generator: Generator, count: int, psi: float) -> dict[Emotion, WPlus]:
    """Random people, calm and with each emotion at intensity 1, by the generator's directions."""
    fitted = load_directions_for(generator)
    mask = MASKS["emotion"]
    levels = fitted.calm_levels or {}
    faces = [
        calm_face(face, fitted.directions, levels, mask)
        for face in map_seeds(range(count), generator, psi)
    ]
    shown = {Emotion.CALM: torch.stack(faces)}
    for emotion, direction in fitted.directions.items():
        shown[emotion] = shown[Emotion.CALM] + direction.step(mask, shown[Emotion.CALM])
    return shown


def load_renderer(head_model: Path | None) -> Renderer | None:
    """The renderer of a head model's file, where there is one."""
    if head_model is None:
        return None
    from synth.workshop.portraits.renderer import FaceRenderer

    return cast(Renderer, FaceRenderer(head_model))
