"""Eyebrows: a few hundred short hairs each, combed up inside and out along the arch.

A hair's place is given by brow coordinates: along, 0 at the inner to 1 at the outer end of the
brow's line, and across, -1 to 1 over its thickness. All its points lie on the skin, so that brows
go where the muscles of the forehead take them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.facial_hair.strands import NUM_POINTS, STEPS, Strands, blend_ramp

HAIRS_PER_BROW = 640
#: Growth above the line's direction in degrees, by place along the line.
_ALONG = (0.0, 0.10, 0.30, 0.60, 1.0)
_ANGLES = (66.0, 50.0, 32.0, 14.0, 4.0)
_SAMPLES = 160


@dataclass(frozen=True)
class BrowRoots:
    """Hairs of both brows: along, across, rank, length, twist, tone [hair]; line, tangent, normal
    [hair, 2] on the neutral head's frontal plane.
    """

    along: np.ndarray
    across: np.ndarray
    rank: np.ndarray
    length: np.ndarray
    twist: np.ndarray
    tone: np.ndarray
    line: np.ndarray
    tangent: np.ndarray
    normal: np.ndarray


def plant_brows(landmarks: np.ndarray, seed: int = 3) -> BrowRoots:
    """Landmarks [68, 3] of the neutral head -> fixed roots, the same pattern on both sides."""
    rng = np.random.default_rng(seed)
    n = HAIRS_PER_BROW
    # Even steps with jitter cover the line without gaps or heaps.
    along = ((np.arange(n) + rng.random(n)) / n) ** 1.3
    across = rng.beta(1.6, 1.6, n) * 2 - 1
    rank, length, twist = rng.random(n), 0.7 + 0.5 * rng.random(n), rng.normal(0, 9, n)
    tone = 1 + 0.22 * rng.normal(size=n).clip(-2, 2)
    sides = [
        _follow_line(landmarks[points, :2], along) for points in (range(17, 22), range(22, 27))
    ]
    line, tangent, normal = (np.concatenate(parts) for parts in zip(*sides, strict=True))
    along, across, rank, length, twist, tone = (
        np.tile(values, 2) for values in (along, across, rank, length, twist, tone)
    )
    return BrowRoots(along, across, rank, length, twist, tone, line, tangent, normal)


def _follow_line(points: np.ndarray, along: np.ndarray) -> tuple[np.ndarray, ...]:
    """Brow landmarks [5, 2], places along -> line, outward tangent and upward normal [hair, 2]."""
    side = np.sign(points[:, 0].mean())
    line = points[np.argsort(points[:, 0] * side)].astype(np.float64)
    line[0] += (-0.12 * side, -0.12)
    line[-1] += (-0.32 * side, 0.46)
    line[:, 1] -= 0.16
    curve = CubicSpline(np.arange(5), line)(np.linspace(0, 4, _SAMPLES))
    tangent = np.gradient(curve, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1) * side
    at = np.linspace(0, 1, _SAMPLES)
    return tuple(
        np.stack([np.interp(along, at, values[:, k]) for k in (0, 1)], 1)
        for values in (curve, tangent, normal)
    )


def comb_brows(roots: BrowRoots, face: FaceParameters) -> np.ndarray:
    """The hairs' points on the neutral head's frontal plane [hair, point, 2], in cm."""
    feminine = blend_ramp(-1.2, 1.2, face["femininity"])
    along, across = roots.along, roots.across
    half = (0.34 + 0.22 * face["brow_thickness"]) * (1.12 - 0.36 * feminine)
    half = half * (1.0 - 0.60 * along) * (0.52 + 0.48 * blend_ramp(0.0, 0.24, along))
    arch = np.exp(-(((along - 0.66) / 0.26) ** 2)) - 0.5 * along**4
    rise = 0.09 * face["brow_height"] - 0.02 + 0.08 * feminine
    rise = rise + (-0.06 + 0.24 * feminine) * arch
    root = roots.line + roots.normal * (rise + across * half)[:, None]
    # The inner end frays.
    fray = (roots.rank - 0.65) * 0.5 * (1 - blend_ramp(0.0, 0.14, along))
    root = root + roots.tangent * fray[:, None]
    angle = np.interp(along, _ALONG, _ANGLES) + roots.twist
    # Towards the tail the upper hairs turn down and the lower ones up, to meet.
    angle = angle - across * 20 * blend_ramp(0.2, 0.75, along)
    length = roots.length * (0.50 + 0.14 * face["brow_thickness"] + 0.16 * face["age"] ** 3)
    length = length * (0.75 + 0.35 * np.sin(np.pi * (0.1 + 0.75 * along))) * (1.1 - 0.25 * feminine)
    bent = np.radians(angle[:, None] * (1 - 0.55 * STEPS))
    step = (
        np.stack([np.cos(bent), np.sin(bent)], -1)[:, :-1]
        * (length / (NUM_POINTS - 1))[:, None, None]
    )
    path = np.concatenate([np.zeros((len(step), 1, 2)), np.cumsum(step, 1)], 1)
    tangent, normal = roots.tangent[:, None], roots.normal[:, None]
    return np.asarray(root[:, None] + path[..., :1] * tangent + path[..., 1:] * normal)


def grow_brows(
    roots: BrowRoots,
    face: FaceParameters,
    skin: np.ndarray,
    normals: np.ndarray,
    colours: np.ndarray,
) -> Strands:
    """Strands over the posed skin [hair, point, 3] at the combed points, with its normals there."""
    lift = 0.02 + 0.05 * np.sin(np.pi * STEPS)
    points = skin + normals * lift[:, None]
    density = 0.50 + 0.55 * face["brow_density"] - 0.12 * face["age"] ** 2
    there = np.clip((density - roots.rank) * 5 + 0.5, 0, 1)
    # Hairs stand thin at both ends.
    there = there * (0.70 + 0.30 * blend_ramp(0.0, 0.12, roots.along))
    there = there * (1 - 0.40 * blend_ramp(0.65, 1.0, roots.along))
    opacity = (0.85 * there)[:, None] * (1 - 0.5 * STEPS**2)
    width = np.broadcast_to(0.030 * (1 - 0.75 * STEPS**1.5), opacity.shape)
    # Old brows are salted with white hairs.
    grey = 0.8 * blend_ramp(0.6, 1.0, face["age"]) * (roots.rank > 0.6)
    own = colours * (roots.tone * (1 + 1.5 * grey))[:, None]
    return Strands(points, normals[:, 0], own, width, opacity)


def shade_skin_below(brows: Strands, skin: np.ndarray) -> Strands:
    """A soft shadow of the brows: the same strands, wide and faint, in darkened skin [3]."""
    n = len(brows.points)
    chosen = slice(0, n, 2)
    colours = np.broadcast_to(skin, (n, 3))[chosen]
    width = np.full_like(brows.widths[chosen], 0.24)
    opacity = 0.075 * brows.opacities[chosen]
    return Strands(brows.points[chosen], brows.normals[chosen], colours, width, opacity)
