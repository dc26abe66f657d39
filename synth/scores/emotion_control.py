"""Does a face show the emotion it was told to, and as strongly as it was told?

In: what a film was told [frame, 7], and what a scorer sees in its frames [frame, 7]; columns are
`Emotion`. Out: `EmotionControl`. The measures are those of FFE-Bench (PixelSmile, arXiv 2603.25728,
section 3.2), which edits one picture by even steps and asks a language model what it shows; here
frames of a film are looked at by an `EmotionScorer`.

Symbols: a_{t,e} the intensity of emotion e that frame t was told, s_{t,e} how much of it is seen.
Frame t asks for i when a_{t,i} is its largest intensity and at least ASKED_FROM; it shows the j of
its largest s.

    linearity (CLS)   mean over told emotions e of Pearson's r of a_{.,e} and s_{.,e}
    C_{i->j}          of the frames that ask for i, the share that shows j
    confusion (mSCR)  mean over CONFUSABLE pairs (i, j) of (C_{i->j} + C_{j->i}) / 2
    accuracy (Acc)    share of the asking frames that show what they ask for

Calm is nothing to tell: column 0 of what a film was told is not looked at. Ours where FFE-Bench
says nothing: an emotion that stays the same although it was told to change has r = 0, and of a pair
of which a film asks for one emotion only, that direction counts alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from synth.emotions import Emotion
from synth.judging.emotion_scoring import EmotionScorer
from synth.types import Frames

#: How much of each emotion, 0 to 1; a row of NaN where nothing is known.
Scores = Float[np.ndarray, "frame 7"]
#: Intensities, 1 the full emotion.
Intended = Float[np.ndarray, "told 7"]
Counts = Int[np.ndarray, "asked shown"]

#: The pairs of emotions that are taken for each other most.
CONFUSABLE = ((Emotion.FEAR, Emotion.SURPRISE), (Emotion.ANGER, Emotion.DISGUST))
#: A frame that was told less than this is on its way, and asks for nothing.
ASKED_FROM = 0.5
#: In a smaller picture no expression can be seen.
SMALLEST_PX = 32
#: Decimals of every measure: beyond them lies the rounding of single precision.
DECIMALS = 6
#: Standard deviations below this are those of a constant, by rounding.
_CONSTANT = 1e-9


@dataclass(frozen=True)
class EmotionControl:
    """The measures of one film, or of several. None: nothing to measure them on.

    linearities: Pearson's r by the name of each emotion that was told to change.
    shown: number of frames by the emotion that they ask for and, of those, by the one they show.
    """

    scorer: str
    linearity: float | None
    confusion: float | None
    accuracy: float | None
    linearities: Mapping[str, float]
    shown: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, eq=False)
class EmotionCheck:
    """What each frame of a film was told, and who sees whether it shows."""

    scorer: EmotionScorer
    intended: Intended

    def look(self, faces: Frames) -> Scores:
        """What is seen in faces [frame, size, size, 3]; nothing in those below SMALLEST_PX."""
        if min(faces.shape[1:3]) < SMALLEST_PX:
            return np.full((len(faces), len(Emotion)), np.nan)
        return self.scorer.score(faces)

    def compare(self, scores: Scores, frames: Sequence[int]) -> EmotionControl:
        """The measures from what was seen, in order, in these frames of the film.

        Raises ValueError where the film has more frames than it was told anything about.
        """
        if frames and frames[-1] >= len(self.intended):
            raise ValueError(
                f"needs intensities for every frame; got {len(self.intended)} for frame "
                f"{frames[-1]} and before"
            )
        told = self.intended[list(frames)]
        return compute_emotion_control(scores, told, self.scorer.name)


def score_emotion_control(
    frames: Frames, intended: Intended, scorer: EmotionScorer
) -> EmotionControl:
    """Look at frames [frame, size, size, 3], faces in FFHQ alignment, and compare with `intended`.

    Raises ValueError where the two are not of one length.
    """
    scores = EmotionCheck(scorer, intended).look(frames)
    return compute_emotion_control(scores, intended, scorer.name)


def compute_emotion_control(scores: Scores, intended: Intended, scorer: str) -> EmotionControl:
    """The measures of one film; frames whose score or intensities are NaN are left out.

    Raises ValueError for arrays of other shapes.
    """
    if scores.shape != intended.shape or scores.shape[1:] != (len(Emotion),):
        raise ValueError(
            f"needs scores and intensities [frame, 7] of one length; got {list(scores.shape)} and "
            f"{list(intended.shape)}"
        )
    is_known = np.isfinite(scores).all(axis=1) & np.isfinite(intended).all(axis=1)
    seen, told = scores[is_known].astype(np.float64), intended[is_known].astype(np.float64)
    found = {e.label: compute_linearity(seen[:, e], told[:, e]) for e in Emotion if e}
    linearities = {name: value for name, value in found.items() if value is not None}
    return _summarise(scorer, linearities, [*linearities.values()], count_shown(seen, told))


def pool_emotion_control(films: Sequence[EmotionControl]) -> EmotionControl:
    """The measures of several films: every emotion of every film counts once in the linearity,
    every frame once in the rest. Raises ValueError for no films, or those of several scorers.
    """
    scorers = {film.scorer for film in films}
    if len(scorers) != 1:
        raise ValueError(f"needs films of one emotion scorer; got those of {sorted(scorers)}")
    by_name = {
        e.label: [film.linearities[e.label] for film in films if e.label in film.linearities]
        for e in Emotion
    }
    every = [value for values in by_name.values() for value in values]
    means = {name: float(np.mean(values)) for name, values in by_name.items() if values}
    counts = sum((_read_counts(film.shown) for film in films), start=_read_counts({}))
    return _summarise(scorers.pop(), means, every, counts)


def make_intended(emotion: Emotion, intensities: Float[np.ndarray, " frame"]) -> Intended:
    """What a film of one emotion was told: its intensity in each frame, the others 0."""
    intended = np.zeros((len(intensities), len(Emotion)))
    intended[:, emotion] = intensities
    return intended


def compute_linearity(
    seen: Float[np.ndarray, " frame"], told: Float[np.ndarray, " frame"]
) -> float | None:
    """Pearson's r, -1 to 1; 0 where nothing follows. None where nothing was told to change."""
    if not len(told) or told.std() < _CONSTANT:
        return None
    if seen.std() < _CONSTANT:
        return 0.0
    spread = (seen - seen.mean()) @ (told - told.mean()) / len(told)
    return float(np.clip(spread / (seen.std() * told.std()), -1, 1))


