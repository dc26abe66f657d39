"""One face's parameters -> its picture, as FFHQ would have cropped it.

`FaceRenderer` holds what all faces share (about 60 MB) and is deterministic: the same parameters
give the same pixels. Pictures are drawn 1.5 times as large and reduced by area.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synth.portraits import rasterise
from synth.portraits.background import make_background
from synth.portraits.complexion import make_grain
from synth.portraits.facial_hair import Shade, draw_facial_hair, plant_facial_hair
from synth.portraits.hair import make_hair_grid
from synth.portraits.head_model import load_head_model
from synth.portraits.lights import Lights, make_lights
from synth.portraits.looks import make_look
from synth.portraits.occlusion import find_occlusion
from synth.portraits.paint import make_noise, paint_beard
from synth.portraits.parameters import FaceParameters
from synth.portraits.rasterise import FAR
from synth.portraits.scene import Scene, make_studio, pose_face
from synth.portraits.shading import HAIR_OPACITY, shade_base, shade_hair
from synth.portraits.shadows import ShadowMap, draw_shadow_map, find_shadows
from synth.portraits.skin import make_face_map
from synth.portraits.tone import develop


class FaceRenderer:
    """Draws faces of one head model.

    Raises ValueError naming the file when `head_model` is not a head model.
    """

    def __init__(self, head_model: str | Path) -> None:
        model = load_head_model(head_model)
        self.studio = make_studio(model, make_hair_grid(model))
        self._beard = paint_beard(model.vertices[model.landmarks])
        self.facial = plant_facial_hair(model, self._beard)
        self._noise = make_noise()
        self._face_map = make_face_map(model.vertices[model.landmarks])
        self._grain = make_grain()

    def render(self, face: FaceParameters, size_px: int = 512) -> np.ndarray:
        """-> uint8 picture [size_px, size_px, 3], sRGB."""
        large_px = size_px * 3 // 2
        scene = pose_face(self.studio, face, large_px)
        image = make_background(face, large_px)
        lights = make_lights(face)
        look = make_look(self.studio, scene, face)
        surface = np.concatenate([_find_normals(scene), scene.canonical, scene.vertices], 1)
        base = _draw(scene.screen, scene.base_triangles, large_px)
        hair_layers = self._draw_hair(scene, surface, base[0])
        base_surface = _interpolate(base, scene.base_triangles, surface)
        occlusion = _find_occlusion(
            base[0], base_surface[..., :3], hair_layers, scene.camera.px_per_cm
        )
        shadow = _draw_shadow(scene, lights)
        visible = find_shadows(base[0], base_surface, shadow)
        material = np.where(base[1] >= 0, scene.base_materials[base[1]], -1).astype(np.int8)
        shade_base(
            material, base_surface, occlusion, visible, self._face_map, self._grain, self._beard,
            self._noise, scene.hair.hairline, self.studio.model.eye_centres.astype(np.float32),
            scene.gaze, scene.turn, look, lights, image,
        )  # fmt: skip
        draw_facial_hair(
            self.facial, scene, face, look, surface[:, :3],
            Shade(occlusion, visible, lights), base[0], image,
        )  # fmt: skip
        for layer in hair_layers:
            shade_hair(
                layer.covered, layer.surface, occlusion, *shadow, self._noise,
                look, lights, image,
            )  # fmt: skip
        return develop(image, size_px)

    def _draw_hair(self, scene: Scene, surface: np.ndarray, behind: np.ndarray) -> list[_HairLayer]:
        """The inside of the far half of the shell, then the outside of the near half."""
        along = self.studio.grid.along.ravel()
        paths = np.zeros((len(surface), 2), np.float32)
        paths[scene.first_hair : scene.first_hair + len(along)] = np.stack(
            [along, scene.hair.opacity], 1
        )
        attributes = np.concatenate([surface, paths], 1)
        # Long hair falls over the ears, which stick out of the shell.
        nearest = behind - 0.15 - 1.4 * scene.hair.length
        layers = []
        for triangles in (scene.hair_triangles[:, ::-1], scene.hair_triangles):
            drawn = _draw(scene.screen, triangles, behind.shape[0])
            covered = (drawn[1] >= 0) & (drawn[0] > nearest)
            layers.append(_HairLayer(covered, drawn[0], _interpolate(drawn, triangles, attributes)))
        return layers


@dataclass(frozen=True)
class _HairLayer:
    """covered [h, w] bool; depth [h, w]; surface [h, w, 11] as `shade_hair` takes it."""

    covered: np.ndarray
    depth: np.ndarray
    surface: np.ndarray


def _find_normals(scene: Scene) -> np.ndarray:
    triangles = np.concatenate([scene.base_triangles, scene.hair_triangles])
    return rasterise.find_vertex_normals(scene.vertices, triangles)


Drawn = tuple[np.ndarray, np.ndarray, np.ndarray]


def _draw(screen: np.ndarray, triangles: np.ndarray, size_px: int) -> Drawn:
    depth = np.full((size_px, size_px), FAR, np.float32)
    index = np.full((size_px, size_px), -1, np.int32)
    weights = np.zeros((size_px, size_px, 2), np.float32)
    rasterise.fill_depth(screen, np.ascontiguousarray(triangles), depth, index, weights)
    return depth, index, weights


def _interpolate(drawn: Drawn, triangles: np.ndarray, attributes: np.ndarray) -> np.ndarray:
    _, index, weights = drawn
    out = np.zeros((*index.shape, attributes.shape[1]), np.float32)
    rasterise.interpolate(
        index, weights, np.ascontiguousarray(triangles), np.ascontiguousarray(attributes), out
    )
    return out


def _find_occlusion(
    depth: np.ndarray, normals: np.ndarray, hair: list[_HairLayer], px_per_cm: float
) -> np.ndarray:
    for layer in hair:
        dense = layer.covered & (layer.surface[..., HAIR_OPACITY] > 0.4) & (layer.depth > depth)
        depth = np.where(dense, layer.depth, depth)
        normals = np.where(dense[..., None], layer.surface[..., :3], normals)
    return find_occlusion(depth, normals, px_per_cm)


def _draw_shadow(scene: Scene, lights: Lights) -> ShadowMap:
    opacity = scene.hair.opacity[scene.hair_triangles - scene.first_hair]
    triangles = np.concatenate(
        [scene.base_triangles, scene.hair_triangles[(opacity > 0.35).all(1)]]
    )
    return draw_shadow_map(scene.vertices, triangles, lights.directions[0])
