"""Labels from the generator itself: faces are drawn by chance, a classifier tells what they show.

Needs no data set and works for any generator of faces (thesis, future work). Only faces that the
classifier is sure of are kept, the same number of each emotion; the most certain first. What the
classifier cannot see in this generator's faces, the directions will not move.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from directions.fitting.samples import LabelledLatents
from synth.devices import choose_device, find_device
from synth.emotions import Emotion
from synth.faces.observers import fetch_models
from synth.generators.acceleration import accelerate
from synth.generators.base import Generator
from synth.generators.capabilities import find_capabilities
from synth.judging.emotion_scoring import EmotionScorer
from synth.progress import Progress, Report, ignore_progress
from synth.types import to_frames

BATCH = 8
#: Fewer faces of an emotion than this are no ground for a direction.
LEAST_FACES = 10


@dataclass(frozen=True)
class ScoredLabels:
    """A LabelSource: up to `samples` random faces, of which up to `per_emotion` are kept of each.

    confidence: least probability, 0 to 1, of a face that is kept; psi: truncation of the faces.
    Raises ValueError for numbers that make no sense.
    """

    scorer: EmotionScorer
    samples: int = 10000
    per_emotion: int = 500
    confidence: float | int = 0.6
    psi: float | int = 1.0
    seed: int = 1

    def __post_init__(self) -> None:
        least = 1 / len(Emotion)
        if not least < self.confidence <= 1 or self.samples < 1 or self.per_emotion < LEAST_FACES:
            raise ValueError(
                f"needs confidence from {least:.2f} to 1, samples above 0 and per_emotion from "
                f"{LEAST_FACES}; got {self.confidence}, {self.samples} and {self.per_emotion}"
            )

    @property
    def about(self) -> str:
        """For the card."""
        return f"self: random faces, scored by {self.scorer.name}"

    def load_labels(
        self, generator: Generator, report: Report = ignore_progress
    ) -> LabelledLatents:
        """Draw, score and keep; stops early when there are enough of all.

        Each face is a person of its own; intensities are 1. Raises ValueError when the classifier
        is sure of too few.
        """
        fetch_models(self.scorer)
        if find_capabilities(generator).accelerate is not None:
            generator = accelerate(generator, device=choose_device("auto"))
        kept = _Kept(self.per_emotion)
        for w, probabilities in self.draw_scored(generator):
            for row, chances in zip(w, probabilities, strict=True):
                kept.add(row, chances, self.confidence)
            report(Progress("label", kept.seen, self.samples))
            if kept.is_full:
                break
        return kept.join(self.scorer.name, self.confidence)

    @torch.no_grad()
    def draw_scored(
        self, generator: Generator
    ) -> Iterator[tuple[Float[np.ndarray, "face w_dim"], Float[np.ndarray, "face 7"]]]:
        """Batches of random faces: their w [face, w_dim] and probabilities [face, 7]."""
        random, device = torch.Generator().manual_seed(self.seed), find_device(generator)
        for start in range(0, self.samples, BATCH):
            count = min(BATCH, self.samples - start)
            z = torch.randn(count, generator.z_dim, generator=random)
            w_plus = generator.mapping(z.to(device), truncation_psi=self.psi)
            frames = to_frames(generator.synthesis(w_plus))
            yield w_plus[:, 0].float().cpu().numpy(), self.scorer.score(frames)


class _Kept:
    """The faces that the classifier is surest of, up to `most` of each emotion."""

    def __init__(self, most: int) -> None:
        self._most, self.seen = most, 0
        self._heaps: dict[Emotion, list[tuple[float, int, np.ndarray]]] = {e: [] for e in Emotion}

    @property
    def is_full(self) -> bool:
        """Whether there are enough of all emotions."""
        return min(map(len, self._heaps.values())) == self._most

    def add(self, row: np.ndarray, chances: np.ndarray, confidence: float) -> None:
        """Keep a face, perhaps in place of a less certain one."""
        emotion, chance = Emotion(int(chances.argmax())), float(chances.max())
        self.seen += 1
        if not chance >= confidence:  # NaN is no certainty either
            return
        heapq.heappush(self._heaps[emotion], (chance, self.seen, row))
        if len(self._heaps[emotion]) > self._most:
            heapq.heappop(self._heaps[emotion])

    def join(self, scorer: str, confidence: float) -> LabelledLatents:
        """As many faces of each emotion as of the rarest that is kept."""
        counts = {emotion.label: len(heap) for emotion, heap in self._heaps.items()}
        enough = [emotion for emotion, heap in self._heaps.items() if len(heap) >= LEAST_FACES]
        if Emotion.CALM not in enough or len(enough) < 2:
            told = ", ".join(f"{count} {name}" for name, count in counts.items())
            raise ValueError(
                f"needs {LEAST_FACES} faces or more of calm and of another emotion of which "
                f"{scorer} is sure; got {told} of {self.seen} faces; try "
                f"labels.confidence={confidence / 2:.2g}, more labels.samples or another classifier"
            )
        fewest = min(len(self._heaps[emotion]) for emotion in enough)
        chosen = [
            (int(emotion), row)
            for emotion in enough
            for _, _, row in heapq.nlargest(fewest, self._heaps[emotion], key=lambda one: one[:2])
        ]
        emotions = np.array([emotion for emotion, _ in chosen])
        latents = np.stack([row for _, row in chosen])
        intensities = (emotions > 0).astype(np.float64)
        return LabelledLatents(latents, emotions, intensities, np.arange(len(emotions)))
