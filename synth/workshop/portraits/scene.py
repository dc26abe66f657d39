"""Parameters -> posed triangles on screen: expression, pose, torso, camera with the FFHQ crop.

The crop follows the recipe of the FFHQ data set (Karras et al. 2019, appendix C) on the
landmarks of the identity at rest, so that it does not jump with the expression.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from synth.generators.bundled_parameters import EMOTIONS, FaceParameters
from synth.workshop.portraits.hair.combing import (
    PosedHair,
    Scalp,
    comb_hair,
    count_strands,
    find_width,
    make_scalp,
)
from synth.workshop.portraits.shape.expressions import (
    EMOTION_PITCH_DEG,
    Muscles,
    find_display,
    make_expression,
    make_extra_offset,
    make_muscles,
)
from synth.workshop.portraits.shape.head_model import CLOTH, LASHES, HeadModel
from synth.workshop.portraits.shape.identity import Anatomy, make_anatomy, make_person
from synth.workshop.portraits.shape.lids import Lids, keep_lids_on_eyes, make_lids
from synth.workshop.portraits.worn.body import (
    BodyGrid,
    dress,
    find_head_share,
    make_body_grid,
    shape_shoulders,
)
from synth.workshop.portraits.worn.glasses import Glasses, find_ears, make_glasses

CAMERA_DISTANCE_CM = 95.0
#: The neutral head's eye corners lie this far below the middle of its eyeballs.
_CORNERS_BELOW_CENTRE_CM, _EYE_RADIUS_CM = 0.27, 1.62
PIVOT = np.array([0, 1, 1], np.float32)
#: How far the body follows the head's yaw.
BODY_YAW = 0.35


@dataclass(frozen=True)
class Studio:
    """Everything fixed for all faces: model, scalp, body and muscles."""

    model: HeadModel
    scalp: Scalp
    body: BodyGrid
    ears: np.ndarray
    muscles: Muscles
    anatomy: Anatomy
    lids: tuple[Lids, Lids]


@dataclass(frozen=True)
class Camera:
    """The FFHQ crop: centre [2] and half extent [2] of the picture's x axis, on the plane z = 0."""

    centre: np.ndarray
    axis: np.ndarray
    size_px: int

    @property
    def px_per_cm(self) -> float:
        """Of what lies on the plane z = 0."""
        return self.size_px / 2 / math.hypot(*self.axis)

    def find_screen(self, points: np.ndarray) -> np.ndarray:
        """Posed points [..., 3] in cm -> [..., 3] pixels (y down) and depth."""
        flat = points.reshape(-1, 3)
        offset = project(flat) - self.centre
        half = float(self.axis @ self.axis)
        upright = np.array([-self.axis[1], self.axis[0]])
        screen = np.empty_like(flat)
        screen[:, 0] = self.size_px / 2 * (1 + offset @ self.axis / half)
        screen[:, 1] = self.size_px / 2 * (1 - offset @ upright / half)
        screen[:, 2] = flat[:, 2]
        return screen.reshape(points.shape)


@dataclass(frozen=True)
class Scene:
    """One posed face. Vertices of head and torso are concatenated in this order.

    vertices [vertex, 3] posed, cm; canonical [vertex, 3] before identity, expression and pose;
    screen [vertex, 3] pixels and depth, by the camera; base triangles; base_materials;
    hair in strands;
    weights [shape] of the expression; turn [3, 3] from head to world coordinates; gaze [3] unit, in
    head coordinates; lip_depth in cm; lid_height of the upper lids above the eyes' centres, as a
    sine on the eyeball; glasses posed, where any are worn.
    """

    vertices: np.ndarray
    canonical: np.ndarray
    screen: np.ndarray
    camera: Camera
    base_triangles: np.ndarray
    base_materials: np.ndarray
    hair: PosedHair
    weights: np.ndarray
    turn: np.ndarray
    gaze: np.ndarray
    lip_depth: float
    lid_height: float
    glasses: Glasses | None


def make_studio(model: HeadModel) -> Studio:
    """Prepare what all faces share."""
    body = make_body_grid(model)
    scalp = make_scalp(model, body)
    ears, lids = find_ears(model.vertices), make_lids(model)
    return Studio(model, scalp, body, ears, make_muscles(model), make_anatomy(model), lids)


def make_rotation(yaw_deg: float, pitch_deg: float) -> np.ndarray:
    """Turn by yaw (viewer's right positive), then pitch (up positive)."""
    cy, sy = math.cos(math.radians(yaw_deg)), math.sin(math.radians(yaw_deg))
    cp, sp = math.cos(math.radians(-pitch_deg)), math.sin(math.radians(-pitch_deg))
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return (np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]]) @ turn).astype(np.float32)


def bend_neck(
    points: np.ndarray, head_share: np.ndarray, yaw_deg: float, pitch_deg: float
) -> np.ndarray:
    """Turn points [n, 3] with the head where head_share [n] is 1, little where it is 0."""
    yaw = np.radians(yaw_deg * (BODY_YAW + (1 - BODY_YAW) * head_share))
    pitch = np.radians(-pitch_deg * head_share)
    x, y, z = (points - PIVOT).T
    z_turned = z * np.cos(yaw) - x * np.sin(yaw)
    turned = np.stack(
        [
            x * np.cos(yaw) + z * np.sin(yaw),
            y * np.cos(pitch) - z_turned * np.sin(pitch),
            y * np.sin(pitch) + z_turned * np.cos(pitch),
        ],
        1,
    )
    return turned + PIVOT


