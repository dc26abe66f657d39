"""Hair of the head, strand by strand: from a face's parameters to points, ready to be posed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.hair.growth import (
    NUM_POINTS,
    curl_strands,
    gather_locks,
    grow_hair,
    move_with_skin,
)  # fmt: skip
from synth.workshop.portraits.hair.roots import NUM_ROOTS, HairRoots, make_hair_roots
from synth.workshop.portraits.hair.scalp import ScalpMap, make_offset_map, make_scalp_map
from synth.workshop.portraits.hair.styles import Style, find_hairline, find_style
from synth.workshop.portraits.shape.head_model import HeadModel
from synth.workshop.portraits.worn.body import CENTRE as BODY_CENTRE
from synth.workshop.portraits.worn.body import BodyGrid

#: Drawn size at which all strands are used.
FULL_SIZE_PX = 1536
WIDTH_CM = 0.055


@dataclass(frozen=True)
class Scalp:
    """What all heads of hair share; body_radius [azimuth, angle] cm from the body's centre."""

    map: ScalpMap
    roots: HairRoots
    body_radius: np.ndarray


@dataclass(frozen=True)
class CombedHair:
    """points and outward (unit) [strand, point, 3] cm; grown [strand] 0 none to 1;
    height [strand] cm above the scalp; chance [strand, 8] fixed uniform numbers; lock_chance
    [strand] one number shared by a lock;
    hairline [azimuth] height in cm, by which roots are painted on the skin.
    """

    points: np.ndarray
    outward: np.ndarray
    grown: np.ndarray
    height: np.ndarray
    chance: np.ndarray
    lock_chance: np.ndarray
    hairline: np.ndarray
    style: Style


@dataclass(frozen=True)
class PosedHair:
    """Combed hair in a scene: points and outward [strand, point, 3] posed, cm; screen;
    width_cm of a strand.
    """

    combed: CombedHair
    points: np.ndarray
    outward: np.ndarray
    screen: np.ndarray
    width_cm: float


def make_scalp(model: HeadModel, body: BodyGrid) -> Scalp:
    """Prepare the scalp of the neutral head of `model`."""
    scalp = make_scalp_map(model)
    body_radius = np.linalg.norm(body.surface - BODY_CENTRE, axis=-1)
    return Scalp(scalp, make_hair_roots(scalp), body_radius.astype(np.float32))


def count_strands(size_px: int) -> int:
    """Small pictures do with fewer, wider strands."""
    return int(np.clip(NUM_ROOTS * (size_px / FULL_SIZE_PX) ** 0.5, 6000, NUM_ROOTS))


def comb_hair(
    scalp: Scalp, face: FaceParameters, skin_offset: np.ndarray, number: int
) -> CombedHair:
    """The first `number` strands in the style of `face`; skin_offset [vertex, 3] moves them."""
    style, hairline = find_style(face), find_hairline(face)
    roots = scalp.roots
    points = np.zeros((number, NUM_POINTS, 3), np.float32)
    gathered = np.zeros_like(points)
    grown, height = np.zeros(number, np.float32), np.zeros(number, np.float32)
    grow_hair(
        roots.position, roots.chance, roots.large, number, style, hairline, scalp.map.radius,
        scalp.body_radius, points, grown, height,
    )  # fmt: skip
    gather_locks(points, roots.chance, roots.large, roots.small, grown, number, style, gathered)
    curl_strands(gathered, roots.chance, roots.large, roots.small, grown, number, style)
    outward = np.zeros_like(points)
    offsets = make_offset_map(scalp.map, skin_offset)
    move_with_skin(gathered, grown, number, offsets, outward)
    kept = grown > 0.01
    return CombedHair(
        gathered[kept], outward[kept], grown[kept], height[kept], roots.chance[:number][kept],
        roots.chance[roots.small[:number][kept], 6], hairline, style,
    )  # fmt: skip


def find_width(number: int) -> float:
    """Width of strands in cm when `number` roots are used."""
    return WIDTH_CM * (NUM_ROOTS / number) ** 0.5
