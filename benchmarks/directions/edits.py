"""Edits of held-out faces: told right, same person, nothing else changed, growing with intensity.

The judge of emotions was trained on renders only and is used for nothing but this report. Identity
is dlib's distance to the calm frame, against what the same person's full expressions have in
renders. Change of colour is measured outside the face: beyond the hull of the landmarks of both
frames, forehead included, with a margin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from benchmarks.quality.pictures import Figures, Renderer, draw_faces, reduce_frames, run_on
from directions.calibration.faces import map_calm_faces
from embed.networks.identity import DlibFaceEncoder
from synth.emotions import Emotion
from synth.generators.base import Generator
from synth.generators.bundled_parameters import FaceParameters
from synth.judging.judge import EmotionJudge
from synth.motion.direction_sets import DirectionSet
from synth.motion.masks import MASKS
from synth.types import Frames

INTENSITIES = (0.0, 0.25, 0.5, 0.75, 1.0)
JUDGE_PX, FACE_PX = 256, 512
#: A step down of the judge's probability that is no step down.
FLAT = 0.01
#: The margin round the landmarks' hull, as a share of the picture.
MARGIN = 0.06
BROWS, CHIN = slice(17, 27), 8


@dataclass(frozen=True, eq=False)
class Edit:
    """One emotion on all faces: probabilities of it [face, intensity], whether it is told at 1
    [face], distance to calm [face], change of colour outside the face [face] in grey levels."""

    chances: np.ndarray
    hits: np.ndarray
    distances: np.ndarray
    changes: np.ndarray


@dataclass(frozen=True, eq=False)
class RenderFigures:
    """What full expressions are in renders: the 95th percentile of the distance to calm, and the
    mean change of colour outside the face by emotion."""

    identity_limit: float
    colour_changes: Mapping[Emotion, float]


def measure_edits(
    generator: Generator,
    fitted: DirectionSet,
    judge: EmotionJudge,
    seeds: range,
    psi: float,
    identity_limit: float | None,
) -> Figures:
    """Figures over all emotions, then for each."""
    mask = MASKS["emotion"]
    faces = map_calm_faces(generator, fitted, mask, seeds, psi)
    observer = DlibFaceEncoder()
    calm = draw_faces(generator, faces, FACE_PX)
    seen = observer.observe(calm)
    found: dict[Emotion, Edit] = {}
    for emotion, direction in fitted.directions.items():
        step = direction.step(mask, faces)
        chances, told = [], np.empty(0)
        frames = calm
        for intensity in INTENSITIES:
            if intensity:
                frames = draw_faces(generator, faces + intensity * step, FACE_PX)
            probabilities = run_on(reduce_frames(frames, JUDGE_PX), judge.judge).numpy()
            chances.append(probabilities[:, emotion])
            told = probabilities.argmax(1)
        edited = observer.observe(frames)
        found[emotion] = Edit(
            np.stack(chances, 1),
            told == emotion,
            np.linalg.norm(edited.embeddings - seen.embeddings, axis=1),
            find_outside_changes(calm, frames, seen.landmarks, edited.landmarks),
        )
        print(f"{emotion.label}: {found[emotion].hits.mean():.0%} told", flush=True)
    return summarise(found, identity_limit)


def summarise(found: Mapping[Emotion, Edit], identity_limit: float | None) -> Figures:
    """The issue's list: means over all edits, then hit rate and distance of each emotion."""
    steps = np.concatenate([np.diff(edit.chances, axis=1) for edit in found.values()])
    distances = np.concatenate([edit.distances for edit in found.values()])
    seen = distances[np.isfinite(distances)]
    figures: Figures = {
        "edits": len(distances),
        "hit_rate": float(np.mean([edit.hits.mean() for edit in found.values()])),
        "monotone_share": float((steps >= -FLAT).all(1).mean()),
        "faces_lost": len(distances) - len(seen),
        "distance_to_calm_median": float(np.median(seen)),
        "distance_to_calm_95_percent_below": float(np.percentile(seen, 95)),
        "colour_change_outside": float(np.nanmean([edit.changes for edit in found.values()])),
    }
    if identity_limit is not None:
        figures["identity_limit"] = identity_limit
        figures["share_within_limit"] = float((seen <= identity_limit).sum() / len(distances))
    for emotion, edit in found.items():
        figures[f"{emotion.label}_hit_rate"] = float(edit.hits.mean())
        figures[f"{emotion.label}_distance_median"] = float(np.nanmedian(edit.distances))
        figures[f"{emotion.label}_colour_change_outside"] = float(np.nanmean(edit.changes))
    return figures


