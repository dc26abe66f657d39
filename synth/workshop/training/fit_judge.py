"""The judge learns the emotions of renders from the parameters that drew them.

Labels are soft: calm fades out from CALM_BELOW to FULL_FROM, and what is not calm is shared among
the emotions as their weights are. Figures are counted on plain cases only: calm faces, and full
expressions of one emotion. Pictures are blurred down to a third of their detail, since
generated ones are softer than renders.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from synth.emotions import Emotion
from synth.generators.bundled_parameters import EMOTION_SLICE, EMOTIONS
from synth.judging.judge import KIND, EmotionJudge
from synth.judging.storage import save_network
from synth.learning.augmentation import (
    add_grain,
    jitter_colours,
    mirror_half,
    move_slightly,
    soften,
)
from synth.learning.fitting import FitPlan, fit_network, seed_for
from synth.learning.rendered_faces import (
    CALM_BELOW,
    FULL_FROM,
    HELD_OUT,
    FaceDataset,
    find_plain_cases,
)
from synth.types import Images, to_images
from synth.workshop.training.dataset import describe_data
from synth.workshop.training.fit_perceptual import check_sizes

PICTURE_PX = 128
PLAN = FitPlan(steps=1500, batch=48, rate=4e-3)


def label_softly(
    weights: Float[np.ndarray, "face 6"],
) -> Float[np.ndarray, "face 7"]:
    """Emotion weights -> how much each of `Emotion` shows, summing to 1."""
    total = weights.sum(1, keepdims=True)
    shown = np.clip((total - CALM_BELOW) / (FULL_FROM - CALM_BELOW), 0, 1)
    labels = np.zeros((len(weights), len(Emotion)), np.float32)
    labels[:, Emotion.CALM] = 1 - shown[:, 0]
    columns = [Emotion.parse(name) for name in EMOTIONS]
    labels[:, columns] = shown * weights / np.maximum(total, 1e-6)
    return labels


class JudgeTask:
    """Batches, loss and held-out figures of the judge on one data set."""

    def __init__(self, data: FaceDataset, plan: FitPlan = PLAN) -> None:
        check_sizes(data, (PICTURE_PX,))
        self.pictures, self.plan = data.pictures[PICTURE_PX], plan
        weights = data.parameters[:, EMOTION_SLICE]
        self.labels = torch.from_numpy(label_softly(weights))
        self.plain = find_plain_cases(weights)
        self.judge = EmotionJudge()  # for its eyes only: `prepare` has no weights

    def draw_batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Changed inner faces of pictures that are not held out, and their soft labels."""
        random = seed_for(self.plan.seed, step)
        picks = torch.randint(HELD_OUT, len(self.pictures), (self.plan.batch,), generator=random)
        images = to_images(self.pictures[picks.numpy()])
        images = move_slightly(jitter_colours(mirror_half(images), random, 1.0), random, 1.0)
        order = torch.randperm(len(images), generator=random)
        images = soften(images[order], random, 0.5, PICTURE_PX // 3)
        images = add_grain(images, random, 0.1)
        return self.judge.prepare(images), self.labels[picks[order]]

    def find_loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Cross entropy to soft labels."""
        return F.cross_entropy(output, target)

    def measure(self, network: nn.Module) -> dict[str, float]:
        """On held-out plain cases: accuracy as they are, and when soft as 48x48."""
        truth = torch.from_numpy(self.plain[:HELD_OUT])
        images = self.read_held_out()
        low = F.interpolate(images, (48, 48), mode="bilinear", antialias=True)
        soft = F.interpolate(low, (PICTURE_PX, PICTURE_PX), mode="bicubic")
        figures = {"plain_cases": float((truth >= 0).sum())}
        for name, shown in (("accuracy", images), ("accuracy_when_soft", soft)):
            hits = network(self.judge.prepare(shown)).argmax(1) == truth
            figures[name] = round(float(hits[truth >= 0].float().mean()), 4)
        return figures

    def read_held_out(self) -> Images:
        """The pictures that are never trained on."""
        return to_images(np.array(self.pictures[:HELD_OUT]))


def fit_judge(data: FaceDataset, folder: Path, plan: FitPlan = PLAN) -> EmotionJudge:
    """Train, or finish training, and calibrate; -> the judge as it ships."""
    torch.manual_seed(plan.seed)
    task, network = JudgeTask(data, plan), EmotionJudge()
    fit_network(network, task.draw_batch, task.find_loss, task.measure, plan, folder)
    network.eval().requires_grad_(False)
    logits = network(network.prepare(task.read_held_out()))
    network.temperature.copy_(find_temperature(logits, task.labels[:HELD_OUT]))
    return network


def find_temperature(
    logits: Float[Tensor, "face 7"], labels: Float[Tensor, "face 7"]
) -> Float[Tensor, ""]:
    """The divisor of logits with the least cross entropy (Guo et al. 2017), from 0.25 to 4."""
    candidates = torch.logspace(-2, 2, 81, base=2.0)
    losses = torch.stack([F.cross_entropy(logits / t, labels) for t in candidates])
    return candidates[losses.argmin()]


def count_confusion(
    judge: EmotionJudge, images: Images, truth: np.ndarray
) -> Float[np.ndarray, "shown told"]:
    """How often each emotion (row) is told as which (column); `truth` -1 is left out."""
    told = torch.cat([judge.judge(part) for part in images.split(64)]).argmax(1).numpy()
    counts = np.zeros((len(Emotion), len(Emotion)))
    np.add.at(counts, (truth[truth >= 0], told[truth >= 0]), 1)
    return counts


def save_judge(
    path: Path, judge: EmotionJudge, data: FaceDataset, folder: Path, plan: FitPlan = PLAN
) -> dict[str, str]:
    """Write the file that ships; -> its card, with figures and confusion of held-out faces."""
    task = JudgeTask(data, plan)
    with torch.no_grad():
        figures = task.measure(judge)
        confusion = count_confusion(judge, task.read_held_out(), task.plain[:HELD_OUT])
    card = {
        "licence": "MIT",
        "data": describe_data(folder, data),
        "command": "python -m scripts.train_networks network=judge",
        "plan": ", ".join(f"{key} {value:g}" for key, value in asdict(plan).items()),
        "seed": str(plan.seed),
        "held_out": f"first {HELD_OUT} pictures",
        "emotions": ", ".join(emotion.label for emotion in Emotion),
        "confusion": json.dumps(confusion.astype(int).tolist()),
        **{name: f"{value:g}" for name, value in figures.items()},
    }
    save_network(path, judge, KIND, card)
    return card
