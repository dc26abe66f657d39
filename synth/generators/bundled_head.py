"""The head behind the bundled generator's pictures: W+ -> where points of the head lie in them.

The bundled W is linear in the parameters of the renders that it was fitted to, so that a row of W+
tells a face's shape, expression and pose. In: W+ [layer, w_dim]. Out: `PlacedHead`, the places of
some thousand points of the head in the picture, exact and smooth in W+.

    p = w R + r                     parameters, a mean over the rows that hold expressions
    x = sum_c f_c(p) F_c            points in cm: mean, person, expression (fields F, [c, point, 3])
    u = crop(project(turn(x)))      pose, perspective, and FFHQ's crop of the face at rest

R follows from the generator's vocabulary; the fields are fitted to the scenes of the renderer
(`scripts.fit_head`), and so hold its proportions. Features f: see `describe_features`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from synth.generators import bundled_parameters
from synth.generators.base import Generator
from synth.generators.bundled import BUNDLED_NAME
from synth.generators.head_camera import Points, find_crop, place_in_crop, project, turn_head
from synth.plain_text import parse_json
from synth.storage.atomic import write_atomically
from synth.types import Rows

KIND = "moodreel-head-1"
BUNDLED_HEAD = Path(__file__).with_name("weights") / "moodreel-head.safetensors"
#: Rows of W+ that hold shape, expression and pose; later ones hold light and colour.
SHAPE_ROWS = 8
IDENTITY_MODES = 30
MOVEMENTS = ("blink", "brow_raise", "pucker")
SIDED = ("mouth_shift", "smirk", "brow_cock")
BUILD = ("femininity", "age", "weight")
GAZE = ("gaze_x", "gaze_y")
POSE = ("yaw", "pitch", "roll")
#: The order of parameters: identity first.
NAMES = (*bundled_parameters.EMOTIONS, *MOVEMENTS, *SIDED, *BUILD, *GAZE, *POSE)
NUM_FEATURES = 1 + IDENTITY_MODES + len(BUILD) + 2 * 6 + len(MOVEMENTS) + 2 * len(SIDED)
#: The last points of a head belong to no triangle: middles of the eyes' front, teeth above, below.
EXTRAS = 4
LARGEST_IDENTITY, LARGEST_EMOTION = 2.6, 1.3


@dataclass(frozen=True)
class Optics:
    """How parameters turn the head, and how it is seen; degrees and cm.

    yaw_deg, pitch_deg, roll_deg: for one unit. nods_deg: pitch of each emotion in full. onset: of
    `describe_features`. gaze: sideways and upwards for one unit, and down for all of sadness, in
    eyeballs' radii of eye_cm. distance_cm: of the camera. pivot: of the neck; body_yaw: how far the
    body follows.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    nods_deg: tuple[float, ...]
    onset: float
    gaze: tuple[float, float, float]
    eye_cm: float
    distance_cm: float
    pivot: tuple[float, float, float]
    body_yaw: float


@dataclass(frozen=True, eq=False)
class PlacedHead:
    """One head in its picture: places in picture widths from the top left corner, y down.

    points [point, 2] and depth [point] (larger is nearer) of the skin; eyes [2, 2], where they look
    (viewer's left first); teeth [2, 2], above and below.
    """

    points: Points
    depth: Float[np.ndarray, " point"]
    eyes: Float[np.ndarray, "2 2"]
    teeth: Float[np.ndarray, "2 2"]


@dataclass(frozen=True, eq=False)
class BundledHead:
    """See the module's text.

    readout [w_dim, parameter], offset [parameter], in the order identity, `NAMES`; fields [feature,
    point, 3]; share [point], how far each turns with the head; triangles of the skin; landmarks
    [68], numbers of points; wide [point, 3], the skin with mouth and eyes wide open, where points
    on both sides of an opening lie apart.
    """

    readout: Float[np.ndarray, "w_dim parameter"]
    offset: Float[np.ndarray, " parameter"]
    fields: Float[np.ndarray, "feature any_point 3"]
    share: Float[np.ndarray, " any_point"]
    triangles: Int[np.ndarray, "triangle 3"]
    landmarks: Int[np.ndarray, " 68"]
    wide: Float[np.ndarray, "point 3"]
    optics: Optics
    vocabulary: tuple[int, ...]

    def read(self, rows: Rows) -> Float[np.ndarray, " parameter"]:
        """Parameters of W+ [layer, w_dim], within what faces have."""
        w = rows[:SHAPE_ROWS].double().mean(0).cpu().numpy()
        found = w @ self.readout + self.offset
        most = np.full(len(found), np.inf)
        most[:IDENTITY_MODES] = LARGEST_IDENTITY
        most[IDENTITY_MODES : IDENTITY_MODES + 6] = LARGEST_EMOTION
        return np.clip(found, -most, most)

    def place(self, rows: Rows) -> PlacedHead:
        """Where the head of W+ [layer, w_dim] lies in its picture."""
        return self.place_parameters(self.read(rows))

    def place_parameters(self, parameters: Float[np.ndarray, " parameter"]) -> PlacedHead:
        """As `place`, of parameters in the order of `read`."""
        value = dict(zip(NAMES, parameters[IDENTITY_MODES:].tolist(), strict=True))
        features, at_rest = (
            describe_features(parameters, self.optics.onset, is_calm) for is_calm in (False, True)
        )
        head = np.tensordot(features, self.fields, 1)
        marks = np.tensordot(at_rest, self.fields[:, self.landmarks], 1)
        display = _display(parameters, self.optics.onset)
        pitch_deg = self.optics.pitch_deg * value["pitch"] + display @ self.optics.nods_deg
        angles = self.optics.yaw_deg * value["yaw"], float(pitch_deg)
        neck, distance_cm = (self.optics.pivot, self.optics.body_yaw), self.optics.distance_cm
        posed = turn_head(head, self.share, angles, *neck)
        rest = turn_head(marks, np.ones(len(marks)), angles, *neck)
        crop = find_crop(project(rest, distance_cm), self.optics.roll_deg * value["roll"])
        seen = place_in_crop(project(posed, distance_cm), *crop, width=1.0)
        down = self.optics.gaze[2] * display[bundled_parameters.EMOTIONS.index("sadness")]
        aside = np.array([self.optics.gaze[0] * value["gaze_x"], down])
        aside[1] -= self.optics.gaze[1] * value["gaze_y"]
        looks = aside * self.optics.eye_cm / (2 * math.hypot(*crop[1]))
        skin = len(seen) - EXTRAS
        return PlacedHead(seen[:skin], posed[:skin, 2], seen[skin : skin + 2] + looks, seen[-2:])


