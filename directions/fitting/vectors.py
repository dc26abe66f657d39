"""Examples -> unit directions over all rows of W+, and where calm and full emotions lie on them.

Symbols: v a direction, unit over all rows of W+; x . v the projection of a face, where one row of W
stands for all rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from directions.fitting.boundaries import fit_boundaries, fit_slope
from directions.fitting.orthogonal import Rows, clean_directions, clean_rows
from directions.fitting.samples import FULL_INTENSITY, LabelledLatents, choose_examples
from directions.fitting.settings import FitSettings
from directions.fitting.strengths import view_blocks
from synth.emotions import Emotion


@dataclass(frozen=True)
class Levels:
    """Mean projections of calm faces and of full emotions on a direction."""

    calm: float
    full: float


def fit_vectors(
    examples: LabelledLatents, num_layers: int, c: float, settings: FitSettings
) -> dict[Emotion, Rows]:
    """A unit direction [layer, w_dim] for each emotion, cleaned of attributes and set apart."""
    blocks = view_blocks(examples, num_layers, settings)
    boundaries = [fit_boundaries(block, examples.emotions, c, settings) for block in blocks]
    vectors = {
        e: _place([b[e].normal for b in boundaries], num_layers, settings) for e in boundaries[0]
    }
    nuisances = [
        _place(
            [fit_slope(b, examples.attributes[name], c, settings.standardise) for b in blocks],
            num_layers,
            settings,
        )
        for name in settings.orthogonal_to
    ]  # fmt: skip
    clean = clean_rows if settings.space == "rows" else clean_directions
    return clean(vectors, nuisances, settings.apart)


def project(
    latents: Float[np.ndarray, "sample *row w_dim"], vector: Rows
) -> Float[np.ndarray, " sample"]:
    """x . v over all rows; latents in W stand for all rows."""
    if latents.ndim == 2:
        return latents @ vector.sum(0)
    return np.einsum("slw,lw->s", latents, vector, optimize=True)


def measure_levels(examples: LabelledLatents, emotion: Emotion, vector: Rows) -> Levels:
    """Where calm faces and full examples of the emotion lie; clear ones where none is full."""
    is_calm, is_clear = choose_examples(examples, emotion)
    projection = project(examples.latents, vector)
    is_full = is_clear & (examples.intensities >= FULL_INTENSITY)
    full = projection[is_full if is_full.any() else is_clear]
    return Levels(float(projection[is_calm].mean()), float(full.mean()))


def _place(normals: list[np.ndarray], num_layers: int, settings: FitSettings) -> Rows:
    """Normals of blocks -> one unit direction [layer, w_dim], zeros in rows that are not fitted."""
    if settings.space == "w":
        rows = np.repeat(normals[0][None], num_layers, 0)
    else:
        chosen = settings.list_rows(num_layers)
        fitted = (
            normals[0].reshape(len(chosen), -1)
            if settings.space == "flat"
            else np.stack([normal / np.linalg.norm(normal) for normal in normals])
        )
        rows = np.zeros((num_layers, fitted.shape[1]))
        rows[chosen.start : chosen.stop] = fitted
    return rows / np.linalg.norm(rows)
