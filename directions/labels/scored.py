"""Labels from the generator itself: random faces are drawn and a classifier says what they show.

Needs no data set and works for any generator of faces (thesis, future work). First a face finder
checks that there are any: a classifier answers to noise too, and directions of its answers would
move nothing. Then only faces that the classifier is sure of are kept, the same number
of each emotion; the most certain first. What the classifier cannot see in this generator's faces,
the directions will not move.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from directions.fitting.samples import LabelledLatents
from synth.devices import choose_device, find_device
from synth.emotions import Emotion
from synth.faces.observers import FaceObserver, fetch_models
from synth.generators.acceleration import accelerate
from synth.generators.base import Generator
from synth.generators.capabilities import find_capabilities
from synth.judging.emotion_scoring import EmotionScorer, check_probabilities
from synth.progress import Progress, Report, ignore_progress
from synth.types import Frames, to_frames

BATCH = 8
#: Fewer faces of an emotion than this are no ground for a direction.
LEAST_FACES = 10
#: Pictures in which faces are looked for first, and the share that must have one.
FACE_CHECK, FACE_SHARE = 32, 0.5

#: How many faces -> batches of their w [face, w_dim] and pictures; always the same faces first.
Draw = Callable[[int], Iterator[tuple[np.ndarray, Frames]]]


@dataclass(frozen=True)
class ScoredLabels:
    """A LabelSource: up to `samples` random faces, of which up to `per_emotion` are kept of each.

    observer: who looks whether there are faces at all; None: nobody. confidence: least
    probability, 0 to 1, of a face that is kept; psi: truncation of the faces. resolution: draw
    them no larger than this, where the generator can; None: in full.
    Raises ValueError for numbers that make no sense.
    """

    scorer: EmotionScorer
    observer: FaceObserver | None = None
    samples: int = 10000
    per_emotion: int = 500
    confidence: float | int = 0.6
    psi: float | int = 1.0
    resolution: int | None = None
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

        Each face is a person of its own; intensities are 1. Raises ValueError when there are no
        faces in the pictures, or the classifier is sure of too few.
        """
        fetch_models(self.observer, self.scorer)
        draw = self._choose_drawing(generator)
        self._check_faces(draw, report)
        kept = _Kept(self.per_emotion)
        for w, frames in draw(self.samples):
            found = self.scorer.score(frames)
            check_probabilities(found, self.scorer.name, may_be_unknown=True)
            for row, chances in zip(w, found, strict=True):
                kept.add(row, chances, self.confidence)
            report(Progress("label", kept.seen, self.samples))
            if kept.is_full:
                break
        report(Progress("label", note=kept.describe()))
        return kept.join(self.scorer.name, self.confidence)

    def _choose_drawing(self, generator: Generator) -> Draw:
        """How pictures are drawn: at a lower resolution, or accelerated."""
        capabilities = find_capabilities(generator)
        more: dict[str, Any] = {}
        if self.resolution is not None and self.resolution < generator.resolution:
            if self.resolution not in capabilities.resolutions:
                known = ", ".join(map(str, capabilities.resolutions)) or "its own only"
                raise ValueError(
                    f"needs a resolution at which {generator.name} draws: {known}; got "
                    f"{self.resolution}; try labels.resolution=null"
                )
            more = {"resolution": self.resolution}
        elif capabilities.accelerate is not None:
            generator = accelerate(generator, device=choose_device("auto"))

        @torch.no_grad()
        def draw(count: int) -> Iterator[tuple[Float[np.ndarray, "face w_dim"], Frames]]:
            random, device = torch.Generator().manual_seed(self.seed), find_device(generator)
            for start in range(0, count, BATCH):
                z = torch.randn(min(BATCH, count - start), generator.z_dim, generator=random)
                w_plus = generator.mapping(z.to(device), truncation_psi=self.psi)
                frames = to_frames(generator.synthesis(w_plus, **more))
                yield w_plus[:, 0].float().cpu().numpy(), frames

        return draw

    def _check_faces(self, draw: Draw, report: Report) -> None:
        """Raise ValueError where too few pictures show a face."""
        if self.observer is None:
            return
        count = min(FACE_CHECK, self.samples)
        seen = [self.observer.observe(frames).embeddings for _, frames in draw(count)]
        found = int(np.isfinite(np.concatenate(seen)).all(1).sum())
        if found < FACE_SHARE * count:
            raise ValueError(
                f"needs a generator of faces, for a classifier of faces to label; "
                f"{self.observer.name} found a face in {found} of {count} pictures; try "
                "labels.psi=0.7, labels=latents, or labels.observer=null if you see faces"
            )
        report(Progress("label", note=f"a face in {found} of {count} pictures"))


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

    def describe(self) -> str:
        """How many faces of each emotion there are to choose from."""
        counts = ", ".join(f"{len(heap)} {emotion.label}" for emotion, heap in self._heaps.items())
        return f"sure of {counts} (at most {self._most} are kept) among {self.seen} faces"

    def join(self, scorer: str, confidence: float) -> LabelledLatents:
        """As many faces of each emotion as of the rarest that is kept."""
        enough = [emotion for emotion, heap in self._heaps.items() if len(heap) >= LEAST_FACES]
        if Emotion.CALM not in enough or len(enough) < 2:
            raise ValueError(
                f"needs {LEAST_FACES} faces or more of calm and of another emotion of which "
                f"{scorer} is sure; got one that is {self.describe()}; try "
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