def _display(parameters: np.ndarray, onset: float) -> np.ndarray:
    """How much of each emotion shows [6]: 0 at rest, 1 in full, more than half at 0.5."""
    felt = np.maximum(parameters[IDENTITY_MODES : IDENTITY_MODES + 6], 0)
    return (1 + onset) * felt / (1 + onset * felt)


def describe_features(
    parameters: Float[np.ndarray, " parameter"], onset: float, is_calm: bool = False
) -> Float[np.ndarray, " feature"]:
    """What points are linear in: 1, identity, build, emotions and their squares, movements.

    `is_calm` leaves out what moves. Movements that go either way have a feature for each.
    """
    value = dict(zip(NAMES, parameters[IDENTITY_MODES:].tolist(), strict=True))
    build = (math.tanh(0.9 * value["femininity"]), value["age"], math.tanh(0.7 * value["weight"]))
    still = [1.0, *parameters[:IDENTITY_MODES], *build]
    if is_calm:
        return np.array([*still, *[0.0] * (NUM_FEATURES - len(still))])
    shown = _display(parameters, onset)
    sided = [max(sign * value[name], 0.0) for name in SIDED for sign in (1, -1)]
    movements = [value[name] for name in MOVEMENTS]
    return np.array([*still, *shown, *shown**2, *movements, *sided])


def name_vocabulary() -> tuple[int, ...]:
    """What tells one vocabulary of parameters from another."""
    return (
        bundled_parameters.ROTATION_SEED,
        bundled_parameters.EMBEDDING_SEED,
        bundled_parameters.NUM_PARAMETERS,
    )


def find_head(generator: Generator) -> BundledHead | None:
    """The head behind a generator's pictures; None for any but the bundled one, tuned or not."""
    is_ours = generator.name.split(" (")[0] == BUNDLED_NAME
    if not is_ours or not BUNDLED_HEAD.is_file():
        return None
    head = load_head(BUNDLED_HEAD)
    fits = len(head.readout) == generator.w_dim and head.vocabulary == name_vocabulary()
    return head if fits else None


def save_head(path: str | Path, head: BundledHead, card: Mapping[str, str]) -> None:
    """Write a head, whole or not at all: fields in half precision.

    Arrays go as rows, whatever their order in memory: safetensors writes them as they lie there.
    """
    arrays = {
        "readout": head.readout.astype(np.float32),
        "offset": head.offset.astype(np.float32),
        "fields": head.fields.astype(np.float16),
        "share": head.share.astype(np.float16),
        "triangles": head.triangles.astype(np.int16),
        "landmarks": head.landmarks.astype(np.int16),
        "wide": head.wide.astype(np.float16),
    }
    settings = {"optics": vars(head.optics), "vocabulary": list(head.vocabulary)}
    rows = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with write_atomically(path) as temporary:
        save_file(rows, temporary, {**card, "format": KIND, "settings": json.dumps(settings)})


@cache
def load_head(path: str | Path) -> BundledHead:
    """Read a head; raises FileNotFoundError, or ValueError naming the file when it is none."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: needs a head's file; got none; try scripts.fit_head")
    try:
        with safe_open(path, "np") as file:
            card = dict(file.metadata() or {})
            if card.get("format") != KIND:
                raise ValueError(f"format {card.get('format')}")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        settings = parse_json(card["settings"], str(path))
        optics: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in settings["optics"].items()
        }
        vocabulary = tuple(settings["vocabulary"])
        whole = {"triangles", "landmarks"}
        ready = {k: v.astype(np.int64 if k in whole else np.float64) for k, v in arrays.items()}
        return BundledHead(**ready, optics=Optics(**optics), vocabulary=vocabulary)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"needs a head of format {KIND}; {path} is none ({error})") from error
