"""z -> what a face looks like: the fixed smooth function behind the bundled generator.

z [512] standard normal is normalised to unit RMS and turned by a fixed rotation; its first
coordinates, close to N(0, 1) each, become the named parameters below, by themselves (`normal`),
through the normal distribution function (`uniform`, 0 to 1) or as their positive part (`positive`).
Seven coordinates become six emotion weights. The same parameters, scaled by how much each one
changes the picture, are the target w* of the mapping network (`make_target_latents`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import ndtr

Z_DIM = 512
IDENTITY_MODES = 30
EMOTIONS = ("anger", "happiness", "surprise", "disgust", "fear", "sadness")
ROTATION_SEED = 20261120
EMBEDDING_SEED = 7

#: name: (kind, visual weight). The weight says how far w* moves for one unit, about in
#: proportion to how much of the picture changes; it decides what the network learns first.
APPEARANCE: dict[str, tuple[str, float]] = {
    # small movements of the face that no emotion explains
    "blink": ("positive", 0.3),
    "brow_raise": ("positive", 0.3),
    "pucker": ("positive", 0.3),
    "mouth_shift": ("normal", 0.3),
    # skin, brows, eyes
    "melanin": ("uniform", 2.0),
    "redness": ("normal", 0.4),
    "lip_colour": ("uniform", 0.6),
    "brow_density": ("uniform", 0.5),
    "brow_thickness": ("uniform", 0.7),
    "brow_height": ("normal", 0.3),
    "iris": ("uniform", 0.5),
    "eye_shadow": ("uniform", 0.4),
    "blush": ("uniform", 0.4),
    "gloss": ("uniform", 0.3),
    "freckles": ("positive", 0.3),
    "age": ("uniform", 1.3),
    "femininity": ("normal", 1.7),
    # hair
    "hair_colour": ("uniform", 1.8),
    "hair_length": ("uniform", 2.2),
    "hair_volume": ("uniform", 1.3),
    "fringe": ("uniform", 1.4),
    "parting": ("normal", 0.8),
    "hairline": ("normal", 0.7),
    "wave": ("normal", 1.1),
    "beard": ("positive", 1.2),
    "hair_back": ("uniform", 1.2),
    # worn
    "glasses": ("normal", 0.8),
    "glasses_shape": ("uniform", 0.3),
    "cloth_style": ("uniform", 0.6),
    # pose
    "yaw": ("normal", 3.0),
    "pitch": ("normal", 2.5),
    "roll": ("normal", 1.0),
    "gaze_x": ("normal", 0.4),
    "gaze_y": ("normal", 0.4),
    # light
    "key_azimuth": ("normal", 1.8),
    "key_elevation": ("normal", 0.7),
    "key_power": ("uniform", 0.8),
    "fill_power": ("uniform", 0.5),
    "rim_power": ("uniform", 0.5),
    "ambient": ("uniform", 0.8),
    "warmth": ("normal", 0.6),
    # surroundings
    "background": ("normal", 1.5),
    "background_red": ("normal", 0.8),
    "background_blue": ("normal", 0.8),
    "background_slope": ("normal", 0.7),
    "cloth_red": ("uniform", 0.5),
    "cloth_green": ("uniform", 0.5),
    "cloth_blue": ("uniform", 0.5),
}
APPEARANCE_NAMES = tuple(APPEARANCE)
#: How far other parameters lean with femininity, against their own chance of 1.
FEMININITY_PULLS = {
    "hair_length": 1.0,
    "beard": -1.3,
    "lip_colour": 0.6,
    "eye_shadow": 0.5,
    "brow_thickness": -0.6,
}
POSE_NAMES = ("yaw", "pitch", "roll")
IDENTITY_SLICE = slice(0, IDENTITY_MODES)
EMOTION_SLICE = slice(IDENTITY_MODES, IDENTITY_MODES + len(EMOTIONS))
APPEARANCE_START = IDENTITY_MODES + len(EMOTIONS)
NUM_PARAMETERS = APPEARANCE_START + len(APPEARANCE)
IDENTITY_WEIGHTS = np.array(
    (1.9, 1.6, 1.4, 1.3, 1.1, 1.0, 0.9, 0.8, 0.7, 0.7) + (0.8,) * (IDENTITY_MODES - 10)
)
EMOTION_WEIGHT = 4.5


@dataclass(frozen=True)
class FaceParameters:
    """One face. identity [30] in standard deviations; emotions [6] weights, 0 rest, 1 full."""

    identity: np.ndarray
    emotions: np.ndarray
    appearance: dict[str, float]

    def __getitem__(self, name: str) -> float:
        return self.appearance[name]

    @property
    def parting_cm(self) -> float:
        """Where the hair is parted: cm to the viewer's right of the middle."""
        return 2.6 * math.tanh(self.appearance["parting"])

    def with_emotion(self, emotion: str | None, intensity: float = 1.0) -> FaceParameters:
        """The same face with one emotion alone (None: calm) and no other facial movement."""
        weights = np.zeros(len(EMOTIONS), np.float32)
        if emotion is not None:
            weights[EMOTIONS.index(emotion)] = intensity
        still = self.with_appearance(blink=0.0, brow_raise=0.0, pucker=0.0, mouth_shift=0.0)
        return FaceParameters(self.identity, weights, still.appearance)

    def with_appearance(self, **values: float) -> FaceParameters:
        """The same face with other values of named parameters; KeyError for an unknown name."""
        if unknown := set(values) - set(self.appearance):
            raise KeyError(f"needs parameters of appearance; got {sorted(unknown)}")
        return FaceParameters(self.identity, self.emotions, {**self.appearance, **values})

    def to_vector(self) -> np.ndarray:
        """-> [NUM_PARAMETERS] in the order identity, emotions, appearance."""
        rest = [self.appearance[name] for name in APPEARANCE_NAMES]
        return np.concatenate([self.identity, self.emotions, rest]).astype(np.float32)

    @staticmethod
    def from_vector(vector: np.ndarray) -> FaceParameters:
        """The inverse of `to_vector`."""
        rest = dict(zip(APPEARANCE_NAMES, map(float, vector[APPEARANCE_START:]), strict=True))
        return FaceParameters(vector[IDENTITY_SLICE], vector[EMOTION_SLICE], rest)


