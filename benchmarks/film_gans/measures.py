"""Figures of a set of films: faces and movement by the scorecard, and distances to true films.

Faces are looked for by dlib, whose finder needs some 80 pixels: films smaller than `FACE_PX` are
enlarged to it first (Lanczos), true ones as well. ACD, identity and expression are over frames in
which a face was found; without the share of such frames they say nothing. Flicker is measured on
frames as they were made.

Distances are Frechet's (Heusel et al. 2017), of the perceptual network's features at the films' own
size: of single frames, and of pairs of frames `PAIR_STEP` apart, whose features are joined, so that
movement counts. They fall as films are added, so all rows have the same number; true films against
other true films say how low one can get.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.quality.likeness import embed
from synth.faces.observers import FaceObserver
from synth.judging.frechet import find_frechet_distance
from synth.judging.perceptual import PerceptualNetwork
from synth.resizing import resize_frames
from synth.scores.acd_summary import summarise_cards
from synth.scores.scorecard import score_frames
from synth.workshop.films.film_set import Films

FACE_PX = 256
PAIR_STEP = 4
FPS = 16.0
#: What is measured of films, in the order of the table.
Figures = dict[str, float | None]


@dataclass(frozen=True, eq=False)
class Features:
    """Perceptual features of true films: single [frame, feature], pairs [pair, 2 * feature]."""

    single: np.ndarray
    pairs: np.ndarray


def find_features(films: Films, network: PerceptualNetwork) -> Features:
    """Of all frames, and of all pairs; films [film, frame, n, n, 3]."""
    count, frames = films.shape[:2]
    flat = np.ascontiguousarray(films).reshape(count * frames, *films.shape[2:])
    single = embed(network, flat)
    by_film = single.reshape(count, frames, -1)
    pairs = np.concatenate([by_film[:, :-PAIR_STEP], by_film[:, PAIR_STEP:]], 2)
    return Features(single, pairs.reshape(-1, pairs.shape[2]))


def measure_distances(films: Films, truth: Features, network: PerceptualNetwork) -> Figures:
    """How far the films' features are from those of true films."""
    found = find_features(films, network)
    return {
        "frame_distance": find_frechet_distance(found.single, truth.single),
        "pair_distance": find_frechet_distance(found.pairs, truth.pairs),
    }


def measure_faces(films: Films, observer: FaceObserver) -> Figures:
    """Means over films of what the scorecard says; None where too few faces were found."""
    cards = [
        score_frames([resize_frames(film, max(FACE_PX, film.shape[1]))], FPS, observer)
        for film in films
    ]
    flicker = [score_frames([film], FPS, None).flicker_mean for film in films]
    summary = summarise_cards(cards)
    has_faces = summary.acd_consecutive is not None
    return {
        "acd_consecutive": summary.acd_consecutive,
        "acd_pairwise": summary.acd_pairwise,
        "identity_distance": summary.identity_distance_mean,
        "expression_size": summary.expression_size_max if has_faces else None,
        "share_with_face": 1 - summary.frames_without_face / summary.frame_count,
        "flicker": float(np.mean([value for value in flicker if value is not None])),
    }
