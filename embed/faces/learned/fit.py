"""The network of points learns from renders: crops drawn by chance, changed beyond recognition.

In: pictures [n, size, size, 3] with points [n, 68, 2], of which the last ones are held out. Out: a
trained `PointNetwork` and its card. Loss: absolute differences (smooth near 0) of points, weighted
by what the alignment takes, and of the means that it makes of them: eyes and mouth.
The run can be stopped at any time; the same call goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from embed.faces.align import LEFT_EYE, MOUTH_CORNERS, RIGHT_EYE, compute_quad
from embed.faces.learned.changes import (
    add_texture,
    change_light,
    change_surroundings,
    cover,
    degrade,
    turn_grey,
)
from embed.faces.learned.frames import MIRRORED, find_mean_shape
from embed.faces.learned.network import CROP_PX, PointNetwork, prepare_crops
from embed.faces.learned.warps import draw_warp
from synth.learning.fitting import FitPlan, fit_network

HELD_OUT = 192
#: Renders are blurred a little before they are cut, since crops have fewer pixels than they.
BLUR_PX = (0.4, 1.4)
_MEASURED = 256
#: Errors are told as those of a square of so many pixels.
QUAD_PX = 1024


@dataclass(frozen=True)
class PointPlan(FitPlan):
    """How long and how fast. smooth: below it the loss is nearly quadratic, in half sides.

    faces: filled in by the training, so that no run goes on with other pictures.
    """

    steps: int = 1100
    batch: int = 48
    rate: float = 3e-3
    smooth: float = 0.01
    faces: int = 0


class PointTask:
    """Batches, loss and held-out figures."""

    def __init__(self, pictures: np.ndarray, points: np.ndarray, plan: PointPlan) -> None:
        if len(pictures) <= HELD_OUT:
            raise ValueError(
                f"needs more than the {HELD_OUT} faces that are held out; got {len(pictures)}"
            )
        self.pictures, self.points, self.plan = pictures, points.astype(np.float64), plan
        self.known = len(pictures) - HELD_OUT
        self.mean_shape = find_mean_shape(self.points[: self.known : 4])
        weights = torch.ones(68)
        weights[:17] = 0.3
        weights[36:48] = 2.0
        weights[list(MOUTH_CORNERS)] = 4.0
        self.weights = (weights / weights.mean())[:, None]
        self._held_out: tuple[Tensor, Tensor] | None = None

    def draw_batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Crops [batch, 1, n, n] and points [batch, 68, 2], by the seed and the step's number."""
        return self._draw(np.random.default_rng([self.plan.seed, step]), self.plan.batch)

    def find_loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Of all points, and of the means that the alignment takes."""
        points = (self._measure(output - target) * self.weights).mean()
        means = self._measure(find_means(output) - find_means(target)).mean()
        return points + means

    def measure(self, network: nn.Module) -> dict[str, float]:
        """Held-out crops: mean error of the corners of FFHQ's square, of the eyes and the mouth."""
        if self._held_out is None:
            self._held_out = self._draw(np.random.default_rng(self.plan.seed), _MEASURED, True)
        crops, target = self._held_out
        found = torch.cat([network(part).float() for part in crops.split(64)])
        means = (find_means(found) - find_means(target)).norm(dim=2).mean(0).tolist()
        names = ("left_eye", "right_eye", "mouth")
        figures = {name: round(mean, 5) for name, mean in zip(names, means, strict=True)}
        errors = [measure_quads(*pair) for pair in zip(found.numpy(), target.numpy(), strict=True)]
        return {"corner_px": round(float(np.mean(errors)), 3), **figures}

    def _measure(self, difference: Tensor) -> Tensor:
        return (difference.square() + self.plan.smooth**2).sqrt() - self.plan.smooth

    def _draw(
        self, random: np.random.Generator, count: int, held_out: bool = False
    ) -> tuple[Tensor, Tensor]:
        low, high = (self.known, len(self.pictures)) if held_out else (0, self.known)
        drawn = [self._draw_crop(random, random.integers(low, high, 2)) for _ in range(count)]
        crops = torch.from_numpy(np.stack([crop for crop, _ in drawn]))[:, None]
        points = torch.from_numpy(np.stack([points for _, points in drawn]))
        return prepare_crops(crops), points

    def _draw_crop(
        self, random: np.random.Generator, picks: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """One crop [n, n] and its points; the second pick gives other surroundings."""
        crop, points = self._cut(random, int(picks[0]))
        chance = random.random(5)
        if chance[0] < 0.6:
            other = self._cut_anything(random, int(picks[1]))
            if chance[1] < 0.6:
                crop = change_surroundings(crop, points, other, random)
            if chance[2] < 0.4:
                crop = cover(crop, other, random)
        grey = turn_grey(crop, random)
        if chance[3] < 0.9:
            grey = degrade(change_light(add_texture(grey, random), random), random)
        if chance[4] < 0.5:
            grey, points = grey[:, ::-1], (points * [-1, 1])[MIRRORED]
        return np.ascontiguousarray(grey, np.float32), points.astype(np.float32)

    def _cut(self, random: np.random.Generator, pick: int) -> tuple[np.ndarray, np.ndarray]:
        points = self.points[pick]
        warp = draw_warp(points, self.mean_shape, random)
        soft = cv2.GaussianBlur(self.pictures[pick], (0, 0), random.uniform(*BLUR_PX))
        crop = _sample(soft, warp.locate(list_places()))
        return crop, warp.find_points(points)

    def _cut_anything(self, random: np.random.Generator, pick: int) -> np.ndarray:
        """Some part of a picture, at any size."""
        size = self.pictures.shape[1]
        zoom, corner = random.uniform(0.1, 0.5), random.uniform(0, 0.5, 2)
        return _sample(self.pictures[pick], ((list_places() + 1) / 2 * zoom + corner) * size)


def find_means(points: Tensor) -> Tensor:
    """Points [batch, 68, 2] -> middles of the left eye, the right eye and the mouth [batch, 3, 2].

    As `compute_quad` takes them.
    """
    eyes = [points[:, one].mean(1) for one in (LEFT_EYE, RIGHT_EYE)]
    return torch.stack([*eyes, points[:, list(MOUTH_CORNERS)].mean(1)], 1)


def measure_quads(points: np.ndarray, others: np.ndarray) -> float:
    """Mean distance of the corners of two FFHQ squares, in pixels where the second has 1024."""
    quad, other = compute_quad(points.astype(float)), compute_quad(others.astype(float))
    side = float(np.hypot(*(other[3] - other[0])))
    return float(np.hypot(*(quad - other).T).mean()) / side * QUAD_PX


def list_places() -> np.ndarray:
    """The centres of a crop's pixels, sides at -1 and 1: [n * n, 2]."""
    line = (np.arange(CROP_PX) + 0.5) * 2 / CROP_PX - 1
    return np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)


def _sample(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Colours [n, n, 3] in [0, 1] at places [n * n, 2] of a picture, its edge repeated."""
    maps = places.astype(np.float32).reshape(CROP_PX, CROP_PX, 2)
    border = cv2.BORDER_REFLECT_101
    crop = cv2.remap(picture, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=border)
    return crop.astype(np.float32) / 255


def fit_points(
    pictures: np.ndarray, points: np.ndarray, plan: PointPlan, folder: Path
) -> tuple[PointNetwork, dict[str, float]]:
    """Train, or go on with the run in `folder`; -> the network and its held-out figures."""
    torch.manual_seed(plan.seed)
    plan = replace(plan, faces=len(pictures))
    task, network = PointTask(pictures, points, plan), PointNetwork()
    network.mean_shape.copy_(torch.from_numpy(task.mean_shape))
    figures = fit_network(network, task.draw_batch, task.find_loss, task.measure, plan, folder)
    return network.eval().requires_grad_(False), figures
