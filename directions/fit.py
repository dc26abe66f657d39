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
from jaxtyping import Bool, Float, Int
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
#: Ways to split the people that are tried; of few people, some leave a class in one part only.
SPLITS = 64


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
        labels = [emotion.label for emotion in self.list_emotions()]
        if Emotion.CALM.label not in labels or len(labels) < 2:
            raise ValueError(
                "needs latents of calm and of at least one other emotion; got "
                f"{', '.join(labels) or 'none'}"
            )

    def list_emotions(self) -> list[Emotion]:
        """The emotions that at least one latent has."""
        return [emotion for emotion in Emotion if (self.emotions == emotion).any()]


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
    """Fit every emotion there is against calm; directions are the same in all `num_layers` rows.

    Raises ValueError, before anything is fitted, for too few people or clear examples of one.
    """
    emotions = [e for e in labelled.list_emotions() if e is not Emotion.CALM]
    for emotion in emotions:
        check_examples(labelled, emotion)
    return {e: fit_emotion(labelled, e, num_layers, c, seed) for e in emotions}


def check_examples(labelled: LabelledLatents, emotion: Emotion) -> None:
    """Raise ValueError unless two people or more show the emotion clearly, and two or more calm.

    With fewer, nobody would be left to measure on.
    """
    is_calm, is_clear = _choose_examples(labelled, emotion)
    calm, clear = (len(np.unique(labelled.subjects[chosen])) for chosen in (is_calm, is_clear))
    if min(calm, clear) < 2:
        raise ValueError(
            f"needs latents of {emotion.label} with intensity {CLEAR_INTENSITY} or more from at "
            f"least 2 subjects, and calm ones from at least 2; got {is_clear.sum()} from {clear} "
            f"and {is_calm.sum()} from {calm}; try more people, or leave {emotion.label} out"
        )


def fit_emotion(
    labelled: LabelledLatents, emotion: Emotion, num_layers: int, c: float, seed: int
) -> FittedEmotion:
    """Fit one emotion against calm. Raises what `check_examples` raises."""
    check_examples(labelled, emotion)
    is_calm, is_clear = _choose_examples(labelled, emotion)
    used = np.flatnonzero(is_calm | is_clear)
    latents, truth = labelled.latents[used].astype(np.float64), is_clear[used]
    centre = latents.mean(0)
    train, test = split_subjects(truth, labelled.subjects[used], seed)
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


def split_subjects(
    truth: Bool[np.ndarray, " sample"], subjects: Int[np.ndarray, " sample"], seed: int
) -> tuple[Int[np.ndarray, " train"], Int[np.ndarray, " test"]]:
    """Indices to fit and to measure on: a fifth of the people, half of them where they are few.

    Both parts have samples of both classes, which takes two people or more of each.
    """
    for share in (0.2, 0.5):
        shuffle = GroupShuffleSplit(SPLITS, test_size=share, random_state=seed)
        for train, test in shuffle.split(truth, truth, subjects):
            if len(np.unique(truth[train])) == len(np.unique(truth[test])) == 2:
                return train, test
    raise ValueError(
        f"needs both classes from at least 2 subjects each; got {len(np.unique(subjects))} "
        "subjects that cannot be split so; try more people"
    )


def _choose_examples(
    labelled: LabelledLatents, emotion: Emotion
) -> tuple[Bool[np.ndarray, " sample"], Bool[np.ndarray, " sample"]]:
    """Which latents are calm, and which show the emotion clearly."""
    is_clear = (labelled.emotions == emotion) & (labelled.intensities >= CLEAR_INTENSITY)
    return labelled.emotions == Emotion.CALM, is_clear


def _fit_boundary(
    latents: Float[np.ndarray, "sample w_dim"], truth: np.ndarray, c: float
) -> LogisticRegression:
    model = LogisticRegression(C=c, class_weight="balanced", max_iter=2000)
    return model.fit(latents, truth)
