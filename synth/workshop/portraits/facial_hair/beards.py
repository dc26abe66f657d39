"""Stubble and beards: hairs rooted on cheeks, lip, chin and neck, one amount from none to full.

The amount 0 to 2 first brings dots (to 0.4), then stubble and a short beard (to 1), then length.
A hair is a curve of unit length in the neutral head's space, laid along the moved skin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.facial_hair.skin_roots import SkinFront, SkinPlaces, find_frames
from synth.workshop.portraits.facial_hair.strands import STEPS, Strands, blend_ramp
from synth.workshop.portraits.skin import paint

NUM_HAIRS = 9000
NUM_CLUMPS = 700
LONGEST_CM = 1.9


@dataclass(frozen=True)
class BeardRoots:
    """places [hair] on the skin; curve [hair, point, 3] in shares of the skin's axes (see
    `find_frames`) for unit length; zone length, density, rank, tone, grey [hair], 0 to 1;
    clump [hair] the hair that each one leans to.
    """

    places: SkinPlaces
    curve: np.ndarray
    length: np.ndarray
    density: np.ndarray
    rank: np.ndarray
    tone: np.ndarray
    grey: np.ndarray
    clump: np.ndarray


def find_amount(face: FaceParameters) -> float:
    """How much beard, 0 none to 2 full: none in feminine faces."""
    return face["beard"] * float(1 - blend_ramp(-0.3, 0.3, face["femininity"]))


def plant_beard(front: SkinFront, mask: np.ndarray, seed: int = 9) -> BeardRoots:
    """Fixed roots where `paint_beard` painted `mask`."""
    rng = np.random.default_rng(seed)
    tried = rng.uniform((-7.6, -9.8), (7.6, 2.2), (90_000, 2))
    density = paint.look_up_mask(mask, tried)
    grows = front.has_skin(tried) & (density > 0.03)
    tried, density = tried[grows], density[grows]
    found = front.find(tried)
    facing = found.find(front.normals)[:, 2]
    # Ears stay bare.
    density = density * blend_ramp(1.9, 3.2, found.find(front.vertices)[:, 2])
    # Skin seen edge on is no firm ground.
    firm = (facing > 0.12) & (found.weights.min(1) > -0.1) & (density > 0.03)
    tried, density, facing = tried[firm], density[firm], facing[firm]
    # Steep skin is larger than it looks from the front.
    share = np.sqrt(density) / facing.clip(0.2, 1)
    # Moustaches stand dense.
    lip = blend_ramp(-3.8, -2.8, tried[:, 1]) * np.exp(-((tried[:, 0] / 2.6) ** 4))
    share = share * (1 + 0.7 * lip)
    chosen = rng.choice(len(tried), NUM_HAIRS, replace=False, p=share / share.sum())
    xy, density = tried[chosen], density[chosen]
    places = front.find(xy)
    frames = find_frames(places, front.vertices, front.normals)
    direction = _find_flow(xy, frames[..., 2], rng)
    curve = _bend(direction, xy, rng)
    shares = np.einsum("nij,npj->npi", np.linalg.inv(frames), curve)
    centres = rng.choice(NUM_HAIRS, NUM_CLUMPS, replace=False)
    root = places.find(front.vertices)
    _, nearest = KDTree(root[centres]).query(root)
    return BeardRoots(
        places, shares.astype(np.float32), _find_zone_length(xy), density, rng.random(NUM_HAIRS),
        1 + 0.25 * rng.normal(size=NUM_HAIRS).clip(-2, 2), rng.random(NUM_HAIRS), centres[nearest],
    )  # fmt: skip


def _find_zone_length(xy: np.ndarray) -> np.ndarray:
    """How long hair grows at (x, y) [n, 2] against the chin's 1."""
    x, y = np.abs(xy[:, 0]), xy[:, 1]
    chin = blend_ramp(-4.2, -6.6, y) * np.exp(-((x / 4.2) ** 4))
    moustache = blend_ramp(-3.4, -2.4, y) * np.exp(-((x / 3.0) ** 4))
    jaw = blend_ramp(1.5, -4.5, y)
    neck = blend_ramp(-7.6, -8.7, y)
    return (0.14 + 0.26 * jaw * (1 - moustache) + 0.22 * moustache + 0.60 * chin) * (1 - 0.8 * neck)


