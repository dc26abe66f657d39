"""Labelled latents -> emotion directions, by logistic regression (thesis, sections 3.2 and 4.4).

For each emotion, a logistic regression tells its latents from calm ones; the unit normal of the
boundary is the direction. Two more numbers are measured on the same latents: the coefficient, how
far along the direction the full emotion lies from calm, and the calm level, where calm faces lie.

Symbols: X [sample, feature] latents, centred; n the unit normal; x . n the projection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupShuffleSplit

from synth.emotions import Emotion
from synth.keyframes import Direction

#: Inverse regularisation strength. Weak regularisation fits noise in the other dimensions: the
#: held-out accuracy stays, but an edit drags hair and pose along (docs/directions.md).
DEFAULT_C = 1e-4
#: Labels weaker than this are neither calm nor an example of their emotion.
CLEAR_INTENSITY = 0.5
#: Latents from which the coefficient is measured.
FULL_INTENSITY = 0.9


@dataclass(frozen=True, eq=False)
class LabelledLatents:
    """Latents with known emotions.

    latents [sample, w_dim] in W, one row for all layers; emotions [sample], 0 to 6; intensities
    [sample], 0 to 1; subjects [sample], samples of one person share a number.
    """

    latents: Float[np.ndarray, "sample w_dim"]
    emotions: Int[np.ndarray, " sample"]
    intensities: Float[np.ndarray, " sample"]
    subjects: Int[np.ndarray, " sample"]

    def __post_init__(self) -> None:
        if not np.isfinite(self.latents).all():
            raise ValueError("needs finite latents; got NaN or infinity")
        counts = np.bincount(self.emotions, minlength=len(Emotion))
        rare = [emotion.label for emotion in Emotion if counts[emotion] < 2]
        if rare:
            raise ValueError(f"needs at least 2 latents of each emotion; got too few of {rare}")


@dataclass(frozen=True, eq=False)
class FittedEmotion:
    """One direction with what was measured on its latents.

    calm_level: mean projection of calm faces, all rows of W+ together, on the direction;
    held_out_auc: area under the ROC curve, emotion against calm, on subjects that were not
    fitted; count: latents of the emotion that were used.
    """

    direction: Direction
    calm_level: float
    held_out_auc: float
    count: int


def fit_directions(
    labelled: LabelledLatents, num_layers: int, c: float = DEFAULT_C, seed: int = 0
) -> Mapping[Emotion, FittedEmotion]:
    """Fit every emotion against calm; directions have the same row in all `num_layers` layers."""
    return {
        emotion: fit_emotion(labelled, emotion, num_layers, c, seed)
        for emotion in Emotion
        if emotion is not Emotion.CALM
    }


def fit_emotion(
    labelled: LabelledLatents, emotion: Emotion, num_layers: int, c: float, seed: int
) -> FittedEmotion:
    """Fit one emotion against calm. Raises ValueError when too few latents are clear."""
    is_calm = labelled.emotions == Emotion.CALM
    is_clear = (labelled.emotions == emotion) & (labelled.intensities >= CLEAR_INTENSITY)
    if is_clear.sum() < 2 or is_calm.sum() < 2:
        raise ValueError(
            f"needs latents of {emotion.label} with intensity {CLEAR_INTENSITY} or more and calm "
            f"ones; got {is_clear.sum()} and {is_calm.sum()}"
        )
    used = np.flatnonzero(is_calm | is_clear)
    latents, truth = labelled.latents[used].astype(np.float64), is_clear[used]
    centre = latents.mean(0)
    split = GroupShuffleSplit(1, test_size=0.2, random_state=seed)
    train, test = next(split.split(latents, truth, labelled.subjects[used]))
    model = _fit_boundary(latents[train] - centre, truth[train], c)
    auc = float(roc_auc_score(truth[test], model.decision_function(latents[test] - centre)))
    normal = _fit_boundary(latents - centre, truth, c).coef_[0]
    normal /= np.linalg.norm(normal)
    projection = labelled.latents @ normal
    calm_level = float(projection[is_calm].mean())
    is_full = is_clear & (labelled.intensities >= FULL_INTENSITY)
    full_level = float(projection[is_full if is_full.any() else is_clear].mean())
    rows = torch.from_numpy(normal).float().repeat(num_layers, 1)
    # Rows that each move by d move W+, L rows together, by d * sqrt(L).
    in_all_rows = num_layers**0.5
    unit = Direction.from_vector(rows).vector
    return FittedEmotion(
        Direction(unit, (full_level - calm_level) * in_all_rows),
        calm_level * in_all_rows,
        auc,
        int(is_clear.sum()),
    )


def _fit_boundary(
    latents: Float[np.ndarray, "sample w_dim"], truth: np.ndarray, c: float
) -> LogisticRegression:
    model = LogisticRegression(C=c, class_weight="balanced", max_iter=2000)
    return model.fit(latents, truth)
