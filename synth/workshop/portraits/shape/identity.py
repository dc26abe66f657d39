"""Who it is: the shape of one person's head from identity, femininity and age.

Three layers are added up: the head model's own modes (the common ones enlarged, because the mean
head is what makes strangers look alike), traits that single coordinates of identity drive (length
of the nose, width of the jaw, ...), and what sex and age do to a skull and to the skin on it
(Farkas, "Anthropometry of the Head and Face", 1994, for the directions).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.shape.face_fields import Move, Trait, make_field
from synth.workshop.portraits.shape.head_model import GUMS, SKIN, TEETH, HeadModel

#: How far modes go for one standard deviation: overall size, large, fine and lopsided modes.
SIZE_GAIN, LARGE_GAIN, FINE_GAIN, LOPSIDED_GAIN = 0.6, 1.1, 1.4, 0.7
PERSONAL_GAIN = 1.6
LARGE_MODES = slice(1, 9)
LOPSIDED_MODES = (9, 20, 25, 28)
#: Large modes together reach no further than this many standard deviations from the mean.
LARGE_RADIUS = 5.2
#: How far the teeth draw back beyond the skin before them.
TEETH_GAP_CM = 0.04

#: Ears, jaw corners and the like, cm on the neutral head.
EAR, JAW, CHIN = (8.4, 1.6, 1.5), (6.2, -3.6, 5.2), (0.0, -6.6, 10.2)
NOSE, NOSE_TIP, WING = (0.0, 0.6, 11.6), (0.0, 0.2, 12.7), (1.45, -0.5, 11.0)
EYE, CHEEKBONE, CHEEK = (3.1, 3.6, 8.0), (5.6, 1.4, 7.8), (4.4, -1.8, 9.0)
UPPER_LIP, LOWER_LIP, MOUTH = (0.0, -2.8, 11.5), (0.0, -4.0, 11.4), (0.0, -3.4, 10.9)

TRAITS: dict[str, Trait] = {
    "face_width": Trait((Move((0, 0, 3), (13, 12, 12), stretch=(0.055, 0, 0)),)),
    "lower_face": Trait((Move((0, -5.6, 8.5), (7, 4.2, 6), push=(0, -0.34, 0)),)),
    "skull_height": Trait((Move((0, 14, 1), (11, 6.5, 11), push=(0, 0.7, 0)),)),
    "jaw_width": Trait(
        (
            Move(JAW, (3.0, 3.0, 4.0), push=(0.36, -0.06, 0)),
            Move((4.0, -6.0, 7.4), (2.4, 2.4, 3.2), push=(0.24, 0.0, 0)),
        )
    ),
    "chin_length": Trait((Move(CHIN, (3.0, 2.6, 3.2), push=(0, -0.36, 0.10)),)),
    "chin_width": Trait((Move((1.5, -6.6, 9.9), (1.6, 1.8, 2.2), push=(0.26, 0, 0)),)),
    "chin_forward": Trait((Move(CHIN, (2.6, 2.0, 3.2), push=(0, 0, 0.38)),)),
    "cheekbones": Trait((Move(CHEEKBONE, (2.4, 1.8, 2.6), push=(0.22, 0.05, 0.26)),)),
    "cheek_fat": Trait(
        (
            Move(CHEEK, (3.0, 3.0, 3.4), push=(0.30, -0.05, 0.18)),
            Move((2.6, -7.8, 6.4), (3.8, 2.6, 3.8), push=(0.12, -0.22, 0.05)),
        )
    ),
    "nose_length": Trait((Move(NOSE_TIP, (1.7, 2.0, 2.4), push=(0, -0.30, 0.10)),)),
    "nose_forward": Trait((Move(NOSE_TIP, (1.5, 2.2, 2.4), push=(0, 0, 0.40)),)),
    "nose_width": Trait((Move(WING, (0.9, 1.2, 1.8), push=(0.22, 0, 0)),)),
    "nose_bridge": Trait((Move((0, 2.4, 11.6), (0.9, 1.4, 1.8), push=(0, 0.0, 0.30)),)),
    "bridge_width": Trait((Move((0.7, 2.2, 11.0), (0.7, 1.8, 1.2), push=(0.16, 0, 0)),)),
    "nose_size": Trait((Move(NOSE, (1.9, 2.4, 2.6), stretch=(0.12, 0.08, 0.16)),)),
    "lips": Trait(
        (
            Move(UPPER_LIP, (2.2, 0.65, 1.6), stretch=(0, 0.15, 0), push=(0, 0.04, 0.10)),
            Move(LOWER_LIP, (2.0, 0.70, 1.6), stretch=(0, 0.15, 0), push=(0, -0.05, 0.11)),
        )
    ),
    "mouth_width": Trait((Move(MOUTH, (3.6, 2.0, 3.0), stretch=(0.10, 0, 0)),)),
    "mouth_height": Trait((Move(MOUTH, (3.6, 1.8, 3.0), push=(0, 0.22, 0)),)),
    "eye_size": Trait((Move(EYE, (2.6, 2.4, 2.6), stretch=(0.07, 0.07, 0.07)),), eyes="bend"),
    "eye_opening": Trait(shapes={"eyeWide": 0.30, "eyeSquint": -0.10}),
    "eye_spacing": Trait((Move(EYE, (2.8, 2.2, 3.0), push=(0.15, 0, 0)),)),
    "eye_tilt": Trait((Move(EYE, (2.4, 1.9, 3.0), turn=0.065),), eyes="bend"),
    "eye_depth": Trait((Move(EYE, (2.6, 2.0, 3.0), push=(0, 0, -0.22)),)),
    "brow_ridge": Trait((Move((2.6, 5.2, 10.1), (2.6, 1.1, 2.0), push=(0, -0.10, 0.30)),)),
    "brow_height": Trait((Move((3.2, 6.1, 9.8), (2.8, 1.3, 2.6), push=(0, 0.26, 0)),)),
    "ear_size": Trait((Move(EAR, (1.6, 3.2, 2.6), stretch=(0.0, 0.16, 0.14)),)),
    "ear_lobe": Trait((Move((7.9, -0.6, 2.2), (1.2, 1.5, 1.8), push=(0.05, -0.40, 0)),)),
    "ears_out": Trait((Move((8.8, 2.2, 0.8), (1.3, 2.6, 1.8), push=(0.30, 0, 0.10)),)),
    "temples": Trait((Move((6.6, 5.8, 5.6), (2.0, 2.2, 3.0), push=(0.22, 0, 0)),)),
    "neck_width": Trait((Move((0, -11, 1), (9, 4.6, 9), stretch=(0.10, 0, 0.06)),)),
    "throat": Trait((Move((0, -9.4, 6.0), (2.2, 2.2, 3.0), push=(0, -0.30, 0.35)),)),
    "jowls": Trait(
        (
            Move((4.3, -5.6, 8.0), (1.6, 1.5, 2.2), push=(0.17, -0.36, 0.08)),
            Move((2.7, -4.6, 9.6), (0.9, 1.3, 1.6), push=(0, 0, -0.10)),
        )
    ),
    "sag": Trait(
        (
            Move((3.6, -0.8, 9.8), (2.0, 2.0, 2.2), push=(0.05, -0.38, 0.06)),
            Move((3.4, 1.6, 9.4), (1.5, 0.9, 1.6), push=(0, -0.05, -0.20)),
        ),
        {"mouthFrown": 0.10},
    ),
    "hollow": Trait((Move((4.9, -1.6, 8.2), (1.6, 1.8, 2.4), push=(-0.34, 0, -0.16)),)),
    "lid_weight": Trait(shapes={"eyeBlink": 0.09, "browDown": 0.08}),
    "lips_apart": Trait(shapes={"mouthUpperUp": 0.5, "mouthLowerDown": 0.5}),
    "smiling": Trait(shapes={"mouthSmile": 0.10, "mouthFrown": -0.06}),
    "left_lid": Trait(shapes={"eyeBlink_L": 0.07, "browOuterUp_L": -0.10, "mouthSmile_L": 0.05}),
    "right_brow": Trait(shapes={"browOuterUp_R": 0.14, "browInnerUp_R": 0.06}),
}  # fmt: skip

#: What everybody gets: an adult's proportions, where the neutral head looks young and wide.
COMMON = {
    "face_width": -0.5, "skull_height": -0.4, "nose_forward": 0.1,
    "eye_size": 0.4, "ears_out": -0.8, "jaw_width": -0.5,
    "chin_width": -0.3, "cheekbones": 0.3,
}  # fmt: skip
#: And this, after the rest was calmed down: lips that touch, open eyes, no bad temper.
AWAKE = {"lips_apart": -0.12, "eye_opening": 0.7, "smiling": 2.0}
#: For one unit of femininity, which runs from about -1.2 to 1.2.
FEMININE = {
    "jaw_width": -0.85, "chin_length": -0.6, "chin_width": -0.9, "brow_ridge": -1.0,
    "nose_size": -0.9, "nose_length": -0.25, "lips": 0.75, "eye_size": 0.7, "eye_opening": 0.5,
    "neck_width": -1.0, "brow_height": 0.75, "cheekbones": 0.6, "face_width": -0.35,
    "throat": -0.5, "eye_tilt": 0.4, "lower_face": -0.3, "smiling": 0.4, "hollow": -0.3,
    "ear_size": -0.4,
}  # fmt: skip
#: From 20 to 80 years, with the change of the middle-aged taken as none.
AGED = {
    "jowls": 1.0, "sag": 0.9, "hollow": 0.3, "ear_size": 1.2, "ear_lobe": 1.2, "nose_length": 1.0,
    "nose_size": 0.6, "lips": -1.1, "eye_depth": 0.4, "eye_size": -0.5, "lid_weight": 1.1,
    "temples": -1.0, "throat": 0.9, "brow_height": -0.5, "mouth_width": 0.3,
}  # fmt: skip
MIDDLE_AGE = 0.35
#: For one unit of weight, which runs from about -0.6 to 1.1.
HEAVY = {
    "cheek_fat": 0.7, "jaw_width": 1.1, "neck_width": 1.6, "throat": 1.2, "chin_width": 0.8,
    "hollow": -0.8, "face_width": 0.6, "jowls": 0.3, "lower_face": 0.4,
}  # fmt: skip
#: Coordinate of identity -> what it changes for one standard deviation, besides its own mode.
PERSONAL: dict[int, dict[str, float]] = {
    2: {"face_width": 0.6},
    3: {"lower_face": 0.6},
    4: {"cheek_fat": 0.7},
    5: {"eye_spacing": 0.8},
    6: {"mouth_height": 0.8},
    7: {"nose_length": 0.8},
    8: {"brow_height": 0.65},
    9: {"left_lid": 0.7},
    10: {"jaw_width": 0.7},
    11: {"nose_width": 0.8},
    12: {"eye_size": 0.7},
    13: {"lips": 0.75},
    14: {"chin_length": 0.8},
    15: {"nose_forward": 0.8},
    16: {"cheekbones": 0.9},
    17: {"mouth_width": 0.8},
    18: {"eye_tilt": 0.8},
    19: {"nose_bridge": 0.9},
    20: {"right_brow": 0.8},
    21: {"eye_depth": 0.8},
    22: {"eye_opening": 0.7},
    23: {"chin_width": 0.8},
    24: {"ear_size": 0.7},
    25: {"ears_out": 0.6},
    26: {"chin_forward": 0.7},
    27: {"brow_ridge": 0.6},
    28: {"bridge_width": 0.7},
    29: {"temples": 0.7},
}


@dataclass(frozen=True)
class Anatomy:
    """Offsets for one unit of each parameter, [.., vertex * 3]: identity [mode], common,
    feminine, aged and heavy. Vertex numbers: teeth with gums and tongue, and the skin before them.
    """

    modes: np.ndarray
    common: np.ndarray
    feminine: np.ndarray
    aged: np.ndarray
    heavy: np.ndarray
    teeth: np.ndarray
    before_teeth: np.ndarray


def make_anatomy(model: HeadModel) -> Anatomy:
    """Add up the fields of all traits, once for all faces."""
    fields = {name: make_field(model, trait) for name, trait in TRAITS.items()}

    def mix(amounts: dict[str, float]) -> np.ndarray:
        return np.sum([amount * fields[name] for name, amount in amounts.items()], axis=0)

    modes = model.identity * _make_gains(len(model.identity))[:, None]
    for index, amounts in PERSONAL.items():
        modes[index] += PERSONAL_GAIN * mix(amounts)
    rows = np.concatenate([modes, [mix(COMMON), mix(FEMININE), mix(AGED), mix(HEAVY)]]).astype(
        np.float32
    )
    rows = _calm_down(model, rows)
    rows[-4] += mix(AWAKE)
    teeth = np.unique(model.triangles[np.isin(model.materials, (GUMS, TEETH))])
    common, feminine, aged, heavy = rows[-4:]
    return Anatomy(rows[:-4], common, feminine, aged, heavy, teeth, _find_skin_before_teeth(model))


def _find_skin_before_teeth(model: HeadModel) -> np.ndarray:
    skin = np.unique(model.triangles[model.materials == SKIN])
    x, y, z = model.vertices[skin].T
    lips = (y > -4.5) & (y < -2.4)
    return skin[(np.abs(x) < 2.0) & (y > -7.0) & (y < -1.4) & (z > 10.3) & ~lips]


def _calm_down(model: HeadModel, rows: np.ndarray) -> np.ndarray:
    """Take from each offset [row, vertex * 3] what looks like an expression.

    Parted lips are closed, of what opens or shuts the eyes half is taken, of what lifts or lowers
    the corners of the mouth most, by the head model's own shapes for these.
    """
    mark = model.landmarks
    upper, lower = mark[[61, 62, 63]], mark[[67, 66, 65]]
    rows = _hold(model, rows, upper, lower, {"mouthUpperUp": 0.5, "mouthLowerDown": 0.5}, 0.0)
    upper, lower = mark[[37, 38, 43, 44]], mark[[41, 40, 47, 46]]
    rows = _hold(model, rows, upper, lower, {"eyeBlink": -0.2}, 0.5)
    corners, middle = mark[[48, 54]], mark[[62, 66]]
    return _hold(model, rows, corners, middle, {"mouthSmile": 0.2, "mouthFrown": -0.4}, 0.25)


def _hold(
    model: HeadModel,
    rows: np.ndarray,
    upper: np.ndarray,
    lower: np.ndarray,
    opening: dict[str, float],
    kept: float,
) -> np.ndarray:
    def find_gap(offsets: np.ndarray) -> np.ndarray:
        heights = offsets.reshape(len(offsets), -1, 3)[..., 1]
        return heights[:, upper].mean(1) - heights[:, lower].mean(1)

    shape = model.make_expression_offset(model.make_expression_weights(opening)).ravel()
    return rows - np.outer((1 - kept) * find_gap(rows) / find_gap(shape[None])[0], shape)


def _make_gains(count: int) -> np.ndarray:
    gains = np.full(count, FINE_GAIN, np.float32)
    gains[0] = SIZE_GAIN
    gains[LARGE_MODES] = LARGE_GAIN
    gains[[mode for mode in LOPSIDED_MODES if mode < count]] = LOPSIDED_GAIN
    return gains


def make_person(anatomy: Anatomy, face: FaceParameters) -> np.ndarray:
    """Offsets [vertex, 3] from the neutral head to the head of `face` at rest, in cm."""
    identity = np.array(face.identity, np.float32)
    large = identity[LARGE_MODES]
    identity[LARGE_MODES] = large / (1 + (np.linalg.norm(large) / LARGE_RADIUS) ** 4) ** 0.25
    offset = identity @ anatomy.modes[: len(identity)] + anatomy.common
    offset = offset + 1.25 * math.tanh(0.9 * face["femininity"]) * anatomy.feminine
    offset = offset + (face["age"] - MIDDLE_AGE) * anatomy.aged
    # Nobody is gaunt: thin goes half as far as heavy.
    weight = math.tanh(0.7 * face["weight"])
    offset = offset + (0.85 * weight + 0.35 * math.hypot(weight, 0.3)) * anatomy.heavy
    offset = offset.reshape(-1, 3).astype(np.float32)
    # Where lip or chin recede, the teeth do, lest they come through.
    poke = offset[anatomy.teeth, 2].mean() - offset[anatomy.before_teeth, 2].min() + TEETH_GAP_CM
    offset[anatomy.teeth, 2] -= 0.5 * (poke + math.hypot(poke, 0.05))
    return offset
