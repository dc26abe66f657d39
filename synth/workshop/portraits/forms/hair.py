"""Hair as one shell: where it grows, how thick it is, where it ends, and its grooves.

The shell lies on the grid of `skull`. A height field says where hair ends on each column (hairline,
fringe, sides, length); beyond it the shell dives under the skin, so that every edge is an
intersection and moves smoothly with the parameters. Locks are lobes across the columns.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.forms.form import Form, make_lobes, ramp, rise
from synth.workshop.portraits.forms.hats import find_hat, find_hat_edge
from synth.workshop.portraits.forms.skull import CENTRE, Skull, dive
from synth.workshop.portraits.forms.tied import find_braids, find_bun
from synth.workshop.portraits.parts import HAIR

#: Azimuth in degrees and height in cm of the hairline.
_LINE_DEG = np.array([0, 14, 28, 38, 46, 52, 58, 64, 70, 75, 81, 98, 108, 122, 140, 160, 180.0])
_LINE_CM = np.array(
    [10.6, 10.5, 10.2, 9.6, 8.3, 6.8, 5.2, 4.0, 3.4, 3.4, 3.8, 4.2, 3.4, -0.5, -3.4, -4.4, -4.6]
)
#: Few and wide, and lean little: a groove that slides by its own distance is never learned.
NUM_LOCKS = 15


class Cut(NamedTuple):
    """What the parameters mean for one head of hair, all smooth. Lengths in cm."""

    length: float
    hang: float
    volume: float
    side_volume: float
    fringe: float
    side: float
    part_x: float
    swept: float
    line: float
    receding: float
    bald: float
    curl: float
    wave: float
    afro: float
    quiff: float
    flare: float
    locks: float
    tied: float


def choose_cut(face: FaceParameters) -> Cut:
    """Parameters -> a haircut; what excludes each other gives way smoothly."""
    afro = rise(0.15, 0.9, face["afro"])
    bald = rise(0.1, 0.55, face["bald"])
    tied = max(find_bun(face), find_braids(face)) * (1 - afro)
    long = rise(0.42, 0.62, face["hair_length"]) * (1 - afro) * (1 - bald) * (1 - tied)
    beyond = 1.0 + 15.0 * rise(0.5, 1.0, face["hair_length"])
    curl = rise(0.2, 1.6, face["curl"])
    sides = 0.9 * face["hair_sides"] * (0.4 + 0.6 * face["hair_volume"])
    quiff = 1.9 * face["quiff"] / (1 + 0.6 * face["quiff"])
    return Cut(
        length=long * beyond,
        hang=long,
        volume=(0.45 + 2.0 * face["hair_volume"] ** 1.4) * (1 - 0.75 * bald) * (1 - 0.35 * tied),
        side_volume=(0.12 + sides + 0.5 * long) * (1 - 0.7 * bald) * (1 - 0.6 * tied),
        fringe=rise(0.45, 0.95, face["fringe"]) * (1 - 0.8 * tied) * (1 - bald) * (1 - afro),
        side=math.tanh(face["fringe_side"]),
        part_x=2.6 * math.tanh(face["parting"]),
        swept=rise(-0.5, 0.5, face["swept"]),
        line=0.7 * face["hairline"] + 0.1 * face["femininity"],
        receding=rise(0.1, 1.2, face["receding"]),
        bald=bald,
        curl=curl * (1 - afro) + afro,
        wave=rise(-0.4, 0.6, face["curl"]) * (1 - curl),
        afro=afro * (1 - bald),
        quiff=quiff * (1 - afro) * (1 - bald) * (1 - 0.8 * tied),
        flare=math.tanh(face["flare"]),
        locks=0.35 + 0.65 * face["locks"],
        tied=tied,
    )


def find_end(cut: Cut, azimuth: np.ndarray) -> np.ndarray:
    """Height in cm at which hair ends on each column."""
    degrees = np.degrees(azimuth)
    aside = np.abs(degrees)
    line = np.interp(aside, _LINE_DEG, _LINE_CM)
    front = 1 - ramp(38, 66, aside)
    line = line + front * cut.line
    temple = np.exp(-(((aside - 34) / 15) ** 2))
    line = line + cut.receding * (2.6 * temple + 0.7 * front)
    ahead = 1 - ramp(70, 84, aside)
    line = line + 11.0 * min(1.0, 1.6 * cut.bald) * ahead
    # A side parting: hair falls lower on its full side, and is combed off the other.
    heavy = -degrees / 40 * np.sign(cut.part_x)
    sweep = min(1.0, abs(cut.part_x) / 1.8) * (1 - cut.tied) * (1 - cut.curl) * (1 - cut.bald)
    line = line - sweep * front * (1.3 * np.tanh(1.6 * heavy) + 0.2)
    # A fringe falls over the forehead, furthest away from where it is parted.
    x = degrees / 40
    away = x - 0.4 * cut.side
    curtain = 1 - 0.75 * np.exp(-((away / 0.35) ** 2)) * abs(cut.side)
    slant = 1 - 0.35 * cut.side * x
    fall = 3.9 * cut.fringe * curtain * slant * (1 - ramp(40, 60, aside))
    # Long hair: columns beside and behind the face end far below.
    opening = 50 - 8 * cut.fringe + 6 * cut.swept
    behind = ramp(opening - 11, opening + 13, aside) * cut.hang
    lowest = -1.5 - cut.length + 1.2 * ramp(60, 180, aside)
    return (line - fall) * (1 - behind) + lowest * behind


def find_lock(cut: Cut, azimuth: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The lock coordinate [column, row]: one more for each lock round the head."""
    below = CENTRE[1] + 8.0 - points[..., 1]
    turn = azimuth[:, None] / (2 * np.pi)
    lean = 0.003 * cut.side * below * np.exp(-((azimuth / 0.9) ** 2))[:, None]
    wave = cut.wave * 0.008 * np.sin(0.75 * below + 2 * np.cos(2 * azimuth)[:, None])
    uneven = 0.012 * np.sin(5 * azimuth + 0.7) + 0.009 * np.sin(9 * azimuth + 2.1)
    return NUM_LOCKS * (turn + lean + wave + uneven[:, None])


