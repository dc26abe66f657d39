"""z -> what a face looks like: the fixed smooth function behind the bundled generator.

z [512] standard normal is normalised to unit RMS and turned by a fixed rotation; its first
coordinates, close to N(0, 1) each, become identity, six emotion weights (from seven coordinates)
and the named parameters of `appearance`. The same parameters, scaled by how much of the picture
each one changes, are the target w* of the mapping network.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import ndtr

from synth.generators.bundled_appearance import APPEARANCE, LEANINGS

Z_DIM = 512
IDENTITY_MODES = 30
EMOTIONS = ("anger", "happiness", "surprise", "disgust", "fear", "sadness")
ROTATION_SEED = 20261121
EMBEDDING_SEED = 8

APPEARANCE_NAMES = tuple(APPEARANCE)
POSE_NAMES = ("yaw", "pitch", "roll")
SHARE_NAMES = tuple(name for name, (kind, *_) in APPEARANCE.items() if kind == "share")
#: Movements of the face that `with_emotion` takes back.
MOVEMENT_NAMES = ("blink", "brow_raise", "pucker", "mouth_shift", "smirk", "brow_cock")
IDENTITY_SLICE = slice(0, IDENTITY_MODES)
EMOTION_SLICE = slice(IDENTITY_MODES, IDENTITY_MODES + len(EMOTIONS))
APPEARANCE_START = IDENTITY_MODES + len(EMOTIONS)
NUM_PARAMETERS = APPEARANCE_START + len(APPEARANCE)
IDENTITY_WEIGHTS = np.array(
    (1.0, 1.0, 1.0, 0.8, 0.7, 1.1, 0.7, 0.55, 0.65, 0.5, 0.5, 0.6, 0.9)
    + (0.5,) * (IDENTITY_MODES - 13)
)
EMOTION_WEIGHT = 5.0
#: Identity reaches this many standard deviations at most, and is about uniform up to there: people
#: well apart, and none of them a caricature in one trait.
IDENTITY_REACH = 2.4
POSITIVE_THRESHOLD, RARE_THRESHOLD = 0.4, 0.8


@dataclass(frozen=True)
class FaceParameters:
    """One face. identity [30] in standard deviations; emotions [6] weights, 0 rest, 1 full."""

    identity: np.ndarray
    emotions: np.ndarray
    appearance: dict[str, float]

    def __getitem__(self, name: str) -> float:
        return self.appearance[name]

    def with_emotion(self, emotion: str | None, intensity: float = 1.0) -> FaceParameters:
        """The same face with one emotion alone (None: calm) and no other facial movement."""
        weights = np.zeros(len(EMOTIONS), np.float32)
        if emotion is not None:
            weights[EMOTIONS.index(emotion)] = intensity
        still = self.with_appearance(**dict.fromkeys(MOVEMENT_NAMES, 0.0))
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


def make_rotation() -> np.ndarray:
    """Orthonormal columns [512, coordinate]: the coordinates of z that parameters are made of."""
    # One more than there are parameters: seven make six emotions.
    return _make_orthonormal(ROTATION_SEED, NUM_PARAMETERS + 1)


def map_latents_to_parameters(z: np.ndarray) -> np.ndarray:
    """z [batch, 512] -> parameter vectors [batch, NUM_PARAMETERS], smooth almost everywhere."""
    if z.ndim != 2 or z.shape[1] != Z_DIM:
        raise ValueError(f"needs z of shape [batch, {Z_DIM}]; got {z.shape}; try rng.normal")
    norm = np.sqrt(np.square(z, dtype=np.float64).mean(1, keepdims=True) + 1e-8)
    u = (z / norm) @ make_rotation()
    identity = IDENTITY_REACH * np.tanh(u[:, :IDENTITY_MODES])
    start = IDENTITY_MODES + len(EMOTIONS)
    logits, strength = 5.0 * u[:, IDENTITY_MODES:start], u[:, start]
    # About 30 % of all faces are calm, about 17 % show one emotion nearly in full.
    emotions = _share_out(logits) * np.clip(ndtr(strength) * 1.7 - 0.4, 0, 1)[:, None]
    rest = _shape(_correlate(u[:, start + 1 :]))
    return np.concatenate([identity, emotions, rest], 1).astype(np.float32)


def _share_out(logits: np.ndarray) -> np.ndarray:
    """Softmax of [batch, choice]."""
    shares = np.exp(logits - logits.max(1, keepdims=True))
    return shares / shares.sum(1, keepdims=True)


def _correlate(u: np.ndarray) -> np.ndarray:
    """Independent numbers [batch, appearance] -> some that lean on others, each still N(0, 1)."""
    leaning, squares = u.copy(), np.ones(u.shape[1])
    for name, source, pull in LEANINGS:
        column = APPEARANCE_NAMES.index(name)
        leaning[:, column] += pull * u[:, APPEARANCE_NAMES.index(source)]
        squares[column] += pull**2
    return leaning / np.sqrt(squares)


def _shape(u: np.ndarray) -> np.ndarray:
    """Numbers close to N(0, 1) [batch, appearance] -> parameters by their kinds and spreads."""
    u = u * [spread for _, _, spread in APPEARANCE.values()]
    shaped = np.clip(u, -2.2, 2.2)
    for column, (kind, *_) in enumerate(APPEARANCE.values()):
        if kind == "uniform":
            shaped[:, column] = ndtr(u[:, column])
        elif kind == "positive":
            shaped[:, column] = np.clip(u[:, column] - POSITIVE_THRESHOLD, 0, 2)
        elif kind == "rare":
            shaped[:, column] = np.clip(1.4 * (u[:, column] - RARE_THRESHOLD), 0, 1.6)
    shares = [APPEARANCE_NAMES.index(name) for name in SHARE_NAMES]
    # A fourth set-up takes what the others leave.
    logits = np.concatenate([2.0 * u[:, shares], np.zeros((len(u), 1))], 1)
    shaped[:, shares] = _share_out(logits)[:, :-1]
    return shaped


#: What brings the spread of a kind to about that of N(0, 1), to its own.
_GAINS = {"uniform": 3.46, "positive": 1.0, "rare": 2.0, "normal": 1.0, "share": 3.0}


def _find_mean(kind: str, spread: float) -> float:
    """Of what lies beyond a threshold of N(0, spread)."""
    gain, edge = (1.4, RARE_THRESHOLD) if kind == "rare" else (1.0, POSITIVE_THRESHOLD)
    edge /= spread
    density = np.exp(-(edge**2) / 2) / np.sqrt(2 * np.pi)
    return float(gain * spread * (density - edge * ndtr(-edge)))


@cache
def find_centre() -> np.ndarray:
    """About the mean of every parameter: what w* of zero stands for."""
    known = {"uniform": 0.5, "normal": 0.0, "share": 0.27}
    rest = [
        known[kind] if kind in known else _find_mean(kind, spread)
        for kind, _, spread in APPEARANCE.values()
    ]
    return np.array([0.0] * IDENTITY_MODES + [0.08] * len(EMOTIONS) + rest)


def truncate_parameters(parameters: np.ndarray, psi: np.ndarray) -> np.ndarray:
    """Draw people, but not their emotions, towards the mean: by psi [batch], 1 leaves them.

    In W this is the truncation trick (Karras et al. 2019), row for row.
    """
    centre = find_centre()
    truncated = centre + psi[:, None] * (parameters - centre)
    truncated[:, EMOTION_SLICE] = parameters[:, EMOTION_SLICE]
    return truncated.astype(np.float32)


def make_target_latents(parameters: np.ndarray) -> np.ndarray:
    """Parameter vectors [batch, P] -> w* [batch, 512]: centred, weighted, turned, unit RMS.

    w* is linear in the parameters, so that each of them is a straight line in W.
    """
    weights = [*IDENTITY_WEIGHTS, *[EMOTION_WEIGHT] * len(EMOTIONS)]
    weights += [weight * _GAINS[kind] for kind, weight, _ in APPEARANCE.values()]
    scaled = (parameters - find_centre()) * np.array(weights)
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


#: RMS of the unscaled target over 65536 random faces (`test_parameters.py` measures it again).
TARGET_RMS = 0.409
