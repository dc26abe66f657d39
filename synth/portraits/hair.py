"""Hair of the head, strand by strand: from a face's parameters to points, ready to be posed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.portraits.hair_growth import (
    NUM_POINTS, curl_strands, gather_locks, grow_hair, move_with_skin,
)  # fmt: skip
from synth.portraits.hair_roots import HairRoots, make_hair_roots
from synth.portraits.hair_styles import Style, find_hairline, find_style
from synth.portraits.head_model import HeadModel
from synth.portraits.parameters import FaceParameters
from synth.portraits.scalp import ScalpMap, make_offset_map, make_scalp_map


@dataclass(frozen=True)
class Scalp:
    """What all heads of hair share."""

    map: ScalpMap
    roots: HairRoots


@dataclass(frozen=True)
class CombedHair:
    """points [strand, point, 3] cm; grown [strand] 0 none to 1; height [strand] cm above the
    scalp; chance [strand, 8] fixed uniform numbers; lock [strand] number of the strand's leader;
    hairline [azimuth] height in cm, by which roots are painted on the skin.
    """

    points: np.ndarray
    grown: np.ndarray
    height: np.ndarray
    chance: np.ndarray
    lock: np.ndarray
    hairline: np.ndarray
    style: Style


def make_scalp(model: HeadModel) -> Scalp:
    """Prepare the scalp of the neutral head of `model`."""
    scalp = make_scalp_map(model)
    return Scalp(scalp, make_hair_roots(scalp))


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
        points, grown, height,
    )  # fmt: skip
    gather_locks(
        points, roots.chance, roots.large, roots.small, grown, number, style, gathered
    )
    curl_strands(gathered, roots.chance, roots.large, roots.small, grown, number, style)
    move_with_skin(gathered, grown, number, make_offset_map(scalp.map, skin_offset))
    kept = grown > 0.01
    return CombedHair(
        gathered[kept], grown[kept], height[kept], roots.chance[:number][kept],
        roots.small[:number][kept], hairline, style,
    )  # fmt: skip
