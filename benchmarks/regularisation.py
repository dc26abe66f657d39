"""What regularisation does to emotion directions: python -m benchmarks.regularisation

The bundled generator's latents are linear in known parameters, so the true axis of each emotion is
known. For several C: the held-out AUC, the cosine to the true axis, and how much of an edit's
movement goes into anything else (pose, hair, light ...), measured along the true axes.
"""

from __future__ import annotations

import argparse

import numpy as np

from directions.fitting.fit import fit_directions
from directions.fitting.settings import FitSettings
from directions.labels.known import label_bundled_latents
from synth.generators import load_bundled_generator
from synth.portraits.parameters import EMOTION_SLICE, EMOTIONS, make_embedding

STRENGTHS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)


def compare_strengths(count: int, seed: int) -> None:
    """Print a row per C, averaged over the six emotions."""
    labelled = label_bundled_latents(load_bundled_generator(), count, seed)
    axes = make_embedding()
    print("| C | held-out AUC | cosine to the true axis | share of movement elsewhere |")
    print("|---|---|---|---|")
    for c in STRENGTHS:
        fitted = fit_directions(labelled, 1, FitSettings(c=c)).emotions
        rows = {e.label: found.direction.vector[0].numpy() for e, found in fitted.items()}
        auc = np.mean([found.held_out_auc for found in fitted.values()])
        cosines, elsewhere = [], []
        for index, name in enumerate(EMOTIONS):
            movement = np.square(axes.T @ rows[name])
            cosines.append(rows[name] @ axes[:, EMOTION_SLICE.start + index])
            elsewhere.append(1 - movement[EMOTION_SLICE].sum())
        print(f"| {c:g} | {auc:.4f} | {np.mean(cosines):.3f} | {np.mean(elsewhere):.3f} |")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    compare_strengths(a.count, a.seed)


if __name__ == "__main__":
    main()
