"""What is below the head: neck opening, shoulders and clothes."""

from __future__ import annotations

import numpy as np


def make_torso() -> tuple[np.ndarray, np.ndarray]:
    """Neck opening, sloping shoulders: rings of vertices [n, 3] and triangles."""
    angles, steps = np.meshgrid(
        np.linspace(0, 2 * np.pi, 48, endpoint=False), np.linspace(0, 1, 14), indexing="ij"
    )
    radius = 0.325 + 0.675 * steps**0.9
    drop = 0.6 * steps + 8.5 * steps**2.2
    front = np.maximum(0, np.cos(angles))
    # The shirt ends in a rolled collar, lower at the front.
    collar = 0.55 * np.exp(-((steps / 0.07) ** 2))
    x = 20.5 * radius * np.sin(angles)
    y = -11.0 - drop - 1.6 * (1 - steps) * front + collar
    z = -2.2 + 9.5 * radius * np.cos(angles) + 0.8 * front * steps
    here = np.arange(48)[:, None] * 14 + np.arange(13)
    there = np.roll(here, -1, axis=0)
    first = np.stack([here, there + 1, there], -1).reshape(-1, 3)
    second = np.stack([here, here + 1, there + 1], -1).reshape(-1, 3)
    vertices = np.stack([x, y, z], -1).reshape(-1, 3).astype(np.float32)
    return vertices, np.concatenate([first, second]).astype(np.int32)
