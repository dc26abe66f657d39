"""What speaks against a set of directions before anybody films with it.

Each warning is a sentence. None of them proves a direction wrong, and their absence proves nothing
right: looking (`scripts.show_directions`) and measuring (`scripts.calibrate_directions`) remain.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from synth.emotions import Emotion
from synth.faces.random_faces import map_seeds
from synth.generators.base import Generator
from synth.generators.drawing import draw_frames
from synth.judging.emotion_scoring import EmotionScorer, measure_response
from synth.motion.direction_sets import DirectionSet
from synth.motion.directions import Direction
from synth.motion.masks import LayerMask
from synth.types import WPlus

#: Faces from which the usual distance between two people in W+ is measured.
PEOPLE = 32
#: Intensity 1 may be so long, as a share of that distance.
LEAST_LENGTH, LARGEST_LENGTH = 0.05, 1.5
#: Rows that differ by less than this share of their length are the same row.
SAME_ROWS = 1e-4
#: Less of a direction than this in the rows that the mask opens is little.
LEAST_OPEN = 0.2


@dataclass(frozen=True, eq=False)
class Trying:
    """What directions are to be used with.

    faces: W+ [face, layer, w_dim] that will be edited, or only tried; with a `scorer`, they show
    whether each direction goes the right way.
    """

    generator: Generator
    mask: LayerMask
    faces: WPlus | None = None
    scorer: EmotionScorer | None = None


def list_warnings(fitted: DirectionSet, trying: Trying) -> list[str]:
    """Sentences on what looks wrong. Raises ValueError for directions of another shape."""
    generator, faces = trying.generator, trying.faces
    if fitted.shape != (generator.num_layers, generator.w_dim):
        raise ValueError(
            f"needs directions of shape {(generator.num_layers, generator.w_dim)} for generator "
            f"{generator.name}; got {fitted.shape}"
        )
    found = []
    if fitted.generator_sha256 != generator.sha256:
        found.append(
            f"fitted for generator {fitted.generator_name}, and used with {generator.name}: "
            "directions of other weights may change something else"
        )
    is_varied = faces is not None and any(not has_equal_rows(face) for face in faces)
    usual = measure_usual_distance(generator)
    for emotion, direction in fitted.directions.items():
        if is_varied and has_equal_rows(direction.vector):
            found.append(
                f"{emotion.label}: one vector for all rows, found in W, and used on faces in W+: "
                "expect it to do less, or something else, than on faces out of the mapping"
            )
        found += _check_length(emotion, direction, trying.mask, usual)
        found += _check_sense(emotion, direction, trying)
    return found


def has_equal_rows(rows: torch.Tensor) -> bool:
    """Whether all rows [layer, w_dim] are the same but for rounding."""
    return float((rows - rows[:1]).abs().max()) <= SAME_ROWS * float(rows.abs().max())


def measure_usual_distance(generator: Generator) -> float:
    """Median distance between two random faces in W+, all rows together."""
    flat = map_seeds(range(PEOPLE), generator, 1.0).flatten(1).double()
    distances = torch.cdist(flat, flat)
    above = torch.triu_indices(PEOPLE, PEOPLE, 1)
    return float(distances[above[0], above[1]].median())


def _check_length(
    emotion: Emotion, direction: Direction, mask: LayerMask, usual: float
) -> list[str]:
    found, share = [], direction.coefficient / usual
    if not LEAST_LENGTH <= share <= LARGEST_LENGTH:
        found.append(
            f"{emotion.label}: intensity 1 moves a face by {direction.coefficient:.3g}, "
            f"{share:.2g} times the distance between two people: "
            + ("hardly anything will change" if share < 1 else "the face will fall apart")
            + "; try scripts.calibrate_directions"
        )
    step = direction.step(mask, direction.vector)
    open_share = float(step.norm()) / direction.coefficient
    if open_share < LEAST_OPEN:
        found.append(
            f"{emotion.label}: only {open_share:.0%} of the direction lies in the rows that the "
            "mask opens; try mask=none"
        )
    return found


def _check_sense(emotion: Emotion, direction: Direction, trying: Trying) -> list[str]:
    generator, faces, scorer = trying.generator, trying.faces, trying.scorer
    if faces is None or scorer is None:
        return []
    step = direction.step(trying.mask, faces)
    ahead, back = (
        measure_response(scorer, draw_frames(generator, faces + sign * step), emotion)
        for sign in (1, -1)
    )
    if ahead > back:
        return []
    return [
        f"{emotion.label}: the classifier sees more of it backwards ({back:.2f}) than ahead "
        f"({ahead:.2f}): the sign may be wrong; try scripts.calibrate_directions"
    ]
