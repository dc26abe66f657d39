"""Brows, lashes and beard of one face: grown on the posed head, lit and drawn as strands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.facial_hair.beards import (
    BeardRoots,
    find_amount,
    grow_beard,
    plant_beard,
)
from synth.workshop.portraits.facial_hair.brows import (
    BrowRoots,
    comb_brows,
    grow_brows,
    plant_brows,
    shade_skin_below,
)
from synth.workshop.portraits.facial_hair.lashes import (
    LashRoots,
    grow_lashes,
    line_lids,
    plant_lashes,
)
from synth.workshop.portraits.facial_hair.light import light_hairs
from synth.workshop.portraits.facial_hair.skin_roots import SkinFront
from synth.workshop.portraits.facial_hair.strands import Strands
from synth.workshop.portraits.hair.strands import draw_strands, sort_strands
from synth.workshop.portraits.light.lights import Lights
from synth.workshop.portraits.looks import GREY_HAIR, Look
from synth.workshop.portraits.scene import Scene
from synth.workshop.portraits.shape.head_model import HeadModel

#: Strands are hidden where they lie this far behind what is drawn.
_BIAS_CM = 0.12


@dataclass(frozen=True)
class FacialRoots:
    """Where facial hair grows on one head model."""

    front: SkinFront
    brows: BrowRoots
    lashes: LashRoots
    beard: BeardRoots


@dataclass(frozen=True)
class Shade:
    """Light at hand: how open each pixel is [h, w], how much of the key light it sees [h, w]."""

    occlusion: np.ndarray
    visibility: np.ndarray
    lights: Lights


def plant_facial_hair(model: HeadModel, beard: np.ndarray) -> FacialRoots:
    """Fixed roots on `model`; beard as `paint_beard` makes it."""
    front = SkinFront(model)
    landmarks = model.vertices[model.landmarks]
    return FacialRoots(
        front, plant_brows(landmarks), plant_lashes(model), plant_beard(front, beard)
    )


def draw_facial_hair(
    roots: FacialRoots,
    scene: Scene,
    face: FaceParameters,
    look: Look,
    normals: np.ndarray,
    shade: Shade,
    depth: np.ndarray,
    image: np.ndarray,
) -> None:
    """Draw over image [h, w, 3] with depth [h, w]; normals [vertex, 3] of the posed head."""
    vertices = scene.vertices
    for strands in _grow(roots, scene, face, look, normals, vertices):
        draw_lit(strands, scene, shade, depth, image)


def _grow(
    roots: FacialRoots,
    scene: Scene,
    face: FaceParameters,
    look: Look,
    normals: np.ndarray,
    vertices: np.ndarray,
) -> list[Strands]:
    hair, skin = np.array(look.hair), np.array(look.skin)
    grown = []
    if find_amount(face) > 0:
        # Beards are redder and darker than the hair, grey ones yellower.
        colours = np.stack([hair * (0.72, 0.62, 0.56), GREY_HAIR * (0.9, 0.86, 0.82)])
        grown.append(grow_beard(roots.beard, face, vertices, normals, colours))
    places = roots.front.find(comb_brows(roots.brows, face))
    on_skin = places.find(normals)
    on_skin /= np.linalg.norm(on_skin, axis=-1, keepdims=True)
    brows = grow_brows(roots.brows, face, places.find(vertices), on_skin, np.array(look.brow))
    grown += [shade_skin_below(brows, 0.30 * skin + 0.25 * np.array(look.brow)), brows]
    grown.append(line_lids(roots.lashes, face, vertices))
    grown.append(grow_lashes(roots.lashes, face, vertices, scene.turn[:, 1]))
    return grown


def draw_lit(
    strands: Strands, scene: Scene, shade: Shade, depth: np.ndarray, image: np.ndarray
) -> None:
    """Light strands and draw them, the farthest first."""
    seen = strands.opacities.max(1) > 0.01
    points, normals, colours, widths, opacities = (
        np.ascontiguousarray(values[seen], np.float32) for values in strands
    )
    screen = scene.camera.find_screen(points)
    lit = np.empty_like(points)
    light_hairs(
        points, screen, normals, colours, 0.6, shade.occlusion, shade.visibility, shade.lights, lit
    )
    widths = widths * np.float32(scene.camera.px_per_cm * 1.1)
    draw_strands(screen, widths, lit, opacities, sort_strands(screen), depth, _BIAS_CM, image)
