"""Bring a face to calm before it moves: take out what emotion it already shows.

A random face or a photo may smile; adding happiness on top would overshoot, and calm would smile.
Directions know where calm faces lie along them (their calm level), so the face is moved within
the span of all emotion directions until no projection lies beyond calm.

Symbols: D [emotion, feature] unit directions over all rows of W+, p = D x the face's projections,
c the calm levels; the correction is -D^T (D D^T)^-1 max(p - c, 0), of which the rows that the mask
opens are applied: the same rows that decide what emotion shows.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from synth.emotions import Emotion
from synth.motion.direction_sets import DirectionSet
from synth.motion.directions import Direction
from synth.motion.masks import LayerMask
from synth.types import Rows


def find_start(face: Rows, fitted: DirectionSet, mask: LayerMask, calm_first: bool = True) -> Rows:
    """The face that a track starts from: W+ [layer, w_dim] at rest, where the set knows calm faces.

    Without `calm_first`, or calm levels in the set, the face as it is.
    """
    if not calm_first or not fitted.calm_levels:
        return face
    return calm_face(face, fitted.directions, fitted.calm_levels, mask)


def calm_face(
    face: Rows,
    directions: Mapping[Emotion, Direction],
    calm_levels: Mapping[Emotion, float],
    mask: LayerMask,
) -> Rows:
    """The same person at rest: W+ [layer, w_dim], changed only where `mask` is open.

    `calm_levels` are mean projections of calm faces on the directions, over all rows. A face
    that is further from an emotion than calm faces are keeps that distance.
    """
    chosen = [emotion for emotion in directions if emotion in calm_levels]
    vectors = torch.stack([directions[emotion].vector.double() for emotion in chosen])
    levels = torch.tensor([calm_levels[emotion] for emotion in chosen], dtype=torch.float64)
    flat = vectors.flatten(1)
    excess = (flat @ face.double().flatten() - levels).clamp_min(0)
    correction = torch.linalg.solve(flat @ flat.T, excess) @ flat
    return face - mask.apply(correction.reshape(face.shape).to(face.dtype))
