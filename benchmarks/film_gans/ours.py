"""Films of the bundled generator, as the true ones are made: calm, one emotion, calm again.

Random people, the emotions in turn, along the generator's own directions. At a smaller size its own
first layers draw (`synth.generators.smaller`).
"""

from __future__ import annotations

import time

import numpy as np
import torch

from benchmarks.film_gans.control import Told
from benchmarks.film_gans.measures import FPS
from benchmarks.film_gans.settings import Settings
from synth.emotions import Emotion
from synth.faces.face import Face
from synth.film.rendering import choose_batch_size
from synth.generators.acceleration import accelerate
from synth.generators.base import Generator
from synth.generators.bundled import load_bundled_generator
from synth.generators.capabilities import need_differentiable
from synth.generators.smaller import cut_generator
from synth.motion.base import Plan, Scene
from synth.motion.direction_sets import load_directions_for
from synth.motion.emotion_motion import EmotionMotion
from synth.motion.emotion_track import EmotionEvent, EmotionTrack
from synth.types import to_frames
from synth.workshop.films.film_set import Films

PSI = 0.7
#: The middle of the true films' peaks.
PEAK = 0.85
EXPRESSIONS = tuple(emotion for emotion in Emotion if emotion is not Emotion.CALM)


def draw_our_films(
    settings: Settings, count: int, size_px: int | None
) -> tuple[Films, dict[str, float], Told]:
    """-> films [count, frame, n, n, 3]; parameters, and seconds a film; what the films were told.

    size_px None: the generator's own.

    Reading the generator is no part of the seconds; bringing each person to calm is.
    """
    generator = load_bundled_generator()
    drawing = generator if size_px is None else cut_generator(generator, size_px)
    counted = need_differentiable(drawing, "to be counted").parameters()
    facts: dict[str, float] = {"parameters": sum(p.numel() for p in counted)}
    fast = accelerate(drawing)
    batch = choose_batch_size(drawing.resolution, torch.device("cpu"))
    times_s, films, told = torch.arange(settings.frames) / FPS, [], []
    begun_s = time.process_time()
    with torch.inference_mode():
        for k in range(count):
            plan = plan_film(generator, settings, k)
            w_plus = plan.path(times_s)[:, : drawing.num_layers]
            assert plan.told is not None
            told.append(plan.told(times_s))
            parts = [to_frames(fast.synthesis(part)) for part in w_plus.split(batch)]
            films.append(np.concatenate(parts))
    facts["seconds_per_film"] = (time.process_time() - begun_s) / count
    return np.stack(films), facts, np.stack(told)


def plan_film(generator: Generator, settings: Settings, index: int) -> Plan:
    """The plan of one film: a person of their own, the emotions in turn."""
    end_s = (settings.frames - 1) / FPS
    events = (
        EmotionEvent(Emotion.CALM, 0.0),
        EmotionEvent(EXPRESSIONS[index % len(EXPRESSIONS)], end_s / 2, PEAK),
        EmotionEvent(Emotion.CALM, end_s),
    )
    motion = EmotionMotion(EmotionTrack(events), load_directions_for(generator))
    face = Face.random(generator, 1_000_000 * (settings.seed + 1) + index, PSI)
    return motion.plan(face, Scene(FPS))
