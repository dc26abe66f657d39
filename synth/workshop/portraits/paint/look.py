"""Colours and strengths of one face's materials, in linear RGB."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from synth.generators.bundled_parameters import EMOTIONS, FaceParameters
from synth.workshop.portraits.colour import Colour, as_colour, decode, mix_oklab, pick
from synth.workshop.portraits.forms.form import rise
from synth.workshop.portraits.paint import face_map
from synth.workshop.portraits.worn.body import choose_cut

#: A band that stands up is a wide one: it takes this share of the cloth's own colour.
RIBBED_TONE = 0.6
#: The band of a hat is of its own wool, darker by this factor.
BAND_TONE = 0.72


class Look(NamedTuple):
    """What the painter needs to know of a face; colours are linear RGB, strengths 0 to 1."""

    skin: Colour
    flush: Colour
    blush: float
    freckles: float
    folds: tuple[float, ...]
    gloss: float
    lips: Colour
    lip_gloss: float
    lip_depth: float
    shadow: Colour
    shadow_strength: float
    stubble: Colour
    stubble_strength: float
    iris: Colour
    iris_dark: Colour
    iris_size: float
    pupil: float
    lid_height: float
    glint: tuple[float, float, float]
    brow: Colour
    lash: Colour
    hair: Colour
    hair_deep: Colour
    hair_gloss: float
    beard: Colour
    beard_deep: Colour
    cloth: Colour
    trim: Colour
    hat: Colour
    hat_band: Colour
    glasses: Colour
    metal: Colour


SKIN_TONES = np.stack(
    [
        decode(245, 199, 174), decode(238, 184, 152), decode(226, 166, 128),
        decode(204, 142, 104), decode(168, 110, 78), decode(128, 80, 57),
        decode(94, 58, 44),
    ]
)  # fmt: skip
HAIR_TONES = np.stack(
    [
        decode(30, 25, 27), decode(44, 32, 29), decode(72, 46, 34), decode(106, 68, 44),
        decode(142, 92, 56), decode(186, 136, 82), decode(226, 188, 128),
    ]
)  # fmt: skip
GREY_HAIR, RED_HAIR = decode(190, 188, 188), decode(170, 70, 34)
IRIS_TONES = np.stack(
    [
        decode(58, 32, 20), decode(92, 52, 26), decode(122, 92, 44), decode(92, 128, 82),
        decode(70, 130, 160), decode(126, 158, 178),
    ]
)  # fmt: skip


def choose_hair(face: FaceParameters) -> tuple[np.ndarray, np.ndarray]:
    """Hair's own colour by complexion, red or grey with age; and the same dyed."""
    fairness = 1 - 0.80 * rise(0.25, 0.85, face["melanin"])
    hair = pick(HAIR_TONES, face["hair_colour"] * (0.10 + 0.90 * fairness))
    red = 0.85 * rise(0.5, 1.6, face["hair_red"]) * fairness
    hair = hair * (1 - red) + RED_HAIR * (0.5 + 0.5 * face["hair_colour"]) * red
    grey = rise(0.72, 1.0, face["age"])
    hair = hair * (1 - 0.9 * grey) + GREY_HAIR * 0.9 * grey
    dyed = rise(0.5, 1.1, face["dye"]) * (1 - grey)
    hue = 1.5 * face["dye_hue"] - 0.3
    dye = mix_oklab(0.58, 0.14 * math.cos(hue), 0.14 * math.sin(hue))
    return hair, hair * (1 - dyed) + dye * dyed