def count_shown(seen: Scores, told: Intended) -> Counts:
    """Frames by the emotion they ask for and the one they show, calm included in what is shown."""
    emotions = told.copy()
    emotions[:, Emotion.CALM] = -np.inf
    counts = np.zeros((len(Emotion), len(Emotion)), dtype=np.int64)
    asks = emotions.max(axis=1, initial=-np.inf) >= ASKED_FROM
    np.add.at(counts, (emotions[asks].argmax(axis=1), seen[asks].argmax(axis=1)), 1)
    return counts


def compute_confusion(counts: Counts) -> float | None:
    """The mean confusion of the CONFUSABLE pairs; None where no frame asks for any of them."""
    asked = counts.sum(axis=1)
    pairs = []
    for one, other in CONFUSABLE:
        ways = [counts[i, j] / asked[i] for i, j in ((one, other), (other, one)) if asked[i]]
        if ways:
            pairs.append(np.mean(ways))
    return float(np.mean(pairs)) if pairs else None


def _summarise(
    scorer: str, linearities: Mapping[str, float], every: Sequence[float], counts: Counts
) -> EmotionControl:
    asked = counts.sum()
    return EmotionControl(
        scorer=scorer,
        linearity=_round(np.mean(every) if every else None),
        confusion=_round(compute_confusion(counts)),
        accuracy=_round(np.trace(counts) / asked if asked else None),
        linearities={name: round(value, DECIMALS) for name, value in linearities.items()},
        shown={
            asked.label: {e.label: int(counts[asked, e]) for e in Emotion if counts[asked, e]}
            for asked in Emotion
            if counts[asked].any()
        },
    )


def _round(value: float | np.floating | None) -> float | None:
    return None if value is None else round(float(value), DECIMALS)


def _read_counts(shown: Mapping[str, Mapping[str, int]]) -> Counts:
    counts = np.zeros((len(Emotion), len(Emotion)), dtype=np.int64)
    for asked, found in shown.items():
        for name, count in found.items():
            counts[Emotion.parse(asked), Emotion.parse(name)] = count
    return counts