def make_hair(skull: Skull, face: FaceParameters, offset: np.ndarray) -> Form:
    """Hair of `face` on ground moved by offset [column, row, 3]."""
    cut = choose_cut(face)
    aside = np.abs(np.degrees(skull.azimuth))
    hang = (cut.hang * ramp(35, 62, aside))[:, None, None]
    ground = skull.close * (1 - hang) + skull.hang * hang
    normal = skull.close_normal * (1 - hang) + skull.hang_normal * hang
    u = find_lock(cut, skull.azimuth, ground)
    inside = _find_inside(cut, skull.azimuth, ground, make_lobes(u))
    depth = _find_depth(cut, aside, ground, make_lobes(u), inside)
    worn = find_hat(face)
    if worn > 0:
        edge = find_hat_edge(face, skull.azimuth)[:, None]
        covered = ramp(-0.6, 1.0, ground[..., 1] - edge)
        depth = np.minimum(depth, depth * (1 - covered) + 0.45 * covered)
    depth = np.maximum(depth, -1.2)
    flare = cut.flare * cut.hang * ramp(-1.0, -12.0, ground[..., 1]) * 1.8
    canonical = ground + normal * (depth + flare * np.clip(inside, 0, 1))[..., None]
    canonical = dive(canonical, inside)
    aux = _make_aux(u, ground, cut)
    return Form.make(canonical + offset, canonical, skull.triangles, HAIR, aux)


def _find_inside(
    cut: Cut, azimuth: np.ndarray, ground: np.ndarray, lobes: np.ndarray
) -> np.ndarray:
    """How far each point [column, row] lies inside the outline of the hair, cm."""
    end = find_end(cut, azimuth)
    ragged = (0.25 + 0.9 * cut.hang + 0.5 * cut.fringe) * cut.locks
    end_row = end[:, None] - ragged * (lobes - 0.5)
    slope = np.gradient(end, axis=0) / (azimuth[1] - azimuth[0]) / 8.5
    inside = (ground[..., 1] - end_row) / np.sqrt(1 + np.minimum(slope, 5) ** 2)[:, None]
    return np.minimum(inside, _find_bare(cut, ground))


