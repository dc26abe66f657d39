"""Colours and strengths of one face's materials, in linear RGB."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from synth.generators.bundled_parameters import EMOTIONS, FaceParameters
from synth.workshop.portraits.facial_hair.beards import find_amount
from synth.workshop.portraits.scene import Scene, Studio
from synth.workshop.portraits.skin import wrinkles
from synth.workshop.portraits.worn.body import choose_cut

Colour = tuple[float, float, float]


class Look(NamedTuple):
    """What the shader needs to know of a face; colours are linear RGB, strengths 0 to 1."""

    skin: Colour
    flush: float
    zones: float
    mottling: float
    roughness: float
    oil: float
    blush: float
    freckles: float
    age_spots: float
    moles: float
    bags: float
    wrinkles: tuple[float, ...]
    lips: Colour
    lip_strength: float
    lip_gloss: float
    lip_depth: float
    rim: Colour
    eye_shadow: float
    shadow_tint: Colour
    iris: Colour
    iris_inner: Colour
    pupil: float
    lid_height: float
    brow: Colour
    hair: Colour
    hair_gloss: float
    beard: float
    beard_tint: Colour
    cloth: Colour
    cloth_band: float


def _decode(*levels: int) -> np.ndarray:
    """sRGB levels 0 to 255 -> linear RGB (IEC 61966-2-1, upper branch)."""
    return ((np.array(levels) / 255 + 0.055) / 1.055) ** 2.4


SKIN_TONES = np.stack(
    [
        _decode(206, 161, 142), _decode(200, 153, 131), _decode(188, 139, 114),
        _decode(164, 118, 93), _decode(134, 95, 73), _decode(106, 75, 58),
        _decode(83, 59, 47),
    ]
)  # fmt: skip
HAIR_TONES = np.stack(
    [
        _decode(24, 20, 19), _decode(40, 30, 25), _decode(64, 45, 34), _decode(90, 62, 44),
        _decode(118, 78, 52), _decode(152, 116, 80), _decode(190, 158, 118),
    ]
)  # fmt: skip
GREY_HAIR = _decode(150, 146, 142)
#: From dark brown over hazel and green to blue and grey: the iris, and its ruff round the pupil.
IRIS_TONES = np.stack(
    [
        _decode(52, 31, 20), _decode(84, 52, 30), _decode(110, 84, 50), _decode(104, 112, 78),
        _decode(88, 116, 132), _decode(122, 138, 148),
    ]
)  # fmt: skip
IRIS_INNER_TONES = np.stack(
    [
        _decode(70, 40, 22), _decode(112, 68, 34), _decode(140, 98, 50), _decode(146, 118, 66),
        _decode(146, 150, 132), _decode(160, 166, 160),
    ]
)  # fmt: skip
LIP_TINTS = np.stack([_decode(186, 100, 96), _decode(166, 66, 72), _decode(140, 40, 54)])
SHADOW_TINTS = np.stack([_decode(126, 88, 78), _decode(92, 66, 70), _decode(66, 56, 66)])


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
    woman = 0.5 + 0.5 * math.tanh(1.4 * face["femininity"])
    # Darker skin comes with darker hair and eyes, smoothly; age greys the hair.
    fairness = 1 - 0.85 * min(1.0, melanin * 1.15)
    hair = _pick(HAIR_TONES, face["hair_colour"] ** 1.3 * (0.12 + 0.88 * fairness))
    grey = max(0.0, face["age"] - 0.82) / 0.18
    hair = hair * (1 - 0.7 * grey) + GREY_HAIR * 0.7 * grey
    age = face["age"]
    lips, painted = _choose_lips(face, skin, woman)
    iris = face["iris"] * (0.10 + 0.90 * fairness)
    sad = float(face.emotions[EMOTIONS.index("sadness")])
    flush = 0.55 + 0.20 * red + 0.30 * face["blush"]
    return Look(
        skin=_as_colour(skin),
        flush=0.85 * max(0.2, flush) * (1 - 0.50 * melanin),
        zones=1.0 - 0.3 * melanin,
        mottling=0.75 + 0.2 * age - 0.25 * woman,
        roughness=0.75 + 0.60 * age - 0.30 * woman,
        oil=0.12 + 0.50 * face["gloss"],
        blush=(0.15 + 0.55 * face["blush"]) * (0.35 + 0.65 * woman) * (1 - 0.4 * melanin),
        freckles=0.85 * min(1.0, face["freckles"]) * max(0.0, 1 - 1.5 * melanin),
        moles=min(1.0, 0.6 * face["freckles"] + 0.4 * _rise(0.3, 1.0, age)),
        age_spots=0.38 * _rise(0.60, 1.0, age),
        bags=0.22 + 0.34 * _rise(0.3, 1.0, age) + 0.2 * sad,
        wrinkles=_choose_wrinkles(_Muscles(studio, scene.weights), age, woman, sad),
        lips=_as_colour(lips),
        lip_strength=0.86 + 0.12 * painted,
        lip_gloss=0.42 + 0.45 * painted,
        lip_depth=scene.lip_depth,
        rim=_as_colour(skin * (0.95, 0.62, 0.60)),
        eye_shadow=0.75 * face["eye_shadow"] ** 1.5 * woman**2,
        shadow_tint=_as_colour(_pick(SHADOW_TINTS, face["eye_shadow"]) * (1 - 0.5 * melanin)),
        iris=_as_colour(_pick(IRIS_TONES, iris)),
        iris_inner=_as_colour(_pick(IRIS_INNER_TONES, iris)),
        pupil=0.40,
        lid_height=scene.lid_height,
        brow=_as_colour(hair * min(0.55, 0.16 / hair.max())),
        hair=_as_colour(hair),
        hair_gloss=0.75,
        beard=0.82 * math.tanh(find_amount(face)),
        beard_tint=_as_colour(0.35 * hair + 0.24 * skin * (0.84, 0.94, 1.0)),
        cloth=_mute(face),
        cloth_band=choose_cut(face).ribbed,
    )


def _rise(low: float, high: float, x: float) -> float:
    t = min(1.0, max(0.0, (x - low) / (high - low)))
    return t * t * (3 - 2 * t)


def _choose_lips(face: FaceParameters, skin: np.ndarray, woman: float) -> tuple[np.ndarray, float]:
    """Lips: skin with more blood and less shade, and how far make-up covers them."""
    melanin = face["melanin"]
    natural = skin * (
        0.88 - 0.02 * melanin, 0.54 + 0.16 * melanin, 0.57 + 0.23 * melanin,
    )  # fmt: skip
    painted = woman**2 * _rise(0.35, 1.0, face["lip_colour"])
    tint = _pick(LIP_TINTS, face["lip_colour"]) * (1 - 0.45 * melanin)
    return natural * (1 - painted) + tint * painted, painted


def _choose_wrinkles(muscle: _Muscles, age: float, woman: float, sad: float) -> tuple[float, ...]:
    """Strength of every group of `wrinkles`: where muscles pull, and what years have left."""
    old = _rise(0.45, 1.0, age)
    soft = 1 - 0.2 * woman
    deep = (0.40 + 0.75 * age) * soft
    raised = max(0.0, muscle.pull("browInnerUp", "browOuterUp") - 0.25) / 0.75
    smile, sneer = muscle.pull("mouthSmile"), muscle.pull("noseSneer")
    squint = muscle.pull("cheekSquint", "eyeSquint")
    strengths = {
        wrinkles.FOREHEAD: deep * raised + 0.75 * old * soft,
        wrinkles.FROWN: deep * muscle.pull("browDown") + 0.55 * old * soft,
        wrinkles.CHEEK_FOLD: 0.12 + 0.85 * old + 0.70 * deep * max(smile, sneer),
        wrinkles.EYE_FAN: deep * max(0.0, squint - 0.15) * 1.3 + 0.85 * old,
        wrinkles.NOSE: deep * sneer,
        wrinkles.EYE_BAG: 0.10 + 0.90 * old + 0.20 * sad + 0.30 * squint,
        wrinkles.MOUTH: 1.0 * old + 0.25 * sad,
        wrinkles.LIP_CREASES: 0.75 + 0.5 * age,
    }
    return tuple(float(strengths[group]) for group in range(wrinkles.NUM_GROUPS))


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
