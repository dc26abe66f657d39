"""One face's parameters -> its picture, as FFHQ would have cropped it.

`FaceRenderer` holds what all faces share and is deterministic: the same parameters give the same
pixels. The z-buffer is finer than the picture, soft light is found on a grid of its own that is the
same for all sizes, and `paint` puts both together.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.light.background import choose_wall, make_background
from synth.workshop.portraits.light.lights import Lights, make_lights
from synth.workshop.portraits.light.occlusion import find_occlusion
from synth.workshop.portraits.light.shadows import draw_shadow_map, find_shadows
from synth.workshop.portraits.light.tone import make_curve
from synth.workshop.portraits.paint.face_map import make_face_map
from synth.workshop.portraits.paint.look import Build, make_look
from synth.workshop.portraits.paint.painter import Seen, Sitter, label, paint
from synth.workshop.portraits.rasterise import draw_triangles, spread
from synth.workshop.portraits.scene import Scene, make_studio, pose_face
from synth.workshop.portraits.shape.head_model import load_head_model
from synth.workshop.portraits.shape.stylise import stylise

LIGHT_PX = 288


@dataclass(frozen=True)
class Render:
    """picture [n, n, 3] uint8 sRGB; canonical [n, n, 3] float16, which point of the neutral head
    each pixel's middle shows (cm, NaN on the background); labels [n, n] uint8, see `parts`.
    """

    picture: np.ndarray
    canonical: np.ndarray
    labels: np.ndarray


class FaceRenderer:
    """Draws faces of one head model.

    style: how far its proportions are the designed ones, 0 to 1. Raises ValueError naming the file
    when `head_model` is not a head model.
    """

    def __init__(self, head_model: str | Path, style: float = 1.0) -> None:
        model = stylise(load_head_model(head_model), style)
        self.studio = make_studio(model)
        self._face_map = make_face_map(model.vertices[model.landmarks])

    def render(self, face: FaceParameters, size_px: int = 512) -> np.ndarray:
        """-> uint8 picture [size_px, size_px, 3], sRGB."""
        samples = choose_samples(size_px)
        scene = pose_face(self.studio, face, size_px * samples)
        seen, sitter = _see(scene), self._sit(face, scene)
        out = np.empty((size_px, size_px, 3), np.uint8)
        background = make_background(face, size_px)
        pixel_cm = samples / scene.camera.px_per_cm
        paint(seen, sitter, background, pixel_cm, make_curve(), samples, out)
        return out

    def render_with_maps(self, face: FaceParameters, size_px: int = 512) -> Render:
        """The picture with canonical coordinates and part labels, edges of which are not smooth."""
        scene = pose_face(self.studio, face, size_px)
        labels = np.empty((size_px, size_px), np.uint8)
        canonical = np.empty((size_px, size_px, 3), np.float32)
        label(_see(scene), self._sit(face, scene), labels, canonical)
        return Render(self.render(face, size_px), canonical.astype(np.float16), labels)

    def find_landmarks(self, face: FaceParameters, size_px: int = 512) -> np.ndarray:
        """Where the 68 landmarks of the posed head lie in the picture, also hidden ones: [68, 2].

        Pixels are counted with the centre of the first one at (0, 0).
        """
        scene = pose_face(self.studio, face, size_px)
        marked = scene.vertices[self.studio.model.landmarks]
        return scene.camera.find_screen(marked)[:, :2].astype(np.float64) - 0.5

    def _sit(self, face: FaceParameters, scene: Scene) -> Sitter:
        """What the painter must know besides the scene's mesh."""
        wall = choose_wall(face)
        lights = make_lights(face, wall)
        names = self.studio.model.expression_names
        pull: dict[str, float] = {}
        for name, weight in zip(names, scene.weights, strict=True):
            base = name.split("_")[0]
            pull[base] = max(pull.get(base, 0.0), float(min(1.0, weight)))
        build = Build(pull, scene.lid_height, scene.lip_depth, _aim_glint(scene, lights))
        return Sitter(
            make_look(face, build, wall),
            lights,
            self._face_map,
            self.studio.model.eye_centres.astype(np.float32),
            scene.gaze,
            scene.turn,
            find_soft_light(scene, lights),
        )


def choose_samples(size_px: int) -> int:
    """Samples of the z-buffer across one pixel."""
    return 4 if size_px <= 128 else 3 if size_px <= 512 else 2


def _see(scene: Scene) -> Seen:
    """Draw the scene's mesh into the z-buffer."""
    shape = (scene.camera.size_px, scene.camera.size_px)
    drawn = draw_triangles(scene.camera.find_screen(scene.vertices), scene.triangles, shape)
    mesh = (scene.triangles, scene.part_of, scene.attributes)
    return Seen(drawn.index, drawn.weights, drawn.depth, *mesh)


def _aim_glint(scene: Scene, lights: Lights) -> np.ndarray:
    """Where the one catch light sits on both eyes: unit direction [3] in head coordinates."""
    aside = 0.231 * np.tanh(2 * lights.directions[0, 0])
    aim = scene.turn.T @ np.array([aside, 0.2604, 1.0])
    return aim / np.linalg.norm(aim)


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