def measure_renders(renderer: Renderer, people: Sequence[FaceParameters]) -> RenderFigures:
    """How far full expressions of one person are from calm in renders, of these people."""
    observer = DlibFaceEncoder()
    distances, changes = [], {emotion: [] for emotion in Emotion if emotion}
    for face in people:
        shown = [face.with_emotion(None if not e else e.label) for e in Emotion]
        frames = np.stack([renderer.render(one, FACE_PX) for one in shown])
        seen = observer.observe(frames)
        distances.append(np.linalg.norm(seen.embeddings[1:] - seen.embeddings[0], axis=1))
        count = len(frames) - 1
        calm, points = np.repeat(frames[:1], count, 0), np.repeat(seen.landmarks[:1], count, 0)
        moved = find_outside_changes(calm, frames[1:], points, seen.landmarks[1:])
        for emotion, change in zip(changes, moved, strict=True):
            changes[emotion].append(float(change))
    known = np.concatenate(distances)
    limit = float(np.percentile(known[np.isfinite(known)], 95))
    return RenderFigures(limit, {e: float(np.nanmean(rows)) for e, rows in changes.items()})


def find_outside_changes(
    before: Frames, after: Frames, points: np.ndarray, moved: np.ndarray
) -> np.ndarray:
    """Mean absolute change [frame] in grey levels where neither frame has a face; NaN without
    landmarks [frame, 68, 2]."""
    changes = np.full(len(before), np.nan)
    for k in range(len(before)):
        if np.isfinite(points[k]).all() and np.isfinite(moved[k]).all():
            outside = ~cover_face(before.shape[1], np.concatenate([points[k], moved[k]]))
            gap = np.abs(before[k].astype(np.float32) - after[k])
            changes[k] = gap[outside].mean()
    return changes


def cover_face(size_px: int, points: np.ndarray) -> np.ndarray:
    """Which pixels [size, size] belong to the face: the hull of points [n, 2], several faces' 68
    each, forehead and margin included."""
    faces = points.reshape(-1, 68, 2)
    # The forehead is about as high above the brows as half the way from brows to chin.
    foreheads = [face[BROWS] + 0.5 * (face[BROWS].mean(0) - face[CHIN]) for face in faces]
    hull = cv2.convexHull(np.concatenate([points, *foreheads]).astype(np.float32))
    canvas = np.zeros((size_px, size_px), np.uint8)
    cv2.fillConvexPoly(canvas, hull.round().astype(np.int32), 1)
    width = 2 * round(MARGIN * size_px) + 1
    grown = cv2.dilate(canvas, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width)))
    return grown.astype(bool)


def compare_sets(a: DirectionSet, b: DirectionSet) -> Figures:
    """Cosine of each emotion's direction in two sets, in the rows that the emotion mask opens."""
    mask, figures = MASKS["emotion"], {}
    for emotion in sorted(set(a.directions) & set(b.directions)):
        first, second = (mask.apply(s.directions[emotion].vector).flatten() for s in (a, b))
        figures[f"{emotion.label}_cosine"] = float(
            torch.nn.functional.cosine_similarity(first, second, dim=0)
        )
    figures["mean_cosine"] = float(np.mean(list(figures.values()))) if figures else float("nan")
    return figures
