"""The renderer's scenes -> a `BundledHead`: some thousand points, and fields that move them.

1. Skin that shows in any of a few poses is kept, in triangles of the head model.
2. Points are spread over it, dense at lids and lips, by farthest point sampling along the surface
   (Moenning and Dodgson, 2003); triangles of three points' regions that meet become theirs. Paths
   along the surface do not jump from lip to lip, and so no triangle does.
3. Faces of random parameters are posed; least squares over `describe_features` gives the fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from synth.generators import bundled_parameters
from synth.generators.bundled_head import (
    IDENTITY_MODES,
    NAMES,
    BundledHead,
    Optics,
    describe_features,
    name_vocabulary,
)
from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits import camera
from synth.workshop.portraits.rasterise import draw_triangles
from synth.workshop.portraits.scene import Studio, pose_face
from synth.workshop.portraits.shape.expressions import (
    EMOTION_PITCH_DEG,
    ONSET,
    make_expression,
    make_extra_offset,
)
from synth.workshop.portraits.shape.head_model import EYE_LEFT, EYE_RIGHT, SKIN, TEETH
from synth.workshop.portraits.shape.identity import make_person
from synth.workshop.portraits.shape.lids import keep_lids_on_eyes
from synth.workshop.portraits.worn.body import shape_shoulders

#: Distance of neighbouring points in cm, at openings and elsewhere.
FINE_CM, COARSE_CM = 0.22, 0.85
#: How far from lids and lips points begin to thin out.
REACH_CM = 1.6
#: Parameters that show all skin which any picture may show: pose, and lids lowered.
VIEWS = ({}, {"yaw": 2.2}, {"yaw": -2.2}, {"pitch": 2.2}, {"pitch": -2.2}, {"blink": 6.0})
VIEW_PX = 900
OPENINGS = slice(36, 68)
#: Least squares keeps fields small that no face calls for.
RIDGE = 1e-3
#: Of the parameters by which `wide` is posed.
WIDE = {"surprise": 1.0}


def fit_head(
    studio: Studio,
    count: int,
    faces: int,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[BundledHead, float]:
    """A head of about `count` points, fitted to `faces` faces, and its median error in cm."""
    skin, triangles = find_shown_skin(studio)
    points, owner = spread_points(studio, skin, triangles, count)
    corners = np.sort(owner[triangles], axis=1)
    apart = (corners[:, 0] != corners[:, 1]) & (corners[:, 1] != corners[:, 2])
    _, first = np.unique(corners[apart], axis=0, return_index=True)
    joined = owner[triangles][apart][first]
    fields, error_cm = _fit_fields(studio, points, faces, report)
    number = {int(vertex): k for k, vertex in enumerate(points)}
    marks = np.array([number[int(vertex)] for vertex in studio.model.landmarks])
    readout, offset = make_readout()
    wide = _find_places(studio, _make_calm(), points)[0] + 0.9 * _find_opening(studio, points)
    share = np.concatenate([studio.body.head_share[points], np.ones(4)])
    head = BundledHead(
        readout, offset, fields, share, joined, marks, wide, _make_optics(studio),
        name_vocabulary(),
    )  # fmt: skip
    return head, error_cm


def find_shown_skin(studio: Studio) -> tuple[np.ndarray, np.ndarray]:
    """Vertex numbers, and triangles of these, of all skin that shows with lips closed."""
    tris, model = studio.head_triangles, studio.model
    seen = np.zeros(len(tris), bool)
    for view in VIEWS:
        scene = pose_face(studio, _make_calm().with_appearance(**view), VIEW_PX)
        screen = scene.camera.find_screen(scene.vertices[: len(model.vertices)])
        index = draw_triangles(screen, tris, (VIEW_PX, VIEW_PX)).index
        seen[np.unique(index[index >= 0])] = True
    is_skin = np.isin(tris, np.unique(model.triangles[model.materials == SKIN])).all(1)
    shown = tris[seen & is_skin]
    # A triangle hidden among its neighbours leaves no hole.
    vertices = np.unique(shown)
    return vertices, tris[np.isin(tris, vertices).all(1) & is_skin]


def spread_points(
    studio: Studio, skin: np.ndarray, triangles: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Chosen vertices [point], and the number of the point next to each vertex [vertex]."""
    model = studio.model
    places, total = model.vertices, len(model.vertices)
    marks = places[model.landmarks[OPENINGS]]
    away = np.linalg.norm(places[:, None] - marks[None], axis=2).min(1)
    wanted = FINE_CM + (COARSE_CM - FINE_CM) * np.clip(away / REACH_CM - 0.2, 0, 1)
    pairs = np.unique(np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]],
                                              triangles[:, [2, 0]]]), axis=1), axis=0)  # fmt: skip
    length = np.linalg.norm(places[pairs[:, 0]] - places[pairs[:, 1]], axis=1)
    length = length / wanted[pairs].mean(1)
    graph = csr_matrix((length, pairs.T), (total, total))
    chosen = [int(vertex) for vertex in model.landmarks]
    distance, owner = np.full(total, np.inf), np.full(total, -1)
    inside = np.zeros(total, bool)
    inside[skin] = True
    for k in range(count):
        start = chosen[k] if k < len(chosen) else _find_farthest(distance, inside)
        if k >= len(chosen):
            if distance[start] < 0.7:
                break
            chosen.append(start)
        found = dijkstra(graph, directed=False, indices=start, limit=60.0 if k < 68 else 8.0)
        nearer = found < distance
        distance[nearer], owner[nearer] = found[nearer], k
    return np.array(chosen), owner


