"""What the face does: emotions and small movements as weights of the head model's shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.generators.bundled_parameters import EMOTIONS, FaceParameters
from synth.workshop.portraits.shape.face_fields import Move, Trait, make_field
from synth.workshop.portraits.shape.head_model import HeadModel

#: Facial expressions after Ekman and Friesen's prototypes (FACS), in the head model's shapes.
EMOTION_RECIPES: dict[str, dict[str, float]] = {
    # AU 4+7+9+16+20+25: lowered brows over narrow eyes, teeth bared in a square mouth
    "anger": dict(
        browDown=1.5, noseSneer=0.8, eyeSquint=0.7, cheekSquint=0.15, mouthLowerDown=0.75,
        mouthUpperUp=0.4, mouthFrown=0.75, mouthStretch=0.15, mouthFunnel=0.12, jawOpen=0.06,
    ),
    # AU 6+12+25
    "happiness": dict(
        mouthSmile_L=0.85, mouthSmile_R=0.97, cheekSquint=0.50, cheekRaiser=0.45, mouthUpperUp=0.30,
        mouthLowerDown=0.30, eyeSquint=0.20, jawOpen=0.14, mouthDimple=0.20, browOuterUp=0.15,
    ),
    # AU 1+2+5+26: everything that can be round is round
    "surprise": dict(
        jawOpen=0.62, browInnerUp=0.9, browOuterUp=1.05, eyeWide=0.95, mouthFunnel=0.28,
    ),
    # AU 9+10+15+17
    "disgust": dict(
        noseSneer_L=1.0, noseSneer_R=1.25, mouthUpperUp_L=0.05, mouthUpperUp_R=0.40,
        browDown=0.75, mouthFrown=1.0, eyeSquint=0.65,
        cheekSquint=0.30, mouthShrugLower=0.45,
    ),
    # AU 1+4+5+15+20+25: brows up at their inner ends, mouth pulled wide and down
    "fear": dict(
        browInnerUp=1.2, browDown=0.55, eyeWide=0.8, mouthStretch=1.3, jawOpen=0.20,
        mouthLowerDown=0.6, mouthFrown=0.9,
    ),
    # AU 1+4+15+17, lids lowered
    "sadness": dict(
        browInnerUp=1.25, mouthFrown=1.6, mouthShrugLower=0.9, eyeBlink=0.25, browDown=0.4,
        eyeSquint=0.35, mouthPucker=0.05,
    ),
}  # fmt: skip

#: What the head model's own shapes do not do: brows drawn together and lowered (AU 4) as far as
#: in a rage, their outer ends lowered; an upper lip that a sneer lifts at its sides only; teeth
#: that stay behind lips stretched over them.
FIELDS = {
    "knit": Trait((Move((1.4, 5.9, 10.6), (1.6, 1.3, 2.2), push=(-0.26, 0, 0.05)),), eyes="leave"),
    "inner_down": Trait(
        (Move((1.6, 5.7, 10.5), (2.2, 1.3, 2.4), push=(0, -0.42, 0.06)),), eyes="leave"
    ),
    "outer_down": Trait(
        (Move((5.0, 5.8, 8.9), (1.9, 1.4, 2.4), push=(0, -0.34, 0)),), eyes="leave"
    ),
    "lip_down": Trait(shapes={"mouthShrugUpper": -0.5}),
    "teeth_back": Trait(teeth_cm=-0.3),
}
EMOTION_FIELDS: dict[str, dict[str, float]] = {
    "anger": dict(knit=1.4, inner_down=1.9, outer_down=-0.9, teeth_back=0.4),
    "happiness": dict(teeth_back=1.0),
    "disgust": dict(inner_down=0.4, knit=0.5, lip_down=0.8),
    "fear": dict(knit=1.2, inner_down=-0.7, outer_down=1.1, teeth_back=0.5),
    "sadness": dict(knit=1.4, inner_down=-1.5, outer_down=1.9),
}
#: How the head turns with an emotion: (pitch in degrees, up positive).
EMOTION_PITCH_DEG = {"anger": -3.0, "surprise": 2.0, "sadness": -4.0, "disgust": 1.5, "fear": 1.0}
MOVEMENTS: dict[str, dict[str, float]] = {
    "blink": dict(eyeBlink=0.09),
    "brow_raise": dict(browOuterUp=0.25, browInnerUp=0.15),
    "pucker": dict(mouthPucker=0.15),
}
#: Movements that go either way: shapes for negative and for positive values.
SIDED_MOVEMENTS: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "mouth_shift": (dict(mouthLeft=0.08), dict(mouthRight=0.08)),
    "smirk": (
        dict(mouthSmile_L=0.22, mouthDimple_L=0.12, cheekSquint_L=0.12),
        dict(mouthSmile_R=0.22, mouthDimple_R=0.12, cheekSquint_R=0.12),
    ),
    "brow_cock": (
        dict(browOuterUp_L=0.30, browInnerUp_L=0.10, browDown_R=0.10),
        dict(browOuterUp_R=0.30, browInnerUp_R=0.10, browDown_L=0.10),
    ),
}
#: How soon an emotion shows: at 0.5 it shows as (1 + ONSET) / (2 + ONSET) of all it has.
ONSET = 1.2
MOST_WEIGHT = 1.6


@dataclass(frozen=True)
class Muscles:
    """Weights of the shapes: emotions [emotion, shape], movements {name: [shape]}; what emotions do
    besides, extras [emotion, vertex * 3] cm.
    """

    emotions: np.ndarray
    movements: dict[str, np.ndarray]
    extras: np.ndarray


def make_muscles(model: HeadModel) -> Muscles:
    """Look the recipes up in the head model."""
    movements = {name: model.make_expression_weights(recipe) for name, recipe in MOVEMENTS.items()}
    for name, recipes in SIDED_MOVEMENTS.items():
        for sign, recipe in zip("-+", recipes, strict=True):
            movements[name + sign] = model.make_expression_weights(recipe)
    recipes = [model.make_expression_weights(EMOTION_RECIPES[name]) for name in EMOTIONS]
    fields = {name: make_field(model, trait) for name, trait in FIELDS.items()}
    extras = np.zeros((len(EMOTIONS), model.vertices.size), np.float32)
    for row, emotion in zip(extras, EMOTIONS, strict=True):
        for name, amount in EMOTION_FIELDS.get(emotion, {}).items():
            row += amount * fields[name]
    return Muscles(np.stack(recipes), movements, extras)


def find_display(face: FaceParameters) -> np.ndarray:
    """How much of each emotion shows [emotion]: 0 at rest, 1 in full, more than half at 0.5."""
    felt = np.maximum(face.emotions, 0)
    return (1 + ONSET) * felt / (1 + ONSET * felt)


def make_expression(muscles: Muscles, face: FaceParameters) -> np.ndarray:
    """Weights [shape] of the head model's expressions, at most MOST_WEIGHT."""
    weights = find_display(face) @ muscles.emotions
    for name in MOVEMENTS:
        weights = weights + face[name] * muscles.movements[name]
    for name in SIDED_MOVEMENTS:
        sign = "+" if face[name] > 0 else "-"
        weights = weights + abs(face[name]) * muscles.movements[name + sign]
    return np.clip(weights, 0, MOST_WEIGHT).astype(np.float32)


def make_extra_offset(muscles: Muscles, face: FaceParameters) -> np.ndarray:
    """Offsets [vertex, 3] cm that the emotions of `face` add to those of its shapes."""
    return (find_display(face) @ muscles.extras).reshape(-1, 3).astype(np.float32)
