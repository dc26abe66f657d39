"""What a finished set does to people whom nobody fitted or calibrated it on.

Every held-out face is brought to calm and then to intensity 1 of each emotion; a classifier that
did not calibrate, the reporter, says which emotion it shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from directions.calibration.faces import map_calm_faces
from synth.emotions import Emotion
from synth.generators.base import Generator
from synth.generators.drawing import draw_frames
from synth.judging.emotion_scoring import EmotionScorer
from synth.motion.direction_sets import DirectionSet
from synth.motion.masks import LayerMask


@dataclass(frozen=True, eq=False)
class EditFigures:
    """confusion [asked, answered]: counts of faces by `Emotion`, calm ones unedited."""

    confusion: Int[np.ndarray, "7 7"]

    @property
    def accuracy(self) -> float:
        """Share answered as asked; each emotion that was asked for counts the same."""
        asked = self.confusion.sum(1)
        return float((np.diag(self.confusion)[asked > 0] / asked[asked > 0]).mean())


@dataclass(frozen=True)
class People:
    """Random people: of these seeds, truncated by `psi`."""

    seeds: range
    psi: float | int = 0.7


def measure_edits(
    generator: Generator,
    fitted: DirectionSet,
    mask: LayerMask,
    people: People,
    reporter: EmotionScorer,
) -> EditFigures:
    """Edit the people and have the reporter say what they show."""
    faces = map_calm_faces(generator, fitted, mask, people.seeds, people.psi)
    confusion = np.zeros((len(Emotion), len(Emotion)), np.int64)
    shown = {Emotion.CALM: faces}
    shown |= {e: faces + d.step(mask, faces) for e, d in fitted.directions.items()}
    for emotion, w_plus in shown.items():
        answers = reporter.score(draw_frames(generator, w_plus)).argmax(1)
        np.add.at(confusion[emotion], answers, 1)
    return EditFigures(confusion)
