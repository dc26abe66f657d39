"""68 points by the Face Alignment Network, and the detector S3FD, both of `face-alignment`.

In: uint8 RGB pictures. Out: boxes with scores, and points [68, 2] float64. An option: the package
`face-alignment` gives the two networks, our cards their weights. The package's own loader, which
downloads as it pleases, is never called.

Cutting and reading off (Bulat and Tzimiropoulos, 2017, and their code's numbers): a face with a
box of w x h and centre (x, y) is cut out as a square of 200 (w + h) / 195 pixels around
(x, y - 0.12 h), scaled to 256x256 levels 0-1; the last of four hourglasses gives 68 maps of 64x64.
A point is its map's highest place, moved a quarter of a cell towards the higher neighbour.
"""

from __future__ import annotations

import importlib
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from embed.faces.align import map_crop_to_photo
from embed.faces.base import Box, Detection, Picture, Points
from embed.faces.resampling import map_points, resample
from synth.storage.assets import fetch_asset

FAN, SFD = "fan-2d", "sfd-detector"
HOURGLASSES = 4
CROP_PX, MAP_PX = 256, 64
SIDE_OF_BOX = 200 / 195
SHIFT_UP = 0.12

Maps = Float[np.ndarray, "68 64 64"]


class SfdDetector:
    """S3FD (Zhang et al., 2017): small, turned and half hidden faces. Score: a probability."""

    name = "S3FD (face-alignment)"
    min_face_px = 20
    sure_score = 0.8

    def __init__(self, device: str = "cpu") -> None:
        self._device = device

    def detect(self, picture: Picture) -> list[Detection]:
        """All faces from about 20 pixels on.

        Raises ValueError when the package is missing, AssetError when the weights are.
        """
        found = self._model.detect_from_image(np.ascontiguousarray(picture))
        return [Detection(np.array(one[:4], np.float64), float(one[4])) for one in found]

    def fetch_models(self) -> None:
        """Make sure of the package (ValueError) and the weights (AssetError)."""
        _import("face_alignment.detection.sfd")
        fetch_asset(SFD)

    @cached_property
    def _model(self) -> Any:
        module = _import("face_alignment.detection.sfd")
        path = str(fetch_asset(SFD))
        return module.FaceDetector(device=self._device, verbose=False, path_to_detector=path)


class FanPoints:
    """The 2D network with four hourglasses."""

    name = "FAN 2D (face-alignment)"

    def __init__(self, device: str = "cpu") -> None:
        self._device = torch.device(device)

    def place(self, picture: Picture, box: Box) -> Points:
        """Points [68, 2] float64, finer than a pixel.

        Raises ValueError when the package is missing, AssetError when the weights are.
        """
        quad = find_fan_square(box)
        matrix = map_crop_to_photo(quad, CROP_PX)
        crop = resample(picture, matrix, (CROP_PX, CROP_PX), "constant", (0,)).clip(0, 255)
        batch = torch.from_numpy(crop).permute(2, 0, 1)[None].to(self._device) / 255
        with torch.inference_mode():
            maps = self._network(batch)[-1][0].float().cpu().numpy()
        return map_points(map_crop_to_photo(quad, MAP_PX), read_maps(maps))

    def fetch_models(self) -> None:
        """Make sure of the package (ValueError) and the weights (AssetError)."""
        _import("face_alignment.models")
        fetch_asset(FAN)

    @cached_property
    def _network(self) -> Any:
        network = _import("face_alignment.models").FAN(HOURGLASSES)
        path = fetch_asset(FAN)
        try:
            network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        except Exception as error:  # what is not such a file fails in many ways
            raise ValueError(
                f"needs FAN's weights; {path} holds something else ({type(error).__name__}); "
                "try removing the file, so that it is fetched again"
            ) from error
        return network.requires_grad_(False).eval().to(self._device)


def find_fan_square(box: Box) -> Float[np.ndarray, "4 2"]:
    """The corners of the square that the network looks at: top left, bottom left, and so on."""
    width, height = box[2] - box[0], box[3] - box[1]
    centre = np.array([box[0] + width / 2, box[1] + height / 2 - SHIFT_UP * height])
    half = SIDE_OF_BOX * (width + height) / 2
    return centre + half * np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)], np.float64)


def read_maps(maps: Maps) -> Points:
    """Each map's highest place, a quarter of a cell towards its higher neighbours; in cells."""
    count, height, width = maps.shape
    row, column = np.divmod(maps.reshape(count, -1).argmax(axis=1), width)
    # A neighbour outside is the cell itself, so that no step leads there.
    k = np.arange(count)
    step_x = maps[k, row, (column + 1).clip(max=width - 1)] - maps[k, row, (column - 1).clip(0)]
    step_y = maps[k, (row + 1).clip(max=height - 1), column] - maps[k, (row - 1).clip(0), column]
    within_x = (column > 0) & (column < width - 1)
    within_y = (row > 0) & (row < height - 1)
    x = column + 0.25 * np.sign(step_x) * within_x
    y = row + 0.25 * np.sign(step_y) * within_y
    return np.stack([x, y], axis=1).astype(np.float64)


def _import(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ValueError(
            f"needs the Python package face-alignment for FAN and S3FD; got no {error.name}; try "
            "`pip install face-alignment`, or dlib (detector=hog, points=dlib)"
        ) from error