def project(points: np.ndarray) -> np.ndarray:
    """[n, 3] cm -> [n, 2] on the plane z = 0, in perspective."""
    return points[:, :2] * (CAMERA_DISTANCE_CM / (CAMERA_DISTANCE_CM - points[:, 2:3]))


def find_crop(landmarks: np.ndarray, roll_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """FFHQ crop of projected landmarks [68, 2], y up -> centre [2], half extent along x [2]."""
    right_eye, left_eye = landmarks[36:42].mean(0), landmarks[42:48].mean(0)
    mouth = (landmarks[48] + landmarks[54]) / 2
    eyes = (right_eye + left_eye) / 2
    across, down = left_eye - right_eye, mouth - eyes
    axis = across + np.array([-down[1], down[0]])
    axis /= np.hypot(*axis)
    axis *= max(np.hypot(*across) * 2.0, np.hypot(*down) * 1.8)
    cr, sr = math.cos(math.radians(roll_deg)), math.sin(math.radians(roll_deg))
    return eyes + down * 0.1, np.array([[cr, -sr], [sr, cr]]) @ axis


def pose_face(studio: Studio, face: FaceParameters, size_px: int) -> Scene:
    """Build the scene of one face for a picture of size_px x size_px."""
    model = studio.model
    identity = make_person(studio.anatomy, face)
    weights = make_expression(studio.muscles, face)
    rest = shape_shoulders(model.vertices + identity, face["femininity"])
    moved = model.make_expression_offset(weights) + make_extra_offset(studio.muscles, face)
    moved = keep_lids_on_eyes(studio.lids, rest, moved)
    head = rest + moved
    # The scalp slides with the forehead's muscles, less than the skin itself.
    scalp = identity + 0.75 * moved
    pitches = [EMOTION_PITCH_DEG.get(emotion, 0.0) for emotion in EMOTIONS]
    nod = float(np.dot(find_display(face), pitches))
    yaw_deg, pitch_deg = 8.0 * face["yaw"], 3.5 * face["pitch"] + nod
    turn = make_rotation(yaw_deg, pitch_deg)
    clothes, place_in_cloth = dress(studio.body, face, identity)
    combed = comb_hair(studio.scalp, face, scalp, count_strands(size_px))
    flat = combed.points.reshape(-1, 3)
    strands = bend_neck(flat, find_head_share(flat), yaw_deg, pitch_deg)
    strands = strands.astype(np.float32).reshape(combed.points.shape)
    vertices = np.concatenate(
        [
            bend_neck(head, studio.body.head_share, yaw_deg, pitch_deg),
            bend_neck(clothes, find_head_share(clothes), yaw_deg, pitch_deg),
        ]
    ).astype(np.float32)
    landmarks = (rest[model.landmarks] - PIVOT) @ turn.T + PIVOT
    camera = Camera(*find_crop(project(landmarks), 0.8 * face["roll"]), size_px)
    to_camera = turn.T @ np.array([0, 0, 1], np.float32)
    gaze = to_camera * 0.85 + np.array([0, 0, 0.15]) + _look_aside(face)
    lips = vertices[model.landmarks[[51, 57]], 2]
    base_triangles, base_materials = _assemble(studio)
    return Scene(
        vertices=vertices,
        canonical=np.concatenate([model.vertices, place_in_cloth]).astype(np.float32),
        screen=camera.find_screen(vertices),
        camera=camera,
        base_triangles=base_triangles,
        base_materials=base_materials,
        hair=PosedHair(
            combed,
            strands,
            combed.outward @ turn.T,
            camera.find_screen(strands),
            find_width(count_strands(size_px)),
        ),
        weights=weights,
        turn=turn,
        gaze=(gaze / np.linalg.norm(gaze)).astype(np.float32),
        lip_depth=float(lips.mean()),
        lid_height=_find_lid_height(head[model.landmarks], rest[model.landmarks]),
        glasses=_wear_glasses(studio, face, rest, turn),
    )


def _wear_glasses(
    studio: Studio, face: FaceParameters, rest: np.ndarray, turn: np.ndarray
) -> Glasses | None:
    glasses = make_glasses(face, rest[studio.model.landmarks], rest[studio.ears])
    if glasses is None:
        return None
    frame, lenses = (
        ((points - PIVOT) @ turn.T + PIVOT).astype(np.float32)
        for points in (glasses.frame, glasses.lenses)
    )
    return replace(glasses, frame=frame, lenses=lenses)


def _find_lid_height(landmarks: np.ndarray, rest: np.ndarray) -> float:
    """How far the upper lids [68, 3] stand above the eyes' centres, which do not move."""
    lids, corners = [37, 38, 43, 44], [36, 39, 42, 45]
    above = landmarks[lids, 1].mean() - rest[corners, 1].mean()
    return float((above - _CORNERS_BELOW_CENTRE_CM) / _EYE_RADIUS_CM)


def _look_aside(face: FaceParameters) -> np.ndarray:
    down = 0.12 * face.emotions[EMOTIONS.index("sadness")]
    return np.array([0.06 * face["gaze_x"], 0.045 * face["gaze_y"] - down, 0.0])


def _assemble(studio: Studio) -> tuple[np.ndarray, np.ndarray]:
    """Triangles of head and torso with materials."""
    model = studio.model
    is_lash = model.materials == LASHES
    first_torso = len(model.vertices)
    base = np.concatenate([model.triangles[~is_lash], studio.body.triangles + first_torso])
    cloth = np.full(len(studio.body.triangles), CLOTH, np.int8)
    materials = np.concatenate([model.materials[~is_lash], cloth])
    return base.astype(np.int32), materials
