"""Renders made as unlike renders as can be, so that what is learned from them holds for photos.

In: colour crops [n, n, 3] float32 in [0, 1]. Out: grey crops [n, n] float32. Surroundings that are
another picture's, things in front of the face, any mixture of colours to grey, light from a side,
shadows, textures, tone curves, blur, noise, JPEG.
"""

from __future__ import annotations

import cv2
import numpy as np

from embed.faces.base import Points

Random = np.random.Generator
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


def change_surroundings(
    crop: np.ndarray, points: Points, other: np.ndarray, random: Random
) -> np.ndarray:
    """The face of `crop`, by its points in it (sides at -1 and 1), before another picture."""
    n = len(crop)
    crown = points[17:27] + (points[17:27].mean(axis=0) - points[8]) * random.uniform(0.1, 0.5)
    outline = np.concatenate([points[:17], crown])
    outline = (outline - outline.mean(axis=0)) * random.uniform(0.95, 1.25) + outline.mean(axis=0)
    mask = np.zeros((n, n), np.float32)
    corners = np.rint((outline + 1) * n / 2).astype(np.int32)
    cv2.fillConvexPoly(mask, cv2.convexHull(corners), (1.0,))
    mask = cv2.GaussianBlur(mask, (0, 0), random.uniform(0.6, 4))[..., None]
    return crop * mask + np.rot90(other, int(random.integers(4))) * (1 - mask)


def cover(crop: np.ndarray, other: np.ndarray, random: Random) -> np.ndarray:
    """An ellipse or a bar of some colour, or of another picture, in front of the crop."""
    n = len(crop)
    mask = np.zeros((n, n), np.float32)
    at = tuple(int(v) for v in random.integers(0, n, 2))
    size = tuple(int(v) for v in random.uniform((0.03, 0.08), (0.15, 0.5)) * n + 1)
    angle = random.uniform(0, 360)
    if random.random() < 0.5:
        cv2.ellipse(mask, at, size, angle, 0, 360, (1.0,), -1)
    else:
        box = cv2.boxPoints((at, tuple(2.0 * s for s in size), angle))
        cv2.fillConvexPoly(mask, box.astype(np.int32), (1.0,))
    mask = mask[..., None] * random.uniform(0.5, 1)
    filling = other if random.random() < 0.5 else random.random(3).astype(np.float32)
    return crop * (1 - mask) + filling * mask


def turn_grey(crop: np.ndarray, random: Random) -> np.ndarray:
    """Some mixture of the colours [n, n], as different films and skins would give."""
    weights = LUMINANCE + random.normal(0, 0.08, 3)
    if random.random() < 0.4:
        weights = random.dirichlet((1, 1, 1))
    return crop @ np.float32(weights / weights.sum())


def change_light(grey: np.ndarray, random: Random) -> np.ndarray:
    """Light that falls off across the crop, the edge of a shadow, another tone curve."""
    n = len(grey)
    y, x = np.mgrid[-1 : 1 : n * 1j, -1 : 1 : n * 1j].astype(np.float32)
    slope = random.normal(0, 0.35, 2)
    light = np.exp(slope[0] * x + slope[1] * y)
    if random.random() < 0.3:
        angle, depth = random.uniform(0, 2 * np.pi), random.uniform(0.2, 0.8)
        distance = x * np.cos(angle) + y * np.sin(angle) - random.normal(0, 0.4)
        light *= 1 - depth / (1 + np.exp(-distance * random.uniform(2, 40)))
    bright = np.clip(grey, 0, 1) * light.astype(np.float32)
    bright = bright / max(float(np.percentile(bright, 98)), 1e-3)
    gamma = np.exp(random.normal(0, 0.4))
    return np.clip(bright, 0, 1.3) ** gamma


def add_texture(grey: np.ndarray, random: Random) -> np.ndarray:
    """Grain as of skin and stubble: noise of two sizes, as strong as the crop is bright."""
    n = len(grey)
    for cells in (int(random.integers(6, 24)), int(random.integers(24, n))):
        noise = random.normal(0, random.uniform(0, 0.08), (cells, cells)).astype(np.float32)
        grey = grey * (1 + cv2.resize(noise, (n, n), interpolation=cv2.INTER_CUBIC))
    return grey


def degrade(grey: np.ndarray, random: Random) -> np.ndarray:
    """Blurred or sharpened, noisy, compressed."""
    chance = random.random(4)
    if chance[0] < 0.4:
        grey = cv2.GaussianBlur(grey, (0, 0), random.uniform(0.3, 1.8))
    elif chance[0] < 0.6:
        soft = cv2.GaussianBlur(grey, (0, 0), random.uniform(0.8, 2.5))
        grey = grey + random.uniform(0.3, 2.0) * (grey - soft)
    if chance[1] < 0.5:
        grey = grey + random.normal(0, random.uniform(0, 0.06), grey.shape).astype(np.float32)
    if chance[2] < 0.3:
        levels = np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(15, 95))]
        coded = cv2.imencode(".jpg", levels, quality)[1]
        decoded = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
        assert decoded is not None, "what was just encoded can be decoded"
        grey = decoded.astype(np.float32) / 255
    return grey
