"""Colours and strengths of one face's materials, in linear RGB."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synth.portraits.parameters import EMOTIONS, FaceParameters
from synth.portraits.scene import Scene, Studio

Colour = tuple[float, float, float]


class Look(NamedTuple):
    """What the shader needs to know of a face; colours are linear RGB, strengths 0 to 1."""

    skin: Colour
    lips: Colour
    lip_strength: float
    brow: Colour
    brow_density: float
    brow_thickness: float
    brow_height: float
    iris: Colour
    pupil: float
    hair: Colour
    hair_gloss: float
    parting: float
    beard: float
    blush: float
    eye_shadow: float
    bags: float
    freckles: float
    gloss: float
    cloth: Colour
    forehead_lines: float
    frown_lines: float
    cheek_folds: float
    eye_lines: float
    nose_lines: float
    lip_depth: float


def _decode(*levels: int) -> np.ndarray:
    """sRGB levels 0 to 255 -> linear RGB (IEC 61966-2-1, upper branch)."""
    return ((np.array(levels) / 255 + 0.055) / 1.055) ** 2.4


SKIN_TONES = np.stack(
    [
        _decode(226, 184, 162), _decode(218, 172, 146), _decode(204, 154, 126),
        _decode(182, 132, 104), _decode(148, 104, 80), _decode(114, 79, 61),
        _decode(86, 61, 49),
    ]
)  # fmt: skip
HAIR_TONES = np.stack(
    [
        _decode(26, 22, 21), _decode(44, 34, 29), _decode(70, 52, 41), _decode(98, 72, 54),
        _decode(122, 84, 60), _decode(146, 116, 86), _decode(178, 152, 118),
    ]
)  # fmt: skip
GREY_HAIR = _decode(150, 146, 142)
IRIS_TONES = np.stack(
    [
        _decode(78, 46, 26), _decode(100, 66, 36), _decode(116, 100, 60),
        _decode(90, 108, 86), _decode(92, 114, 130), _decode(116, 136, 152),
    ]
)  # fmt: skip
LIP_TINTS = np.stack([_decode(176, 92, 88), _decode(162, 60, 66), _decode(140, 38, 54)])


def _pick(tones: np.ndarray, position: float) -> np.ndarray:
    place = float(np.clip(position, 0, 1)) * (len(tones) - 1)
    low = min(int(place), len(tones) - 2)
    return tones[low] * (low + 1 - place) + tones[low + 1] * (place - low)


def _as_colour(values: np.ndarray) -> Colour:
    return float(values[0]), float(values[1]), float(values[2])


def make_look(studio: Studio, scene: Scene, face: FaceParameters) -> Look:
    """Choose colours; wrinkles appear where the muscles of the expression pull."""
    melanin, red = face["melanin"], face["redness"]
    skin = _pick(SKIN_TONES, melanin) * (1 + 0.02 * red, 1 - 0.03 * red, 1 - 0.03 * red)
    long_hair = min(1.0, max(0.0, 2 * face["hair_length"] - 0.6))
    painted = face["lip_colour"] ** 2 * (0.25 + 0.75 * long_hair)
    natural = skin * (0.86, 0.62 + 0.10 * melanin, 0.64 + 0.12 * melanin)
    tint = _pick(LIP_TINTS, face["lip_colour"]) * (1 - 0.45 * melanin)
    lips = natural * (1 - painted) + tint * painted
    # Darker skin comes with darker hair and eyes, smoothly; age greys the hair.
    fairness = 1 - 0.85 * min(1.0, melanin * 1.15)
    hair = _pick(HAIR_TONES, face["hair_colour"] * (0.25 + 0.75 * fairness))
    grey = max(0.0, face["age"] - 0.82) / 0.18
    hair = hair * (1 - 0.7 * grey) + GREY_HAIR * 0.7 * grey
    muscle = _Muscles(studio, scene.weights)
    age = 0.12 + 0.45 * face["age"]
    sad = float(face.emotions[EMOTIONS.index("sadness")])
    return Look(
        skin=_as_colour(skin),
        lips=_as_colour(lips),
        lip_strength=0.55 + 0.35 * painted,
        brow=_as_colour(np.minimum(hair * 0.5, 0.10)),
        brow_density=0.70 + 0.25 * face["brow_density"],
        brow_thickness=0.40 + (0.26 - 0.12 * long_hair) * face["brow_thickness"],
        brow_height=0.08 * face["brow_height"],
        iris=_as_colour(_pick(IRIS_TONES, face["iris"] * (0.15 + 0.85 * fairness))),
        pupil=0.155,
        hair=_as_colour(hair),
        hair_gloss=0.75,
        parting=face.parting_cm,
        beard=min(1.0, 0.75 * face["beard"]) * (1 - long_hair),
        blush=0.35 + 0.5 * face["blush"],
        eye_shadow=0.30 + 0.4 * face["eye_shadow"] * (0.4 + 0.6 * long_hair),
        bags=0.15 + 0.35 * face["age"] + 0.2 * sad,
        freckles=0.45 * face["freckles"] * max(0.0, 1 - 1.6 * melanin),
        gloss=0.09 + 0.12 * face["gloss"],
        cloth=_mute(face),
        forehead_lines=(0.15 + age) * muscle.pull("browInnerUp", "browOuterUp"),
        frown_lines=(0.35 + age) * muscle.pull("browDown"),
        cheek_folds=0.35 * age + (0.25 + age) * muscle.pull("mouthSmile", "noseSneer"),
        eye_lines=(0.05 + age) * muscle.pull("cheekSquint", "eyeSquint"),
        nose_lines=(0.35 + age) * muscle.pull("noseSneer"),
        lip_depth=scene.lip_depth,
    )


def _mute(face: FaceParameters) -> Colour:
    """Clothes in muted colours: halfway to their own grey."""
    dye = np.array(
        [0.03 + 0.34 * face[f"cloth_{name}"] ** 1.6 for name in ("red", "green", "blue")]
    )
    return _as_colour(0.5 * dye + 0.5 * dye.mean())


class _Muscles:
    """How far the expression pulls named shapes, at most 1."""

    def __init__(self, studio: Studio, weights: np.ndarray) -> None:
        self._names = studio.model.expression_names
        self._weights = weights

    def pull(self, *shapes: str) -> float:
        found = [
            weight
            for name, weight in zip(self._names, self._weights, strict=True)
            if name.split("_")[0] in shapes
        ]
        return float(min(1.0, max(found)))