def _find_farthest(distance: np.ndarray, inside: np.ndarray) -> int:
    reached = np.where(inside & np.isfinite(distance), distance, -1)
    return int(reached.argmax())


def make_readout() -> tuple[np.ndarray, np.ndarray]:
    """w -> parameters [w_dim, parameter] and [parameter].

    Found by asking which w each parameter makes: w is linear in them.
    """
    names = [*bundled_parameters.EMOTIONS, *bundled_parameters.APPEARANCE_NAMES]
    centre = bundled_parameters.find_centre()
    base = bundled_parameters.make_target_latents(centre[None].astype(np.float32))[0]
    steps = centre + np.eye(len(centre))
    slopes = bundled_parameters.make_target_latents(steps) - base
    inverse = np.linalg.pinv(slopes.astype(np.float64))  # [w_dim, parameter]
    read = [*range(IDENTITY_MODES), *(IDENTITY_MODES + names.index(name) for name in NAMES)]
    readout = inverse[:, read]
    return readout, centre[read] - base @ readout


def to_head_parameters(face: FaceParameters) -> np.ndarray:
    """The renderer's parameters in the order of a `BundledHead`."""
    rest = [face[name] for name in NAMES[len(bundled_parameters.EMOTIONS) :]]
    return np.array([*face.identity, *face.emotions, *rest])


def _make_calm() -> FaceParameters:
    centre = bundled_parameters.find_centre()
    return FaceParameters.from_vector(centre.astype(np.float32)).with_emotion(None)


def _find_opening(studio: Studio, points: np.ndarray) -> np.ndarray:
    calm = _make_calm()
    wide = replace(calm, emotions=calm.with_emotion("surprise").emotions)
    return _find_places(studio, wide, points)[0] - _find_places(studio, calm, points)[0]


def _find_places(
    studio: Studio, face: FaceParameters, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Points [point, 3] of the head before it turns, and the four extras [4, 3], as it is posed."""
    model = studio.model
    identity = make_person(studio.anatomy, face)
    moved = model.make_expression_offset(make_expression(studio.muscles, face))
    moved = moved + make_extra_offset(studio.muscles, face)
    rest = shape_shoulders(model.vertices + identity, face["femininity"])
    head = rest + keep_lids_on_eyes(studio.lids, rest, moved)
    extras = []
    for material in (EYE_RIGHT, EYE_LEFT):
        ball = head[np.unique(model.triangles[model.materials == material])]
        extras.append(np.array([*ball[:, :2].mean(0), ball[:, 2].max()]))
    extras.sort(key=lambda place: place[0])
    teeth = np.unique(model.triangles[model.materials == TEETH])
    front = teeth[(model.vertices[teeth, 2] > 9.5) & (np.abs(model.vertices[teeth, 0]) < 1.2)]
    is_above = model.vertices[front, 1] > model.vertices[front, 1].mean()
    extras += [head[front[is_above]].mean(0), head[front[~is_above]].mean(0)]
    return head[points], np.stack(extras)


def _fit_fields(
    studio: Studio, points: np.ndarray, faces: int, report: Callable[[int, int], None]
) -> tuple[np.ndarray, float]:
    """Fields [feature, point + 4, 3], and the median distance of held-out points in cm."""
    random = np.random.default_rng(11)
    vectors = bundled_parameters.map_latents_to_parameters(
        random.normal(size=(faces, bundled_parameters.Z_DIM))
    )
    known, places = [], []
    for k, vector in enumerate(vectors):
        face = FaceParameters.from_vector(vector)
        known.append(describe_features(to_head_parameters(face), ONSET))
        places.append(np.concatenate(_find_places(studio, face, points)).ravel())
        report(k + 1, faces)
    features, found = np.stack(known), np.stack(places)
    held = max(1, faces // 10)
    seen = features[held:]
    normal = seen.T @ seen + RIDGE * len(seen) * np.eye(seen.shape[1])
    normal[0, 0] -= RIDGE * len(seen)
    fields = np.linalg.solve(normal, seen.T @ found[held:])
    off = (features[:held] @ fields - found[:held]).reshape(held, -1, 3)
    return fields.reshape(len(fields), -1, 3), float(np.median(np.linalg.norm(off, axis=2)))


def _make_optics(studio: Studio) -> Optics:
    """The numbers of `synth.workshop.portraits.scene.pose_face`."""
    model = studio.model
    ball = model.vertices[np.unique(model.triangles[model.materials == EYE_LEFT])]
    return Optics(
        yaw_deg=8.5,
        pitch_deg=3.5,
        roll_deg=0.9,
        nods_deg=tuple(EMOTION_PITCH_DEG.get(name, 0.0) for name in bundled_parameters.EMOTIONS),
        onset=ONSET,
        gaze=(0.08, 0.05, 0.12),
        eye_cm=float(np.ptp(ball[:, 0])) / 2,
        distance_cm=camera.CAMERA_DISTANCE_CM,
        pivot=tuple(camera.PIVOT.tolist()),
        body_yaw=camera.BODY_YAW,
    )