def _find_depth(
    cut: Cut, aside: np.ndarray, ground: np.ndarray, lobes: np.ndarray, inside: np.ndarray
) -> np.ndarray:
    """Height over the ground in cm: it swells from the outline inwards, and dives outside."""
    thick = _find_thickness(cut, aside, ground, lobes)
    least = 0.35 + 0.45 * cut.swept
    swelling = least + (1 - least) * ramp(0.0, 4.5, inside)
    full = np.maximum(thick * (swelling + (1 - swelling) * cut.curl), 0.12)
    return np.where(inside > 0, full * np.tanh(1.5 * inside / full), 1.5 * inside)


def _find_bare(cut: Cut, ground: np.ndarray) -> np.ndarray:
    """How far a point is from the bald top, cm; large where nobody is bald."""
    if cut.bald == 0:
        return np.full(ground.shape[:2], 50.0)
    crown = np.array([0.0, 14.0, 1.5])
    distance = np.linalg.norm((ground - crown) * (1.35, 1.2, 0.9), axis=-1)
    return distance - cut.bald * 11.5


def _find_thickness(
    cut: Cut, aside: np.ndarray, ground: np.ndarray, lobes: np.ndarray
) -> np.ndarray:
    """Full thickness of the hair in cm [column, row], as if it ended nowhere."""
    x, y, z = np.moveaxis(ground, -1, 0)
    top = ramp(6.5, 11.5, y)
    thick = cut.side_volume * (1 - top) + cut.volume * top
    # More behind the crown, and up in front where it is combed up.
    thick = thick + 0.35 * cut.volume * np.exp(-(((z + 6) / 5) ** 2)) * top
    front = np.exp(-(((y - 11.5) / 2.6) ** 2) - ((z - 6.0) / 3.2) ** 2)
    lift = np.exp(-(((x + 0.9 * cut.part_x) / 4.5) ** 2))
    thick = thick + (cut.quiff * lift + 0.35 * cut.swept * cut.volume) * front
    groove = np.exp(-(((x - cut.part_x) / 0.42) ** 2)) * ramp(-2.0, 2.0, z) * ramp(8.5, 10.0, y)
    parted = (1 - cut.curl) * (1 - rise(0.3, 0.9, cut.quiff)) * (0.35 + 0.65 * cut.swept)
    thick = thick * (1 - 0.75 * groove * parted)
    bumps = _make_bumps(ground, 2.0 - 0.4 * cut.afro)
    thick = thick + cut.afro * (2.9 + 0.6 * np.clip((y - 4) / 8, 0, 1))
    thick = thick + cut.curl * (0.25 + 0.35 * cut.volume) * bumps
    relief = 0.22 * cut.locks * (0.5 + cut.volume) * (1 - cut.curl)
    beside = ramp(0, 25, 90 - np.abs(90 - aside))[:, None].clip(0.5, 1)
    return np.maximum(0.1, thick + relief * (lobes - 0.7) * beside)


def _make_bumps(points: np.ndarray, size_cm: float) -> np.ndarray:
    """Rounded curls, -1 to 1, of about size_cm, with no direction."""
    x, y, z = np.moveaxis(points * (np.pi / size_cm), -1, 0)
    a = np.sin(x + 0.6 * np.sin(y)) * np.sin(y + 0.6 * np.sin(z)) * np.sin(z + 0.6 * np.sin(x))
    b = np.sin(x + 1.57) * np.cos(y) + np.cos(y + 1) * np.sin(z) + np.cos(z) * np.sin(x)
    return np.tanh(0.9 * b + 1.2 * a)


def _make_aux(u: np.ndarray, ground: np.ndarray, cut: Cut) -> np.ndarray:
    """[column, row, 4]: lock coordinate, groove strength, curl, height below the crown."""
    crown = ramp(0.5, 4.0, np.hypot(ground[..., 0], ground[..., 2] + 1.0))
    strength = cut.locks * (1 - cut.curl) * crown
    below = CENTRE[1] + 9.5 - ground[..., 1]
    return np.stack([u, strength, np.full_like(u, cut.curl), below], -1)
