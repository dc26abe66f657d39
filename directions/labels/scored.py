"""Labels from the generator itself: faces are drawn by chance, a classifier tells what they show.

Needs no data set and works for any generator of faces (thesis, future work). Only faces that the
classifier is sure of are kept, the same number of each emotion; the most certain first. What the
classifier cannot see in this generator's faces, the directions will not move.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from directions.fitting.samples import LabelledLatents
from synth.devices import choose_device, find_device
from synth.emotions import Emotion
from synth.faces.observers import (
    NeedsModels,
)
from synth.generators.acceleration import accelerate
from synth.generators.base import Generator
from synth.generators.capabilities import find_capabilities
from synth.judging.emotion_scoring import EmotionScorer, check_probabilities
from synth.types import to_frames

BATCH = 8
#: Fewer faces of an emotion than this are no ground for a direction.
LEAST_FACES = 10


def label_by_scorer(
    generator: Generator,
    scorer: EmotionScorer,
    samples: int = 10000,
    per_emotion: int = 500,
    confidence: float = 0.6,
    psi: float = 1.0,
    seed: int = 1,
) -> LabelledLatents:
    """Draw up to `samples` random faces, score them, and keep up to `per_emotion` of each emotion.

    confidence: least probability, 0 to 1, of a face that is kept; psi: truncation of the faces.
    Stops early when there are enough of all. Each face is a person of its own; intensities are 1.
    Raises ValueError when the classifier is sure of too few.
    """
    _check_wishes(confidence, samples, per_emotion)
    if isinstance(scorer, NeedsModels):
        scorer.fetch_models()
    if find_capabilities(generator).accelerate is not None:
        generator = accelerate(generator, device=choose_device("auto"))
    kept: dict[Emotion, list[tuple[float, int, np.ndarray]]] = {emotion: [] for emotion in Emotion}
    seen = 0
    for w, probabilities in draw_scored(generator, scorer, samples, psi, seed):
        for row, chances in zip(w, probabilities, strict=True):
            emotion, chance = Emotion(int(chances.argmax())), float(chances.max())
            seen += 1
            if not chance >= confidence:  # NaN is no certainty either
                continue
            heap = kept[emotion]
            heapq.heappush(heap, (chance, seen, row))
            if len(heap) > per_emotion:
                heapq.heappop(heap)
        if min(map(len, kept.values())) == per_emotion:
            break
    return _join(kept, scorer.name, seen, confidence)


@torch.no_grad()
def draw_scored(
    generator: Generator, scorer: EmotionScorer, samples: int, psi: float, seed: int
) -> Iterator[tuple[Float[np.ndarray, "face w_dim"], Float[np.ndarray, "face 7"]]]:
    """Batches of random faces: their w [face, w_dim] and the scorer's probabilities [face, 7]."""
    random, device = torch.Generator().manual_seed(seed), find_device(generator)
    for start in range(0, samples, BATCH):
        count = min(BATCH, samples - start)
        z: Tensor = torch.randn(count, generator.z_dim, generator=random)
        w_plus = generator.mapping(z.to(device), truncation_psi=psi)
        frames = to_frames(generator.synthesis(w_plus))
        found = scorer.score(frames)
        check_probabilities(found, scorer.name, may_be_unknown=True)
        yield w_plus[:, 0].float().cpu().numpy(), found


def _check_wishes(confidence: float, samples: int, per_emotion: int) -> None:
    if not 1 / len(Emotion) < confidence <= 1 or samples < 1 or per_emotion < LEAST_FACES:
        raise ValueError(
            f"needs confidence from {1 / len(Emotion):.2f} to 1, samples above 0 and per_emotion "
            f"from {LEAST_FACES}; got {confidence}, {samples} and {per_emotion}"
        )


def _join(
    kept: dict[Emotion, list[tuple[float, int, np.ndarray]]],
    scorer: str,
    seen: int,
    confidence: float,
) -> LabelledLatents:
    counts = {emotion.label: len(heap) for emotion, heap in kept.items()}
    enough = [emotion for emotion, heap in kept.items() if len(heap) >= LEAST_FACES]
    if Emotion.CALM not in enough or len(enough) < 2:
        told = ", ".join(f"{count} {name}" for name, count in counts.items())
        raise ValueError(
            f"needs {LEAST_FACES} faces or more of calm and of another emotion of which {scorer} "
            f"is sure; got {told} of {seen} faces; try labels.confidence={confidence / 2:.2g}, "
            "more labels.samples or another classifier"
        )
    # Balanced: as many of each as of the rarest emotion that is kept.
    fewest = min(len(kept[emotion]) for emotion in enough)
    chosen = [
        (int(emotion), row)
        for emotion in enough
        for _, _, row in heapq.nlargest(fewest, kept[emotion], key=lambda entry: entry[:2])
    ]
    emotions = np.array([emotion for emotion, _ in chosen])
    latents = np.stack([row for _, row in chosen])
    return LabelledLatents(
        latents, emotions, (emotions > 0).astype(np.float64), np.arange(len(emotions))
    )
