"""What the face does: emotions and small movements as weights of the head model's shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.portraits.head_model import HeadModel
from synth.portraits.parameters import EMOTIONS, FaceParameters

#: Facial expressions after Ekman and Friesen's prototypes (FACS), in the head model's shapes.
EMOTION_RECIPES: dict[str, dict[str, float]] = {
    "anger": dict(
        browDown=1.25, noseSneer=0.55, mouthPress=0.85, eyeSquint=0.35, eyeWide=0.30,
        mouthFrown=0.40, mouthShrugUpper=0.25, jawForward=0.45, cheekSquint=0.2,
    ),
    "happiness": dict(
        mouthSmile=0.95, cheekSquint=0.60, cheekRaiser=0.55, mouthUpperUp=0.40,
        mouthLowerDown=0.30, eyeSquint=0.25, jawOpen=0.14, mouthDimple=0.25, browOuterUp=0.1,
    ),
    "surprise": dict(jawOpen=0.62, browInnerUp=0.95, browOuterUp=1.0, eyeWide=0.95),
    "disgust": dict(
        noseSneer=1.15, mouthUpperUp=0.75, browDown=0.60, mouthFrown=0.50, eyeSquint=0.60,
        cheekSquint=0.55, mouthShrugLower=0.30,
    ),
    "fear": dict(
        browInnerUp=1.1, browOuterUp=0.30, browDown=0.30, eyeWide=0.95, mouthStretch=1.0,
        jawOpen=0.24, mouthLowerDown=0.55,
    ),
    "sadness": dict(
        browInnerUp=1.1, mouthFrown=1.15, mouthShrugLower=0.65, eyeBlink=0.26, browDown=0.15,
        eyeSquint=0.20, mouthPucker=0.10,
    ),
}  # fmt: skip
#: How the head turns with an emotion: (pitch in degrees, up positive).
EMOTION_PITCH_DEG = {"anger": -3.0, "surprise": 2.0, "sadness": -4.0, "disgust": 1.5}
MOVEMENTS: dict[str, dict[str, float]] = {
    "blink": dict(eyeBlink=0.20),
    "brow_raise": dict(browOuterUp=0.20, browInnerUp=0.10),
    "pucker": dict(mouthPucker=0.20),
}
SHIFT_RECIPES = (dict(mouthLeft=0.12), dict(mouthRight=0.12))


@dataclass(frozen=True)
class Muscles:
    """Weights of the shapes: emotions [emotion, shape], movements {name: [shape]}."""

    emotions: np.ndarray
    movements: dict[str, np.ndarray]


def make_muscles(model: HeadModel) -> Muscles:
    """Look the recipes up in the head model."""
    movements = {name: model.make_expression_weights(recipe) for name, recipe in MOVEMENTS.items()}
    for side, recipe in zip(("left", "right"), SHIFT_RECIPES, strict=True):
        movements[side] = model.make_expression_weights(recipe)
    recipes = [model.make_expression_weights(EMOTION_RECIPES[name]) for name in EMOTIONS]
    return Muscles(np.stack(recipes), movements)


def make_expression(muscles: Muscles, face: FaceParameters) -> np.ndarray:
    """Weights [shape] of the head model's expressions, at most 1.3."""
    weights = face.emotions @ muscles.emotions
    for name, movement in muscles.movements.items():
        if name not in ("left", "right"):
            weights = weights + face[name] * movement
    side = "left" if face["mouth_shift"] > 0 else "right"
    weights = weights + abs(face["mouth_shift"]) * muscles.movements[side]
    return np.clip(weights, 0, 1.3).astype(np.float32)
