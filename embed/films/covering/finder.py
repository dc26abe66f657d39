"""Frames of a clip in which something is before the face.

In: the face's textures, frame by frame. Out: the share of the face that is covered. What is usual
for this person is the median of frames from all over the clip: what is before the face in most of
them, such as glasses or a microphone, is not found.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from scipy.ndimage import distance_transform_edt

from embed.films.covering.network import CoverNetwork, prepare_pairs
from synth.judging.storage import load_network

KIND = "moodreel-covers"
BUNDLED_COVERS = Path(__file__).with_name("weights") / "moodreel-covers.safetensors"
#: So many frames say what is usual, and so many are looked at together.
USUAL_FRAMES, BATCH = 65, 32
#: A face of which a larger share is covered is behind something, which has gone when less than half
#: of that is left (hysteresis, as Canny's of edges).
MOST_COVERED, STILL_COVERED = 0.04, 0.02
#: What is before a face for a shorter time is an error of its points.
LEAST_S = 0.1
#: Before and after that it stays too for so many seconds, and comes back within as many more.
STAYS_S, FADES_S = 0.12, 0.4


def find_covered(
    textures: UInt8[np.ndarray, "frame 48 48 3"], seen: Bool[np.ndarray, " frame"]
) -> Float[np.ndarray, " frame"]:
    """The expected share of the face that is covered; NaN in frames that do not show it.

    Textures may be memory-mapped. Raises FileNotFoundError or ValueError naming the network's file.
    """
    numbers, covered = np.flatnonzero(seen), np.full(len(seen), np.nan, np.float32)
    if not len(numbers):
        return covered
    network = load_covers()
    inside = network.layout.inside
    spread = np.linspace(0, len(numbers) - 1, min(len(numbers), USUAL_FRAMES)).round().astype(int)
    usual = np.median(textures[numbers[spread]], 0).astype(np.float32) / 255
    for start in range(0, len(numbers), BATCH):
        some = numbers[start : start + BATCH]
        shown = textures[some].astype(np.float32) / 255
        pairs = prepare_pairs(shown, np.broadcast_to(usual, shown.shape), inside)
        with torch.inference_mode():
            covered[some] = network(pairs).sigmoid().numpy()[:, inside].mean(1)
    return covered


def list_covered(covered: Float[np.ndarray, " frame"], fps: float) -> Bool[np.ndarray, " frame"]:
    """Frames with something before the face, by the shares that `find_covered` tells."""
    found = np.zeros(len(covered), bool)
    for is_left, frames in groupby(range(len(covered)), key=lambda k: covered[k] > STILL_COVERED):
        numbers = list(frames)
        is_told = is_left and (covered[numbers] > MOST_COVERED).any()
        found[numbers] = is_told and len(numbers) >= LEAST_S * fps
    return found


def find_strengths(covered: Float[np.ndarray, " frame"], fps: float) -> np.ndarray:
    """How much of a motion the face shows in each frame, 0 to 1: none where it is covered."""
    free = ~list_covered(covered, fps)
    if free.all():
        return np.ones(len(free))
    away_s = (np.asarray(distance_transform_edt(free)) - 1) / fps
    t = np.clip((away_s - STAYS_S) / FADES_S, 0, 1) * free
    return t * t * (3 - 2 * t)


@cache
def load_covers(path: str | None = None) -> CoverNetwork:
    """The network in a file, the bundled one if None."""
    network, _ = load_network(path or BUNDLED_COVERS, KIND, CoverNetwork)
    return network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
