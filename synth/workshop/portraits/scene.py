"""Parameters -> one posed mesh of everything: head, clothes and forms, with its camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.generators.bundled_parameters import EMOTIONS, FaceParameters
from synth.generators.head_camera import find_crop, project, turn_head
from synth.workshop.portraits import parts
from synth.workshop.portraits.camera import (
    BODY_YAW,
    CAMERA_DISTANCE_CM,
    PIVOT,
    Camera,
    make_rotation,
)
from synth.workshop.portraits.forms.beards import BeardGround, make_beard, make_beard_ground
from synth.workshop.portraits.forms.brows import make_brows
from synth.workshop.portraits.forms.earrings import find_lobes, make_earrings
from synth.workshop.portraits.forms.form import Form
from synth.workshop.portraits.forms.front import FrontGrid, make_front_grid
from synth.workshop.portraits.forms.hair import make_hair
from synth.workshop.portraits.forms.hats import find_hat, make_hat
from synth.workshop.portraits.forms.lashes import find_lash_ribbons, make_lashes
from synth.workshop.portraits.forms.skull import (
    CAP_ROWS,
    COLUMNS,
    Skull,
    find_ground_offset,
    make_skull,
)
from synth.workshop.portraits.forms.tied import make_braids, make_bun
from synth.workshop.portraits.rasterise import find_vertex_normals
from synth.workshop.portraits.shape.expressions import (
    EMOTION_PITCH_DEG,
    Muscles,
    find_display,
    make_expression,
    make_extra_offset,
    make_muscles,
)
from synth.workshop.portraits.shape.head_model import (
    EYE_LEFT,
    EYE_RIGHT,
    GUMS,
    LASHES,
    TEETH,
    HeadModel,
)
from synth.workshop.portraits.shape.identity import Anatomy, make_anatomy, make_person
from synth.workshop.portraits.shape.lids import Lids, keep_lids_on_eyes, make_lids
from synth.workshop.portraits.worn.body import (
    BodyGrid,
    dress,
    find_head_share,
    make_body_grid,
    shape_shoulders,
)
from synth.workshop.portraits.worn.glasses import find_ears, make_glasses

_PARTS = {
    EYE_LEFT: parts.EYE_WHITE,
    EYE_RIGHT: parts.EYE_WHITE,
    GUMS: parts.MOUTH,
    TEETH: parts.TEETH,
}


@dataclass(frozen=True)
class Studio:
    """Everything fixed for all faces: the head's triangles and their parts; ribbons of lashes; ears
    and lobes [2], vertices that carry glasses and ear-rings."""

    model: HeadModel
    skull: Skull
    body: BodyGrid
    muscles: Muscles
    anatomy: Anatomy
    lids: tuple[Lids, Lids]
    head_triangles: np.ndarray
    head_parts: np.ndarray
    front: FrontGrid
    beard: BeardGround
    ribbons: np.ndarray
    ears: np.ndarray
    lobes: np.ndarray


@dataclass(frozen=True)
class Scene:
    """One posed face. attributes [vertex, 13]: normal, canonical point, posed point, aux; triangles
    [triangle, 3]; part_of [triangle]; camera; turn [3, 3] from head to world; gaze [3] unit, in
    head coordinates; weights [shape]; lip_depth cm; lid_height as a sine on the eyeball.
    """

    attributes: np.ndarray
    triangles: np.ndarray
    part_of: np.ndarray
    camera: Camera
    turn: np.ndarray
    gaze: np.ndarray
    weights: np.ndarray
    lip_depth: float
    lid_height: float

    @property
    def vertices(self) -> np.ndarray:
        """Posed points [vertex, 3] in cm."""
        return self.attributes[:, 6:9]


def make_studio(model: HeadModel) -> Studio:
    """Prepare what all faces share."""
    keep = model.materials != LASHES
    head_parts = np.full(keep.sum(), parts.SKIN, np.uint8)
    for material, part in _PARTS.items():
        head_parts[model.materials[keep] == material] = part
    return Studio(
        model=model,
        skull=make_skull(model),
        body=make_body_grid(model),
        muscles=make_muscles(model),
        anatomy=make_anatomy(model),
        lids=make_lids(model),
        head_triangles=model.triangles[keep].astype(np.int32),
        head_parts=head_parts,
        front=make_front_grid(model),
        beard=make_beard_ground(model),
        ribbons=find_lash_ribbons(model),
        ears=find_ears(model.vertices),
        lobes=find_lobes(model.vertices),
    )


def pose_face(studio: Studio, face: FaceParameters, size_px: int) -> Scene:
    """Build the scene of one face for a z-buffer of size_px x size_px."""
    model = studio.model
    identity = make_person(studio.anatomy, face)
    weights = make_expression(studio.muscles, face)
    rest = shape_shoulders(model.vertices + identity, face["femininity"])
    moved = model.make_expression_offset(weights) + make_extra_offset(studio.muscles, face)
    moved = keep_lids_on_eyes(studio.lids, rest, moved)
    head = rest + moved
    pitches = [EMOTION_PITCH_DEG.get(emotion, 0.0) for emotion in EMOTIONS]
    nod = float(np.dot(find_display(face), pitches))
    yaw_deg, pitch_deg = 8.5 * face["yaw"], 3.5 * face["pitch"] + nod
    turn = make_rotation(yaw_deg, pitch_deg)
    # The scalp slides with the forehead's muscles, less than the skin itself.
    ground = find_ground_offset(studio.skull, identity + 0.6 * moved)
    forms = make_forms(studio, face, identity, head, ground)
    attributes, triangles, part_of = _assemble(studio, head, forms, (yaw_deg, pitch_deg))
    landmarks = (rest[model.landmarks] - PIVOT) @ turn.T + PIVOT
    camera = Camera(*find_crop(project(landmarks, CAMERA_DISTANCE_CM), 0.9 * face["roll"]), size_px)
    to_camera = turn.T @ np.array([0, 0, 1], np.float32)
    gaze = to_camera * 0.85 + np.array([0, 0, 0.15]) + _look_aside(face)
    lips = attributes[model.landmarks[[51, 57]], 8]
    return Scene(
        attributes=attributes,
        triangles=triangles,
        part_of=part_of,
        camera=camera,
        turn=turn,
        gaze=(gaze / np.linalg.norm(gaze)).astype(np.float32),
        weights=weights,
        lip_depth=float(lips.mean()),
        lid_height=_find_lid_height(studio, head, rest),
    )


def make_forms(
    studio: Studio, face: FaceParameters, identity: np.ndarray, head: np.ndarray, ground: np.ndarray
) -> list[Form]:
    """All that is not the head model's own mesh."""
    clothes, place = dress(studio.body, face, identity)
    aux = np.concatenate([place, np.zeros((len(place), 1))], 1)
    cloth = Form.make(clothes, clothes, studio.body.triangles, parts.CLOTH, aux)
    hair = make_hair(studio.skull, face, ground)
    model = studio.model
    rest = model.vertices + identity
    beside = ground[[COLUMNS * 3 // 4, COLUMNS // 4], CAP_ROWS + 8]
    return [
        cloth,
        hair,
        make_brows(studio.front, face, model, head),
        make_lashes(studio.ribbons, face, model, head),
        *make_hat(studio.skull, face, ground),
        *make_bun(face, ground[:, 0].mean(0), find_hat(face)),
        *make_braids(face, beside),
        *make_earrings(face, head[studio.lobes], model.vertices[studio.lobes]),
        *make_glasses(face, rest[model.landmarks], rest[studio.ears]),
        *make_beard(studio.beard, face, head),
    ]


def _assemble(
    studio: Studio, head: np.ndarray, forms: list[Form], angles: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """-> attributes [vertex, 13], triangles, part_of."""
    meshes = [(head, studio.model.vertices, studio.body.head_share, np.zeros((len(head), 4)))]
    for form in forms:
        share = find_head_share(form.vertices)
        meshes.append((form.vertices, form.canonical, share, form.aux))
    starts = np.cumsum([0, *[len(mesh[0]) for mesh in meshes[:-1]]])
    tris = [studio.head_triangles, *[form.triangles for form in forms]]
    triangles = np.concatenate([t + s for t, s in zip(tris, starts, strict=True)]).astype(np.int32)
    labels = [np.full(len(form.triangles), form.part, np.uint8) for form in forms]
    points = np.concatenate([mesh[0] for mesh in meshes])
    share = np.concatenate([mesh[2] for mesh in meshes])
    attributes = np.empty((len(points), 13), np.float32)
    attributes[:, 6:9] = turn_head(points, share, angles, PIVOT, BODY_YAW)
    attributes[:, 0:3] = find_vertex_normals(attributes[:, 6:9], triangles)
    attributes[:, 3:6] = np.concatenate([mesh[1] for mesh in meshes])
    attributes[:, 9:13] = np.concatenate([mesh[3] for mesh in meshes])
    return attributes, triangles, np.concatenate([studio.head_parts, *labels])


def _find_lid_height(studio: Studio, head: np.ndarray, rest: np.ndarray) -> float:
    """How far the upper lids stand above the eyes' centres."""
    mark, model = studio.model.landmarks, studio.model
    above = head[mark[[37, 38, 43, 44]], 1].mean() - rest[mark[[36, 39, 42, 45]], 1].mean()
    neutral = model.vertices[mark[[36, 39, 42, 45]], 1].mean()
    ball = np.unique(model.triangles[model.materials == EYE_LEFT])
    radius = float(np.ptp(model.vertices[ball, 0])) / 2
    return float((above - (model.eye_centres[0, 1] - neutral)) / radius)


def _look_aside(face: FaceParameters) -> np.ndarray:
    down = 0.12 * face.emotions[EMOTIONS.index("sadness")]
    return np.array([0.08 * face["gaze_x"], 0.05 * face["gaze_y"] - down, 0.0])