def _find_flow(xy: np.ndarray, normal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Unit direction [n, 3] in which hairs leave the skin of unit normal [n, 3]."""
    x, y = xy[:, 0], xy[:, 1]
    lip = blend_ramp(-4.4, -3.2, y) * np.exp(-((x / 3.4) ** 4))
    flow = np.stack([0.10 * x - 0.03 * x * np.abs(x), -np.ones_like(x), 0.15 + 0 * x], 1)
    # The moustache parts under the nose and follows the lip.
    flow[:, 0] = flow[:, 0] * (1 - lip) + 1.25 * np.tanh(x / 0.7) * lip
    flow += rng.normal(0, 0.20, flow.shape)
    flow -= normal * (flow * normal).sum(1, keepdims=True)
    flow /= np.linalg.norm(flow, axis=1, keepdims=True)
    # Under the chin hair hangs off the skin, it does not lie back along the throat.
    rise = 0.42 - 0.14 * lip + 1.5 * blend_ramp(0.15, 0.8, -normal[:, 1])
    direction = flow + normal * rise[:, None]
    return np.asarray(direction / np.linalg.norm(direction, axis=1, keepdims=True))


def _bend(direction: np.ndarray, xy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Curves [n, point, 3] of unit length that start along direction and sink, with a wave."""
    sink = np.stack([-0.10 * xy[:, 0] / 3, -0.55 + 0 * xy[:, 0], -0.05 + 0 * xy[:, 0]], 1)
    curve = direction[:, None] * STEPS[:, None] + 0.5 * sink[:, None] * STEPS[:, None] ** 2
    phase = rng.uniform(0, 2 * np.pi, (len(xy), 1))
    side = np.cross(direction, (0.0, 0.0, 1.0))
    wave = 0.035 * (np.sin(5.5 * STEPS + phase) - np.sin(phase))
    return np.asarray(curve + side[:, None] * wave[..., None])


def grow_beard(
    roots: BeardRoots,
    face: FaceParameters,
    vertices: np.ndarray,
    normals: np.ndarray,
    colours: np.ndarray,
) -> Strands:
    """The beard of `face` on the posed head; colours [2, 3] of fresh and of grey hair."""
    amount = find_amount(face)
    frames = find_frames(roots.places, vertices, normals)
    long = 0.05 + 0.34 * blend_ramp(0.3, 1.1, amount)
    long = long + (LONGEST_CM - 0.39) * blend_ramp(0.75, 2.1, amount) * roots.length
    uneven = 0.75 + 0.5 * roots.grey[::-1]
    length = (long * uneven * (0.55 + 0.45 * roots.length**0.5))[:, None, None]
    offsets = length * np.einsum("nij,npj->npi", frames, roots.curve)
    root = roots.places.find(vertices)[:, None] + 0.01 * frames[:, None, :, 2]
    points = root + offsets
    # Longer hair gathers in clumps towards the tips.
    pull = 0.55 * blend_ramp(0.4, 1.6, length) * (STEPS**1.5)[:, None]
    points = points * (1 - pull) + points[roots.clump] * pull
    there = blend_ramp(0.0, 0.25, amount) * (0.55 + 0.45 * blend_ramp(0.2, 1.1, amount))
    there = np.clip((there * (roots.density * 1.8).clip(0, 1) - roots.rank * 0.75) * 4, 0, 1)
    strength = 0.50 + 0.34 * blend_ramp(0.2, 1.1, amount)
    opacity = strength * there[:, None] * (1 - 0.5 * STEPS**2)
    grey = blend_ramp(
        roots.grey - 0.15, roots.grey + 0.15, 1.3 * blend_ramp(0.5, 1.0, face["age"]) - 0.16
    )
    own = colours[0] * (1 - grey[:, None]) + colours[1] * grey[:, None]
    width = np.broadcast_to(
        (0.026 + 0.009 * blend_ramp(0.4, 1.5, amount)) * (1 - 0.7 * STEPS**2), opacity.shape
    )
    return Strands(points, frames[..., 2], own * roots.tone[:, None], width, opacity)
