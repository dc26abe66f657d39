"""One face's parameters -> its picture, as FFHQ would have cropped it.

`FaceRenderer` holds what all faces share and is deterministic: the same parameters give the same
pixels. Pictures are drawn 1.5 times as large and reduced by area.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.facial_hair.growing import Shade, draw_facial_hair, plant_facial_hair
from synth.workshop.portraits.hair.drawing import draw_hair
from synth.workshop.portraits.hair.shading import add_hair_depth, find_veiled, make_veil
from synth.workshop.portraits.light.background import make_background
from synth.workshop.portraits.light.lights import make_lights
from synth.workshop.portraits.light.occlusion import find_occlusion
from synth.workshop.portraits.light.shadows import (
    TEXELS_PER_CM,
    ShadowMap,
    draw_shadow_map,
    find_shadows,
)
from synth.workshop.portraits.light.tone import develop
from synth.workshop.portraits.looks import make_look
from synth.workshop.portraits.rasterise import FAR, draw_triangles, find_vertex_normals, spread
from synth.workshop.portraits.scene import Scene, make_studio, pose_face
from synth.workshop.portraits.shading import shade_base
from synth.workshop.portraits.shape.head_model import load_head_model
from synth.workshop.portraits.skin.albedo import make_face_map
from synth.workshop.portraits.skin.complexion import make_grain
from synth.workshop.portraits.skin.paint import make_noise, paint_beard
from synth.workshop.portraits.worn.glasses_light import add_glasses


class FaceRenderer:
    """Draws faces of one head model.

    Raises ValueError naming the file when `head_model` is not a head model.
    """

    def __init__(self, head_model: str | Path) -> None:
        model = load_head_model(head_model)
        self.studio = make_studio(model)
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
        normals = find_vertex_normals(scene.vertices, scene.base_triangles)
        surface = np.concatenate([normals, scene.canonical, scene.vertices], 1)
        base = draw_triangles(scene.screen, scene.base_triangles, (large_px, large_px))
        base_surface = spread(base, scene.base_triangles, surface)
        occlusion = _find_occlusion(base.depth, base_surface[..., :3], scene)
        shadow = draw_shadow_map(scene.vertices, scene.base_triangles, lights.directions[0])
        visible = find_shadows(base.depth, base_surface, shadow)
        if scene.glasses:
            worn = scene.glasses
            frame = draw_shadow_map(worn.frame, worn.frame_triangles, lights.directions[0])
            past = find_shadows(base.depth, base_surface, frame)
            visible *= 1 - 0.75 * worn.opacity * (1 - past)
        shadow = _add_hair(scene, shadow, base_surface[..., 6:9], visible)
        material = np.where(base.index >= 0, scene.base_materials[base.index], -1).astype(np.int8)
        shade_base(
            material, base_surface, occlusion, visible, self._face_map, self._grain, self._beard,
            self._noise, scene.hair.combed.hairline,
            self.studio.model.eye_centres.astype(np.float32), scene.gaze, scene.turn, look, lights,
            image,
        )  # fmt: skip
        draw_facial_hair(
            self.facial, scene, face, look, normals,
            Shade(occlusion, visible, lights), base.depth, image,
        )  # fmt: skip
        nearest = base.depth
        if scene.glasses:
            frame_depth = add_glasses(scene.glasses, scene.camera, nearest, lights, image)
            nearest = np.maximum(nearest, frame_depth)
        draw_hair(
            scene.hair, scene.camera.px_per_cm, nearest, shadow, occlusion, look, lights, image
        )
        return develop(image, size_px)


def _find_occlusion(depth: np.ndarray, normals: np.ndarray, scene: Scene) -> np.ndarray:
    """As `find_occlusion`, with hair as something solid where it is dense."""
    size_px = depth.shape[0]
    small_px = size_px // 3
    scale = np.array([small_px / size_px, small_px / size_px, 1], np.float32)
    px_per_cm = scene.camera.px_per_cm * small_px / size_px
    veil = make_veil(scene.hair.screen * scale, scene.hair.width_cm, px_per_cm, small_px)
    small = add_hair_depth(veil, np.full((small_px, small_px), FAR, np.float32))
    hair_depth = cv2.resize(small, (size_px, size_px), interpolation=cv2.INTER_NEAREST)
    return find_occlusion(np.maximum(depth, hair_depth), normals, scene.camera.px_per_cm)


def _add_hair(
    scene: Scene, shadow: ShadowMap, points: np.ndarray, visible: np.ndarray
) -> ShadowMap:
    """Veil what is visible [h, w] at posed points [h, w, 3] by hair, in place.

    -> the shadow map with hair in it.
    """
    turn, shift = shadow.matrix[:, :3].T, shadow.matrix[:, 3]
    strands = scene.hair.points @ turn + shift
    veil = make_veil(strands, scene.hair.width_cm, TEXELS_PER_CM, len(shadow.depth))
    veiled = find_veiled(veil, points[1::3, 1::3] @ turn + shift)
    visible *= cv2.resize(veiled, visible.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return ShadowMap(add_hair_depth(veil, shadow.depth), shadow.matrix)
