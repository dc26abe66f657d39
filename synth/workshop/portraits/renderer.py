"""One face's parameters -> its picture, as FFHQ would have cropped it.

`FaceRenderer` holds what all faces share and is deterministic: the same parameters give the same
pixels. The z-buffer is finer than the picture, light is found on a grid of its own that is the same
for all sizes, and `paint` puts both together.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synth.workshop.portraits.light.background import choose_wall, make_background
from synth.workshop.portraits.light.lights import Lights, make_lights
from synth.workshop.portraits.light.occlusion import find_occlusion
from synth.workshop.portraits.light.shadows import draw_shadow_map, find_shadows
from synth.workshop.portraits.light.tone import make_curve
from synth.workshop.portraits.paint.face_map import make_face_map
from synth.workshop.portraits.paint.look import Look, make_look
from synth.workshop.portraits.paint.painter import label, paint
from synth.workshop.portraits.parameters import FaceParameters
from synth.workshop.portraits.rasterise import draw_triangles, spread
from synth.workshop.portraits.scene import Scene, make_studio, pose_face
from synth.workshop.portraits.shape.head_model import load_head_model
from synth.workshop.portraits.shape.stylise import stylise

LIGHT_PX = 288


@dataclass(frozen=True)
class Render:
    """picture [n, n, 3] uint8 sRGB; canonical [n, n, 3] float16, which point of the neutral head
    each pixel shows (cm, NaN on the background); labels [n, n] uint8, see `parts`.
    """

    picture: np.ndarray
    canonical: np.ndarray
    labels: np.ndarray


class FaceRenderer:
    """Draws faces of one head model.

    Raises ValueError naming the file when `head_model` is not a head model.
    """

    def __init__(self, head_model: str | Path) -> None:
        model = stylise(load_head_model(head_model))
        self.studio = make_studio(model)
        self._face_map = make_face_map(model.vertices[model.landmarks])

    def render(self, face: FaceParameters, size_px: int = 512) -> np.ndarray:
        """-> uint8 picture [size_px, size_px, 3], sRGB."""
        samples = choose_samples(size_px)
        scene = pose_face(self.studio, face, size_px * samples)
        wall = choose_wall(face)
        lights = make_lights(face, wall)
        look = self._make_look(face, scene, wall, lights)
        drawn = draw_triangles(
            scene.camera.find_screen(scene.vertices), scene.triangles, (size_px * samples,) * 2
        )
        out = np.empty((size_px, size_px, 3), np.uint8)
        paint(
            drawn.index, drawn.weights, drawn.depth, scene.triangles, scene.part_of,
            scene.attributes, find_soft_light(scene, lights), make_background(face, size_px), look,
            lights, self._face_map, self.studio.model.eye_centres.astype(np.float32), scene.gaze,
            scene.turn, samples / scene.camera.px_per_cm, make_curve(), samples, out,
        )  # fmt: skip
        return out

    def render_with_maps(self, face: FaceParameters, size_px: int = 512) -> Render:
        """The picture with canonical coordinates and part labels of its pixels' centres."""
        scene = pose_face(self.studio, face, size_px)
        drawn = draw_triangles(
            scene.camera.find_screen(scene.vertices), scene.triangles, (size_px,) * 2
        )
        labels = np.empty((size_px, size_px), np.uint8)
        canonical = np.empty((size_px, size_px, 3), np.float32)
        wall = choose_wall(face)
        look = self._make_look(face, scene, wall, make_lights(face, wall))
        label(
            drawn.index, drawn.weights, scene.triangles, scene.part_of, scene.attributes,
            self._face_map, self.studio.model.eye_centres.astype(np.float32), scene.gaze,
            look.iris_size, labels, canonical,
        )  # fmt: skip
        return Render(self.render(face, size_px), canonical.astype(np.float16), labels)

    def _make_look(
        self, face: FaceParameters, scene: Scene, wall: np.ndarray, lights: Lights
    ) -> Look:
        names = self.studio.model.expression_names
        pull: dict[str, float] = {}
        for name, weight in zip(names, scene.weights, strict=True):
            base = name.split("_")[0]
            pull[base] = max(pull.get(base, 0.0), float(min(1.0, weight)))
        aim = np.array([0.0, 0.0, 1.0]) + (0.55 * np.tanh(2 * lights.directions[0, 0]), 0.62, 0)
        aim = scene.turn.T @ (aim * (0.42, 0.42, 1.0))
        glint = aim / np.linalg.norm(aim)
        return make_look(face, pull, wall, scene.lid_height, scene.lip_depth, glint)


def choose_samples(size_px: int) -> int:
    """Samples of the z-buffer across one pixel."""
    return 4 if size_px <= 128 else 3 if size_px <= 512 else 2


def find_soft_light(scene: Scene, lights: Lights) -> np.ndarray:
    """How open each place is, how much key light arrives, its depth: [LIGHT_PX, LIGHT_PX, 3]."""
    ratio = LIGHT_PX / scene.camera.size_px
    screen = scene.camera.find_screen(scene.vertices) * np.array([ratio, ratio, 1], np.float32)
    drawn = draw_triangles(screen, scene.triangles, (LIGHT_PX, LIGHT_PX))
    surface = spread(drawn, scene.triangles, scene.attributes[:, :9])
    open_ = find_occlusion(drawn.depth, surface[..., :3], scene.camera.px_per_cm * ratio)
    shadow = draw_shadow_map(scene.vertices, scene.triangles, lights.directions[0])
    visible = find_shadows(drawn.depth, surface, shadow)
    return np.stack([open_, visible, drawn.depth], -1)
