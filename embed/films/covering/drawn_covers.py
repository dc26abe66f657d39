"""Hands and other things before a face, drawn by chance, for the network to learn from.

In: a picture [n, n, 3] float32 in [0, 1] and a face's 68 points in it. Out: the picture with
something before the face, and how much of each pixel that covers. Hands are capsules (fingers of
two parts, a palm, an arm), lit as round things, mostly in the face's own colour: what is hardest.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float

from embed.faces.base import Points
from embed.faces.learned.changes import Random

#: A part of a hand: from where to where, and its radii there, in pixels.
Capsule = tuple[np.ndarray, np.ndarray, float, float]
Mask = Float[np.ndarray, "rows columns"]

#: Share of covers that are hands, of hands in the face's colour, and of other things in one colour.
HANDS, SKIN, PLAIN = 0.75, 0.85, 0.6
#: Points on a face whose median is the colour of its skin.
_SKIN_POINTS = (1, 2, 4, 12, 14, 15, 30, 33)


def put_before(
    picture: np.ndarray, points: Points, other: np.ndarray, random: Random
) -> tuple[np.ndarray, Mask]:
    """The picture with a hand or something else before the face, and what that covers.

    other: a picture of the same size, parts of which lie before the face now and then.
    """
    if random.random() < HANDS:
        mask, shown = _draw_hand(picture, points, random)
    else:
        mask, shown = _draw_thing(picture, points, other, random)
    mask = cv2.GaussianBlur(mask, (0, 0), random.uniform(0.5, 1.2))
    beside = np.roll(mask, tuple(random.integers(-6, 7, 2)), (0, 1))
    shadow = cv2.GaussianBlur(beside, (0, 0), random.uniform(1, 6)) * random.uniform(0, 0.6)
    behind = picture * (1 - shadow)[..., None]
    mixed = behind + (shown - behind) * mask[..., None]
    return mixed.astype(np.float32), mask


def measure_face(points: Points) -> float:
    """From the chin to the bridge of the nose."""
    return float(np.linalg.norm(points[8] - points[27]))


def draw_capsules(capsules: list[Capsule], size_px: int) -> Float[np.ndarray, "rows columns"]:
    """Heights of capsules above the picture, 0 where there is none."""
    y, x = np.mgrid[:size_px, :size_px].astype(np.float32)
    heights = np.zeros((size_px, size_px), np.float32)
    for start, end, first, last in capsules:
        way = end - start
        length = max(float(way @ way), 1e-6)
        t = np.clip(((x - start[0]) * way[0] + (y - start[1]) * way[1]) / length, 0, 1)
        radius = first + (last - first) * t
        away = (x - start[0] - t * way[0]) ** 2 + (y - start[1] - t * way[1]) ** 2
        heights = np.maximum(heights, np.sqrt(np.maximum(radius**2 - away, 0)))
    return heights


def _draw_hand(picture: np.ndarray, points: Points, random: Random) -> tuple[Mask, np.ndarray]:
    heights = draw_capsules(_plan_hand(points, random), len(picture))
    mask = (heights > 0).astype(np.float32)
    down, right = np.gradient(cv2.GaussianBlur(heights, (0, 0), 0.6))
    light = random.normal(0, 0.5, 2)
    facing = (1 - right * light[0] - down * light[1]) / np.sqrt(1 + right**2 + down**2)
    ambient = random.uniform(0.2, 0.7)
    shade = ambient + (1 - ambient) * np.maximum(facing, 0) / np.sqrt(1 + light @ light)
    colour = random.random(3)
    if random.random() < SKIN:
        x, y = points[list(_SKIN_POINTS)].T.astype(int).clip(0, len(picture) - 1)
        tint = random.normal(0, 0.2) + random.normal(0, 0.05, 3)
        colour = np.median(picture[y, x], 0) * np.exp(tint)
    grain = _make_noise(len(picture), int(random.integers(8, 40)), random)
    shade = shade * (1 + grain * random.uniform(0, 0.08))
    return mask, shade[..., None] * colour


def _plan_hand(points: Points, random: Random) -> list[Capsule]:
    """One finger to a whole hand with its arm, somewhere about the face."""
    size = measure_face(points)
    tip = points[random.integers(68)] + random.normal(0, 0.12 * size, 2)
    angle, width = random.uniform(0, 2 * np.pi), size * random.uniform(0.06, 0.1)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    knuckles = tip - along * size * random.uniform(0, 0.4)
    count, spread, curl = int(random.integers(1, 6)), random.uniform(-0.05, 0.25), random.random()
    fingers = min(count, 4)
    capsules: list[Capsule] = []

    def turn(direction: np.ndarray, by: float) -> np.ndarray:
        aside = np.array([-direction[1], direction[0]])
        return direction * np.cos(by) + aside * np.sin(by)

    for k in range(fingers):
        first = knuckles + across * (k - (fingers - 1) / 2) * width * random.uniform(1.9, 2.3)
        way = turn(along, spread * (k - 1.5))
        joint = first + way * size * random.uniform(0.18, 0.3)
        end = joint + turn(way, random.normal(0, 0.5)) * size * (
            random.uniform(0.12, 0.25) * (1 - 0.6 * curl)
        )
        capsules += [
            (first, joint, width, 0.95 * width),
            (joint, end, 0.95 * width, 0.75 * width),
        ]
    if count >= 3:
        palm, wrist = 0.95 * width * fingers, knuckles - along * size * 0.3
        capsules.append((wrist, knuckles - along * width * 0.2, palm, palm))
        if random.random() < 0.6:
            capsules.append((wrist, wrist - along * size * 0.5, 0.8 * palm, 0.8 * palm))
        if count == 5:
            side = across * random.choice([-1, 1])
            root = knuckles - along * size * 0.15 + side * palm
            thumb = root + (along + side * random.uniform(0.2, 1)) * size * 0.2
            capsules.append((root, thumb, 1.1 * width, 0.85 * width))
    return capsules


def _draw_thing(
    picture: np.ndarray, points: Points, other: np.ndarray, random: Random
) -> tuple[Mask, np.ndarray]:
    """An ellipse or a bar, of one colour or of another picture."""
    size = measure_face(points)
    mask = np.zeros(picture.shape[:2], np.float32)
    middle = (points[random.integers(68)] + random.normal(0, 0.1 * size, 2)).tolist()
    extent = (random.uniform((0.08, 0.15), (0.3, 0.8)) * size).tolist()
    angle = random.uniform(0, 360)
    if random.random() < 0.5:
        box = (tuple(middle), tuple(2 * one for one in extent), angle)
        cv2.ellipse(mask, box, (1.0,), -1)
    else:
        box = cv2.boxPoints((tuple(middle), tuple(2 * one for one in extent), angle))
        cv2.fillConvexPoly(mask, box.astype(np.int32), (1.0,))
    if random.random() >= PLAIN:
        return mask, np.rot90(other, int(random.integers(4)))
    grain = 1 + 0.1 * _make_noise(len(picture), 8, random)
    return mask, grain[..., None] * random.random(3)


def _make_noise(size_px: int, cells: int, random: Random) -> np.ndarray:
    noise = random.normal(0, 1, (cells, cells)).astype(np.float32)
    return cv2.resize(noise, (size_px, size_px), interpolation=cv2.INTER_CUBIC)
