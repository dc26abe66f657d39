"""68 points by our own network, which knows renders only: weights that anybody may use.

In: uint8 RGB pictures and boxes. Out: points [68, 2] float64, finer than a pixel. The network looks
again and again: at the box, upright; then at the square that fits the points it found there, turned
as the face is; at last at several squares moved a little from that one, each of them mirrored too,
whose answers are averaged.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float

from embed.faces.base import Box, Picture, Points
from embed.faces.learned.frames import MIRRORED, frame_box, frame_points
from embed.faces.learned.network import CROP_PX, PointNetwork, prepare_crops
from embed.faces.resampling import Affine, map_points, resample
from synth.judging.storage import load_network

KIND = "moodreel-points"
BUNDLED_POINTS = Path(__file__).with_name("weights") / "moodreel-points.safetensors"
#: How often the square is fitted again before answers are averaged.
SETTLING = 2
#: Looks that are averaged: shift right and down in half sides, scale, turn in radians.
LOOKS = (
    (0.0, 0.0, 1.0, 0.0),
    (0.03, 0.0, 1.04, 0.05),
    (-0.03, 0.0, 1.04, -0.05),
    (0.0, 0.03, 0.96, -0.05),
    (0.0, -0.03, 0.96, 0.05),
)


class RenderPoints:
    """The network in a file, the bundled one if None, read when it is first needed."""

    name = "Moodreel 68 points, learned from renders"

    def __init__(self, path: str | None = None, device: str = "cpu") -> None:
        self._path, self._device = path, device

    def fetch_models(self) -> None:
        """Read the network; raises FileNotFoundError or ValueError naming its file."""
        self._load()

    def place(self, picture: Picture, box: Box) -> Points:
        """Points [68, 2] in the picture's pixels."""
        network = self._load()
        mean_shape = network.mean_shape.cpu().numpy().astype(np.float64)
        points = self._look(network, picture, [frame_box(box, mean_shape)], False)
        for _ in range(SETTLING - 1):
            square = frame_points(points, mean_shape)
            points = self._look(network, picture, [square], False)
        square = frame_points(points, mean_shape)
        return self._look(network, picture, [move_square(square, *look) for look in LOOKS], True)

    def _look(
        self, network: PointNetwork, picture: Picture, squares: list[Affine], mirror: bool
    ) -> Points:
        """The mean of what is seen in the squares, and in their mirror images."""
        crops = torch.from_numpy(np.stack([cut_square(picture, one) for one in squares]))[:, None]
        if mirror:
            crops = torch.cat([crops, crops.flip(3)])
        with torch.inference_mode():
            seen = network(prepare_crops(crops).to(self._device)).double().cpu().numpy()
        if mirror:
            half = len(squares)
            seen = (seen[:half] + (seen[half:] * [-1, 1])[:, MIRRORED]) / 2
        found = [map_points(square, one) for square, one in zip(squares, seen, strict=True)]
        return np.mean(found, axis=0)

    def _load(self) -> PointNetwork:
        return _load_points(self._path or str(BUNDLED_POINTS), self._device)


def cut_square(picture: Picture, square: Affine) -> Float[np.ndarray, "96 96"]:
    """What the network looks at: grey levels, the picture's edge repeated."""
    to_unit = np.array([2 / CROP_PX, 1 / CROP_PX - 1])
    matrix = np.column_stack(
        [square[:, :2] * to_unit[0], square[:, :2] @ to_unit[[1, 1]] + square[:, 2]]
    )
    crop = resample(picture, matrix, (CROP_PX, CROP_PX)).clip(0, 255).astype(np.uint8)
    return cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)


def move_square(square: Affine, right: float, down: float, scale: float, turn: float) -> Affine:
    """The square moved within itself, by half sides, a factor and radians."""
    cosine, sine = scale * np.cos(turn), scale * np.sin(turn)
    inner = np.array([[cosine, -sine], [sine, cosine]])
    shift = square[:, :2] @ np.array([right, down]) + square[:, 2]
    return np.column_stack([square[:, :2] @ inner, shift])


@cache
def _load_points(path: str, device: str) -> PointNetwork:
    network, _ = load_network(path, KIND, PointNetwork)
    return network.to(device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
