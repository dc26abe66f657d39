"""The contact sheet of a film: a picture of each of its moments, as the film shows them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from synth.faces.face import Face, FrameStage
from synth.film.contact_sheet import Sheet, TileLabel, make_contact_sheet
from synth.film.rendering import draw_chunk
from synth.film.settings import RenderSettings
from synth.generators.base import Generator
from synth.motion.base import Plan
from synth.types import Frames, Times

#: A sheet of more pictures could not be read; a longer film shows so many of its moments.
SHEET_PICTURES = 35


def draw_sheet(
    generator: Generator,
    face: Face,
    plan: Plan,
    settings: RenderSettings,
    stages: Sequence[FrameStage] = (),
) -> Sheet:
    """The moments of the plan, drawn by `generator` and changed by the stages, with captions."""
    count = len(plan.moments)
    shown = np.unique(np.linspace(0, count - 1, min(count, SHEET_PICTURES)).round().astype(int))
    moments = [plan.moments[k] for k in shown.tolist()]
    times_s = torch.tensor([moment.time_s for moment in moments], dtype=torch.float64)
    pictures = draw_film_frames(generator, plan, settings, stages, times_s)
    labels = [TileLabel(moment.label, moment.intensity, moment.time_s) for moment in moments]
    title = ", ".join(text for text in (generator.name, plan.shows or face.label) if text)
    return make_contact_sheet(pictures, labels, title)


def draw_film_frames(
    generator: Generator,
    plan: Plan,
    settings: RenderSettings,
    stages: Sequence[FrameStage],
    times_s: Times,
) -> Frames:
    """Frames of the film at any times [frame, height, width, 3], drawn again one by one."""
    pictures = []
    for k in range(len(times_s)):
        frames = draw_chunk(generator, plan.path, times_s[k : k + 1], settings, 1)
        for stage in stages:
            frames = stage(frames, times_s[k : k + 1])
        pictures.append(frames)
    return np.concatenate(pictures)
