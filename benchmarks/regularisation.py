"""What regularisation does to emotion directions: python -m benchmarks.regularisation [--edits 8]

The bundled generator's latents are linear in known parameters, so the true axis of each emotion is
known. For several C: the held-out AUC, the cosine to the true axis, and how much of an edit's
movement goes into other emotions and into anything else (pose, hair, light ...), measured along the
true axes. --together leaves in what emotions have in common. With --edits, so many calm faces are
edited at intensity 1, and the perceptual network reads how much of the emotion shows and how far
everything else has moved. These faces are not the reported ones.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch

from benchmarks.quality.pictures import draw_faces, run_on
from directions.calibration.faces import map_calm_faces
from directions.fitting.fit import FittedSet, fit_directions
from directions.fitting.settings import FitSettings
from directions.labels.known import label_bundled_latents
from synth.generators import load_bundled_generator
from synth.generators.acceleration import accelerate
from synth.generators.bundled_parameters import EMOTION_SLICE, EMOTIONS, make_embedding
from synth.generators.stylegan2 import StyleGAN2
from synth.judging.perceptual import load_perceptual
from synth.judging.readout import READ_PX, PerceptualScorer
from synth.motion.direction_sets import DirectionSet
from synth.motion.masks import MASKS

STRENGTHS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
#: Seeds of faces that are neither reported nor calibrated on.
FIRST_SEED = 200_000
PSI = 0.7


def compare_strengths(count: int, seed: int, scaling: str, apart: bool, edits: int) -> None:
    """Print a row per C, averaged over the six emotions."""
    generator = load_bundled_generator()
    labelled = label_bundled_latents(generator, count, seed)
    names = ["C", "held-out AUC", "cosine to the true axis", "in other emotions", "elsewhere"]
    names += ["emotion shown", "everything else moved"] if edits else []
    print(f"| {' | '.join(names)} |\n{'|---' * len(names)}|")
    for c in STRENGTHS:
        settings = FitSettings(c=c, standardise=scaling, apart=apart)  # pyright: ignore[reportArgumentType]
        fitted = fit_directions(labelled, generator.num_layers, settings)
        figures = [float(np.mean([found.held_out_auc for found in fitted.emotions.values()]))]
        figures += compare_with_axes(fitted)
        figures += measure_edits(generator, fitted, edits) if edits else []
        print(f"| {c:g} | {' | '.join(f'{value:.4f}' for value in figures)} |", flush=True)


def compare_with_axes(fitted: FittedSet) -> list[float]:
    """Mean cosine to the true axes, and the mean shares of the movement's square along those of
    other emotions and along all other axes."""
    axes, cosines, others, elsewhere = make_embedding(), [], [], []
    for emotion, found in fitted.emotions.items():
        row = found.direction.vector[0].numpy()
        row = row / np.linalg.norm(row)
        along = (axes.T @ row)[EMOTION_SLICE]
        cosines.append(along[EMOTIONS.index(emotion.label)])
        others.append(np.square(along).sum() - cosines[-1] ** 2)
        elsewhere.append(1 - np.square(along).sum())
    return [float(np.mean(figures)) for figures in (cosines, others, elsewhere)]


def measure_edits(generator: StyleGAN2, fitted: FittedSet, count: int) -> list[float]:
    """Mean share of the emotion at intensity 1, and root mean square change of all parameters
    that are no emotions, in their spreads over random faces, as the perceptual network reads."""
    own = DirectionSet(
        {e: found.direction for e, found in fitted.emotions.items()},
        generator.name,
        generator.sha256,
        {e: found.calm_level for e, found in fitted.emotions.items()},
    )
    mask, fast = MASKS["emotion"], accelerate(generator)
    faces = map_calm_faces(generator, own, mask, range(FIRST_SEED, FIRST_SEED + count), PSI)
    scorer, network = PerceptualScorer(), load_perceptual()
    calm = _drop_emotions(run_on(draw_faces(fast, faces, READ_PX), network))
    shown, moved = [], []
    for emotion, direction in own.directions.items():
        frames = draw_faces(fast, faces + direction.step(mask, faces), READ_PX)
        shown.append(scorer.score(frames)[:, emotion].mean())
        gaps = _drop_emotions(run_on(frames, network)) - calm
        moved.append(float(gaps.square().mean().sqrt()))
    return [float(np.mean(shown)), float(np.mean(moved))]


def _drop_emotions(parameters: torch.Tensor) -> torch.Tensor:
    return torch.cat([parameters[:, : EMOTION_SLICE.start], parameters[:, EMOTION_SLICE.stop :]], 1)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scaling", choices=("whole", "each", "none"), default="whole")
    parser.add_argument("--together", action="store_true", help="fit.apart=false")
    parser.add_argument("--edits", type=int, default=0, help="faces to edit; 0: none")
    a = parser.parse_args()
    compare_strengths(a.count, a.seed, a.scaling, not a.together, a.edits)


if __name__ == "__main__":
    main()