def choose_cloth(face: FaceParameters, wall: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cloth and its accent: either near the wall's opposite or a neutral, never its own colour."""
    a = face["cloth_a"] - 0.55 * face["background_a"]
    b = face["cloth_b"] - 0.55 * face["background_b"]
    chroma = 0.115 / math.sqrt(1 + 0.6 * (a * a + b * b))
    light = 0.34 + 0.50 * face["cloth_light"]
    cloth = mix_oklab(light, chroma * a, chroma * b)
    turn = 1.2 * face["accent"]
    c, s = math.cos(turn), math.sin(turn)
    accent = mix_oklab(
        0.90 - 0.55 * face["cloth_light"], chroma * (c * a - s * b), chroma * (s * a + c * b) + 0.02
    )
    return cloth, accent


class Build(NamedTuple):
    """What a posed head tells its colours: how far the expression pulls named shapes, 0 to 1;
    height of the upper lids as a sine on the eyeball; depth of the lips in cm; where the catch
    light is, a unit direction [3] in head coordinates."""

    pull: dict[str, float]
    lid_height: float
    lip_depth: float
    glint: np.ndarray


def make_look(face: FaceParameters, build: Build, wall: np.ndarray) -> Look:
    """Choose colours and strengths; wall [3] is the background's colour, linear RGB."""
    melanin = face["melanin"]
    tint = np.exp(0.05 * face["undertone"] * np.array([0.6, -0.2, -1.2]))
    skin = pick(SKIN_TONES, melanin) * tint
    woman = 0.5 + 0.5 * math.tanh(1.4 * face["femininity"])
    natural_hair, hair = choose_hair(face)
    dark = natural_hair * min(1.0, 0.30 / (natural_hair.max() + 1e-3))
    iris = pick(IRIS_TONES, face["iris"] * (0.12 + 0.88 * (1 - 0.85 * rise(0.2, 0.8, melanin))))
    lips, painted = choose_lips(face, skin, woman)
    cloth, accent = choose_cloth(face, wall)
    trim = accent + RIBBED_TONE * choose_cut(face).ribbed * (cloth - accent)
    hat = 0.75 * accent + 0.25 * cloth
    shadow_hue, frame = 1.3 * face["lip_hue"] + 0.8, 1.3 * face["glasses_colour"]
    shadow = _mix_hue(0.42, 0.07, shadow_hue)
    glasses = _mix_hue(0.34 + 0.06 * face["glasses_colour"], 0.07, frame)
    return Look(
        skin=as_colour(skin),
        flush=as_colour(skin * (1.0, 0.62, 0.58) * (1.02 - 0.1 * melanin)),
        blush=(0.18 + 0.65 * face["blush"]) * (0.55 + 0.45 * woman),
        freckles=0.75 * rise(0.1, 0.8, face["freckles"]) * (1 - 0.9 * rise(0.3, 0.7, melanin)),
        folds=choose_folds(face, build.pull, woman),
        gloss=0.16 + 0.34 * face["gloss"],
        lips=as_colour(lips),
        lip_gloss=0.25 + 0.45 * painted,
        lip_depth=build.lip_depth,
        shadow=as_colour(shadow * (1 - 0.4 * melanin)),
        shadow_strength=0.70 * woman * rise(0.35, 1.0, face["eye_shadow"]),
        stubble=as_colour(0.45 * skin + 0.35 * dark),
        stubble_strength=0.3 * (1 - woman) * rise(0.02, 0.5, face["beard"]),
        iris=as_colour(iris * 1.25),
        iris_dark=as_colour(iris * 0.30),
        iris_size=0.455 * (1 + 0.05 * face["iris_size"] + 0.03 * woman),
        pupil=0.46,
        lid_height=build.lid_height,
        glint=as_colour(build.glint),
        brow=as_colour(dark * (0.27 + 0.45 * face["brow_colour"])),
        lash=as_colour(0.25 * dark * 0.4 + 0.006),
        hair=as_colour(hair),
        hair_deep=as_colour(hair * np.array([0.42, 0.36, 0.36])),
        hair_gloss=0.55,
        beard=as_colour(natural_hair * (0.80, 0.76, 0.74)),
        beard_deep=as_colour(natural_hair * (0.42, 0.36, 0.36)),
        cloth=as_colour(cloth),
        trim=as_colour(trim),
        hat=as_colour(hat),
        hat_band=as_colour(BAND_TONE * hat),
        glasses=as_colour(glasses * 0.6),
        metal=as_colour(decode(226, 178, 92)),
    )


def choose_lips(face: FaceParameters, skin: np.ndarray, woman: float) -> tuple[np.ndarray, float]:
    """Lips: skin with more blood in it, and how far make-up covers them."""
    melanin = face["melanin"]
    painted = woman * rise(0.45, 0.95, face["lip_colour"])
    natural = skin * np.array([0.86, 0.50 + 0.14 * melanin, 0.52 + 0.20 * melanin])
    hue = 0.35 + 0.35 * face["lip_hue"]
    paint = mix_oklab(0.52 - 0.12 * melanin, 0.14 * math.cos(hue), 0.11 * math.sin(hue))
    return natural * (1 - 0.65 * painted) + paint * 0.65 * painted, painted


def _mix_hue(light: float, chroma: float, hue: float) -> np.ndarray:
    return mix_oklab(light, chroma * math.cos(hue), chroma * math.sin(hue))


def choose_folds(face: FaceParameters, pull: dict[str, float], woman: float) -> tuple[float, ...]:
    """Strength of every fold: where muscles pull, and what years have left."""
    old = rise(0.50, 1.0, face["age"])
    soft = 1 - 0.25 * woman
    deep = (0.45 + 0.55 * face["age"]) * soft
    raised = max(0.0, max(pull["browInnerUp"], pull["browOuterUp"]) - 0.3) / 0.7
    smile, sneer = pull["mouthSmile"], pull["noseSneer"]
    squint = max(pull["cheekSquint"], pull["eyeSquint"])
    sad = float(face.emotions[EMOTIONS.index("sadness")])
    strengths = {
        face_map.FOREHEAD: 0.8 * deep * raised + 0.6 * old * soft,
        face_map.FROWN: 1.1 * deep * min(1.0, pull["browDown"]) + 0.35 * old * soft,
        face_map.CHEEK_FOLD: 0.05 + 0.65 * old + 0.75 * deep * max(smile, sneer),
        face_map.EYE_FAN: 0.8 * deep * max(0.0, squint - 0.25) + 0.65 * old,
        face_map.NOSE: 1.2 * deep * sneer,
        face_map.EYE_BAG: 0.04 + 0.60 * old + 0.25 * sad + 0.2 * squint,
        face_map.MOUTH: 0.65 * old + 0.35 * sad,
        face_map.CHIN: 0.12 + 0.55 * min(1.0, pull["mouthShrugLower"]),
    }
    return tuple(float(min(1.0, strengths[group])) for group in sorted(strengths))
