"""A solid form: a mesh in the neutral head's space with what the painter needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Form:
    """vertices [vertex, 3] cm on the person's head before the neck bends; canonical [vertex, 3] the
    same on the neutral head; triangles [triangle, 3] int32; part (see `parts`); aux [vertex, 4]
    what the part's paint needs.
    """

    vertices: np.ndarray
    canonical: np.ndarray
    triangles: np.ndarray
    part: int
    aux: np.ndarray

    @staticmethod
    def make(
        vertices: np.ndarray,
        canonical: np.ndarray,
        triangles: np.ndarray,
        part: int,
        aux: np.ndarray | None = None,
    ) -> Form:
        """A form of arrays of any layout [..., k] and number type; aux is 0 where not given."""
        points = vertices.reshape(-1, 3).astype(np.float32)
        rest = np.zeros((len(points), 4)) if aux is None else aux.reshape(-1, 4)
        return Form(
            points,
            canonical.reshape(-1, 3).astype(np.float32),
            triangles.astype(np.int32),
            part,
            rest.astype(np.float32),
        )


def ramp(low: float, high: float, x: np.ndarray | float) -> np.ndarray:
    """Smoothstep from `low` to `high`."""
    t = np.clip((np.asarray(x, np.float32) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def rise(low: float, high: float, x: float) -> float:
    """`ramp` of one number."""
    t = min(1.0, max(0.0, (x - low) / (high - low)))
    return t * t * (3 - 2 * t)


def make_lobes(u: np.ndarray) -> np.ndarray:
    """Rounded lobes with narrow grooves: period 1, from 0 in a groove to 1 on a lock."""
    return np.sqrt(np.abs(np.sin(np.pi * u)) + 0.02)


def join_grid(columns: int, rows: int, closed: bool = True) -> np.ndarray:
    """Triangles of a grid whose vertex number is column * rows + row.

    Seen from outside, columns run to the viewer's right and rows down; closed: the last column
    meets the first.
    """
    here = np.arange(columns)[:, None] * rows + np.arange(rows - 1)
    there = np.roll(here, -1, axis=0)
    if not closed:
        here, there = here[:-1], there[:-1]
    first = np.stack([here, there + 1, there], -1).reshape(-1, 3)
    second = np.stack([here, here + 1, there + 1], -1).reshape(-1, 3)
    return np.concatenate([first, second]).astype(np.int32)


def sweep(
    path: np.ndarray,
    radius: np.ndarray,
    reference: np.ndarray,
    sides: int = 10,
    closed: bool = False,
    flat: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """A tube round path [n, 3] of radius [n], `flat` times as thick along `reference`.

    -> vertices [n * sides, 3], triangles.
    """  # fmt: skip
    if closed:
        tangent = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    else:
        tangent = np.gradient(path, axis=0)
    tangent = tangent / (np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9)
    side = np.cross(tangent, reference)
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-9
    lift = np.cross(side, tangent) * flat
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = side[:, None] * np.cos(angle)[:, None] + lift[:, None] * np.sin(angle)[:, None]
    vertices = path[:, None] + ring * np.asarray(radius)[:, None, None]
    triangles = join_rings(len(path), sides, closed)
    return vertices.reshape(-1, 3).astype(np.float32), triangles


def join_rings(count: int, sides: int, closed: bool) -> np.ndarray:
    """Triangles [n, 3] int32 between `count` rings of `sides` vertices each, one after the other.

    closed: the last ring is joined to the first.
    """
    number = np.arange(count * sides).reshape(count, sides)
    after = np.roll(number, -1, axis=0)
    if not closed:
        number, after = number[:-1], after[:-1]
    number_next, after_next = np.roll(number, -1, axis=1), np.roll(after, -1, axis=1)
    parts = ([number, after_next, number_next], [number, after, after_next])
    triangles = [np.stack(corners, -1).reshape(-1, 3) for corners in parts]
    return np.concatenate(triangles).astype(np.int32)


def make_ball(rings: int = 10, sides: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Unit sphere: vertices [.., 3] and triangles, poles up and down."""
    polar = np.linspace(0, np.pi, rings)
    angle = np.linspace(-np.pi, np.pi, sides, endpoint=False)
    a, p = np.meshgrid(angle, polar, indexing="ij")
    points = np.stack([np.sin(p) * np.sin(a), np.cos(p), np.sin(p) * np.cos(a)], -1)
    return points.reshape(-1, 3).astype(np.float32), join_grid(sides, rings)