@cache
def _make_orthonormal(seed: int, columns: int) -> np.ndarray:
    square = np.random.default_rng(seed).normal(size=(Z_DIM, Z_DIM))
    return np.linalg.qr(square)[0][:, :columns].astype(np.float32)


def map_latents_to_parameters(z: np.ndarray) -> np.ndarray:
    """z [batch, 512] -> parameter vectors [batch, NUM_PARAMETERS], smooth almost everywhere."""
    if z.ndim != 2 or z.shape[1] != Z_DIM:
        raise ValueError(f"needs z of shape [batch, {Z_DIM}]; got {z.shape}; try rng.normal")
    norm = np.sqrt(np.square(z, dtype=np.float64).mean(1, keepdims=True) + 1e-8)
    u = (z / norm) @ _make_orthonormal(ROTATION_SEED, NUM_PARAMETERS + 1)
    identity = np.clip(u[:, :IDENTITY_MODES], -2.2, 2.2)
    start = IDENTITY_MODES + len(EMOTIONS)
    logits, strength = 5.0 * u[:, IDENTITY_MODES:start], u[:, start]
    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    # About 30 % of all faces are calm, about 17 % show one emotion nearly in full.
    emotions = shares * np.clip(ndtr(strength) * 1.7 - 0.4, 0, 1)[:, None]
    kinds = [kind for kind, _ in APPEARANCE.values()]
    rest = [_shape(u, kind) for u, kind in zip(_correlate(u[:, start + 1 :]).T, kinds, strict=True)]
    return np.concatenate([identity, emotions, np.stack(rest, 1)], 1).astype(np.float32)


def _correlate(u: np.ndarray) -> np.ndarray:
    """Independent numbers [batch, appearance] -> some that lean with femininity, as in life."""
    leaning = u.copy()
    femininity = u[:, APPEARANCE_NAMES.index("femininity")]
    for name, pull in FEMININITY_PULLS.items():
        column = APPEARANCE_NAMES.index(name)
        leaning[:, column] = (u[:, column] + pull * femininity) / math.hypot(1, pull)
    return leaning


def _shape(u: np.ndarray, kind: str) -> np.ndarray:
    if kind == "uniform":
        return ndtr(u)
    if kind == "positive":
        return np.clip(u - 0.4, 0, 2)
    return np.clip(u, -2.2, 2.2)


@cache
def _find_centre() -> np.ndarray:
    """About the mean of every parameter: what w* of zero stands for."""
    of_kind = {"uniform": 0.5, "positive": 0.2, "normal": 0.0}
    rest = [of_kind[kind] for kind, _ in APPEARANCE.values()]
    return np.array([0.0] * IDENTITY_MODES + [0.08] * len(EMOTIONS) + rest)


def truncate_parameters(parameters: np.ndarray, psi: np.ndarray) -> np.ndarray:
    """Draw people, but not their emotions, towards the mean: by psi [batch], 1 leaves them.

    In W this is the truncation trick (Karras et al. 2019), row for row.
    """
    centre = _find_centre()
    truncated = centre + psi[:, None] * (parameters - centre)
    truncated[:, EMOTION_SLICE] = parameters[:, EMOTION_SLICE]
    return truncated.astype(np.float32)


def make_target_latents(parameters: np.ndarray) -> np.ndarray:
    """Parameter vectors [batch, P] -> w* [batch, 512]: centred, weighted, turned, unit RMS.

    w* is linear in the parameters, so that each of them is a straight line in W.
    """
    weights = [*IDENTITY_WEIGHTS, *[EMOTION_WEIGHT] * len(EMOTIONS)]
    for kind, weight in APPEARANCE.values():
        # Uniform values spread with a standard deviation of 0.29: bring it to that of the others.
        weights.append(weight * (3.46 if kind == "uniform" else 1.0))
    scaled = (parameters - _find_centre()) * np.array(weights)
    target = scaled @ make_embedding().T
    return (target / TARGET_RMS).astype(np.float32)


@cache
def make_embedding() -> np.ndarray:
    """Orthonormal columns [512, NUM_PARAMETERS]: where each parameter points in W.

    Pose takes only the first 256 dimensions, as the thesis found in the FFHQ network (section
    4.3), so that its pose mask means the same here.
    """
    columns = _make_orthonormal(EMBEDDING_SEED, NUM_PARAMETERS).astype(np.float64)
    pose = [APPEARANCE_START + APPEARANCE_NAMES.index(name) for name in POSE_NAMES]
    order = pose + [i for i in range(NUM_PARAMETERS) if i not in pose]
    columns[256:, pose] = 0
    columns[:, order] = np.linalg.qr(columns[:, order])[0]
    return columns.astype(np.float32)


#: RMS of the unscaled target over 65536 random faces (`tests/portraits/test_parameters.py` measures
#: it again).
TARGET_RMS = 0.405
