"""The network of covers learns from renders of the same people again and again.

In: pictures [n, size, size, 3] with points [n, 68, 2], `LOOKS` of each person one after another,
other expressions and turns of the head each time, of which the last ones are held out. Out: a
trained `CoverNetwork` and its figures. A sample is one look at a person, more often than not with
something before the face, beside the median of their other looks, as a clip would give it: all of
one camera, points a little off, more so where something covers them. The run can be stopped at any
time; the same call goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from embed.faces.learned.changes import LUMINANCE, Random
from embed.films.covering.drawn_covers import measure_face, put_before
from embed.films.covering.finder import MOST_COVERED
from embed.films.covering.network import CoverNetwork, prepare_pairs
from embed.films.covering.texture import FaceLayout
from synth.learning.fitting import FitPlan, fit_network

#: Looks at each person, and people that are held out.
LOOKS, HELD_OUT = 4, 48
#: Share of looks with something before the face: of the one that is told, and of the others.
COVERED, USUALLY_COVERED = 0.6, 0.2
#: How far points are off, in `measure_face`: of a free face, and what a covered one adds.
OFF, MORE_OFF = 0.012, 0.03
#: Pictures are made so large: a face is then little larger than its texture.
SAMPLE_PX = 128
#: What counts as covered at all where held-out samples are measured, of the whole face.
_NOTHING, _MUCH, _MEASURED = 0.001, 0.08, 384


@dataclass(frozen=True)
class CoverPlan(FitPlan):
    """How long and how fast. faces: filled in by the training."""

    steps: int = 600
    batch: int = 32
    rate: float = 2e-3
    faces: int = 0


@dataclass(frozen=True)
class Camera:
    """What all frames of a clip share."""

    gamma: float
    soft_px: float
    tint: np.ndarray
    grain: float
    is_grey: bool

    @classmethod
    def draw(cls, random: Random) -> Camera:
        """Any camera."""
        return cls(
            float(np.exp(random.normal(0, 0.3))),
            random.uniform(0.3, 1.6),
            np.exp(random.normal(0, 0.08, 3)),
            random.uniform(0, 0.04),
            bool(random.random() < 0.25),
        )

    def take(self, picture: np.ndarray, random: Random) -> np.ndarray:
        """A picture [n, n, 3] of levels 0 to 1 as it would, under a light of the moment."""
        y, x = np.mgrid[-1 : 1 : len(picture) * 1j, -1 : 1 : len(picture) * 1j]
        slope = random.normal(0, 0.2, 2)
        light = np.exp(slope[0] * x + slope[1] * y + random.normal(0, 0.1))
        seen = cv2.GaussianBlur(picture, (0, 0), self.soft_px) * light[..., None]
        tint = self.tint * np.exp(random.normal(0, 0.015, 3))
        if self.is_grey:
            seen = (seen @ LUMINANCE)[..., None]
        seen = np.clip(seen * tint, 0, 1) ** self.gamma
        return np.clip(seen + random.normal(0, self.grain, seen.shape), 0, 1).astype(np.float32)


class CoverTask:
    """Batches, loss and held-out figures."""

    def __init__(self, pictures: np.ndarray, points: np.ndarray, plan: CoverPlan) -> None:
        self.people = len(pictures) // LOOKS
        if len(pictures) % LOOKS or self.people <= HELD_OUT:
            raise ValueError(
                f"needs {LOOKS} looks at each of more than the {HELD_OUT} people that are held "
                f"out; got {len(pictures)} pictures"
            )
        size = SAMPLE_PX, SAMPLE_PX
        self.pictures = [cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in pictures]
        self.points = (points.astype(np.float64) + 0.5) * SAMPLE_PX / pictures.shape[1] - 0.5
        self.plan = plan
        self.layout = FaceLayout.fit(self.points)
        self.inside = torch.from_numpy(self.layout.inside)
        self._held_out: tuple[Tensor, Tensor] | None = None

    def draw_batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Pairs [batch, 7, n, n] and covers [batch, n, n], by the seed and the step's number."""
        return self._draw(np.random.default_rng([self.plan.seed, step]), self.plan.batch)

    def find_loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Cross entropy over the face."""
        loss = F.binary_cross_entropy_with_logits(output, target, reduction="none")
        return loss[:, self.inside].mean()

    def measure(self, network: nn.Module) -> dict[str, float]:
        """Held-out people: overlap of what is found with what is there; faces told wrongly."""
        if self._held_out is None:
            self._held_out = self._draw(np.random.default_rng(self.plan.seed), _MEASURED, True)
        pairs, target = self._held_out
        logits = torch.cat([network(part).float() for part in pairs.split(64)])
        found, there = logits[:, self.inside] > 0, target[:, self.inside] > 0.5
        told = logits[:, self.inside].sigmoid().mean(1) > MOST_COVERED
        share = target[:, self.inside].mean(1)
        return {
            "overlap": round(float((found & there).sum() / (found | there).sum()), 4),
            "free_told_covered": round(float(told[share < _NOTHING].float().mean()), 4),
            "covered_told_free": round(float((~told)[share > _MUCH].float().mean()), 4),
        }

    def _draw(self, random: Random, count: int, held_out: bool = False) -> tuple[Tensor, Tensor]:
        known = self.people - HELD_OUT
        low, high = (known, self.people) if held_out else (0, known)
        picks = random.integers(low, high, (count, 2)).tolist()
        drawn = [self._draw_sample(random, *pick) for pick in picks]
        told, usual, covers = (np.stack(part) for part in zip(*drawn, strict=True))
        pairs = prepare_pairs(told, usual, self.layout.inside)
        return pairs, torch.from_numpy(covers.astype(np.float32))

    def _draw_sample(self, random: Random, person: int, other: int) -> tuple[np.ndarray, ...]:
        """A texture, the usual one and the cover of the first; `other` lends parts of a picture."""
        camera, foreign = Camera.draw(random), self._read(LOOKS * other)
        looks = [
            self._draw_look(
                random, LOOKS * person + int(number), camera, foreign,
                USUALLY_COVERED if place else COVERED,
            )
            for place, number in enumerate(random.permutation(LOOKS))
        ]  # fmt: skip
        told, cover = looks[0]
        three = told, np.median([texture for texture, _ in looks[1:]], 0), cover
        return tuple(one[:, ::-1] for one in three) if random.random() < 0.5 else three

    def _draw_look(
        self, random: Random, number: int, camera: Camera, other: np.ndarray, chance: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Texture and cover of one picture, with something before it by chance."""
        picture, points = self._read(number), self.points[number]
        mask = np.zeros(picture.shape[:2], np.float32)
        off = random.normal(0, OFF, 2) + random.normal(0, OFF, points.shape)
        if random.random() < chance:
            picture, mask = put_before(picture, points, other, random)
            off += random.normal(0, MORE_OFF, 2) + random.normal(0, MORE_OFF, points.shape)
        seen = points + off * measure_face(points)
        return self.layout.cut(camera.take(picture, random), seen), self.layout.cut(mask, seen)

    def _read(self, number: int) -> np.ndarray:
        return self.pictures[number].astype(np.float32) / 255


def fit_covers(
    pictures: np.ndarray, points: np.ndarray, plan: CoverPlan, folder: Path
) -> tuple[CoverNetwork, dict[str, float]]:
    """Train, or go on with the run in `folder`; -> the network and its held-out figures."""
    torch.manual_seed(plan.seed)
    plan = replace(plan, faces=len(pictures))
    task, network = CoverTask(pictures, points, plan), CoverNetwork()
    network.places.copy_(torch.from_numpy(task.layout.places))
    figures = fit_network(network, task.draw_batch, task.find_loss, task.measure, plan, folder)
    return network.eval().requires_grad_(False), figures
