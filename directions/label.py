"""Where labelled latents come from: the bundled generator's own parameters, or a file.

The bundled generator was trained on renders whose parameters are a fixed function of z, so the
emotion of every z is known (`label_bundled_latents`). For other generators, latents are labelled
outside and read from an .npz (`load_labelled_latents`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from directions.fit import LabelledLatents
from synth.emotions import Emotion
from synth.generators.base import Generator
from synth.portraits.parameters import EMOTION_SLICE, EMOTIONS, map_latents_to_parameters
from synth.training.pack import NAME as BUNDLED_NAME

#: Faces whose emotions sum to less than this are called calm.
CALM_BELOW = 0.1


def label_bundled_latents(generator: Generator, count: int, seed: int) -> LabelledLatents:
    """Draw z, map them by the bundled generator, and label them by the parameters of z.

    Latents in which two emotions mix are labelled by the stronger one, with its share as
    intensity. Each z is a person of its own. Raises ValueError for any other generator.
    """
    if generator.name != BUNDLED_NAME:
        raise ValueError(
            f"needs the bundled generator, whose emotions are known; got {generator.name}; "
            "try labels=latents labels.path=labelled.npz (docs/directions.md)"
        )
    z = np.random.default_rng(seed).normal(size=(count, generator.z_dim)).astype(np.float32)
    weights = map_latents_to_parameters(z)[:, EMOTION_SLICE]
    with torch.no_grad():
        latents = torch.cat(
            [generator.mapping(part)[:, 0].cpu() for part in torch.from_numpy(z).split(4096)]
        ).numpy()
    numbers = np.array([Emotion.parse(name) for name in EMOTIONS])
    calm = weights.sum(1) < CALM_BELOW
    emotions = np.where(calm, Emotion.CALM, numbers[weights.argmax(1)]).astype(np.int64)
    intensities = np.where(calm, 0.0, weights.max(1))
    return LabelledLatents(latents, emotions, intensities, np.arange(count))


def load_labelled_latents(path: str | Path, generator: Generator) -> LabelledLatents:
    """Read .npz with `w` [sample, w_dim] or [sample, layer, w_dim], `emotion` [sample] 0 to 6,
    and, where known, `intensity` and `subject` [sample].

    Of W+ the mean over layers is taken. Raises ValueError naming the file, also when its latents
    do not fit the generator.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"{path}: needs labelled latents as .npz; {error}") from error
    if not {"w", "emotion"} <= set(arrays):
        raise ValueError(f"{path}: needs arrays w and emotion; got {sorted(arrays)}")
    w, emotion = np.asarray(arrays["w"], np.float32), np.asarray(arrays["emotion"])
    if w.ndim == 3:
        w = w.mean(1)
    if w.ndim != 2 or emotion.shape != (len(w),):
        raise ValueError(
            f"{path}: needs w [sample, w_dim] or [sample, layer, w_dim] and one emotion for each; "
            f"got {arrays['w'].shape} and {emotion.shape}"
        )
    if w.shape[1] != generator.w_dim:
        raise ValueError(
            f"{path}: needs latents of {generator.w_dim} numbers for generator {generator.name}; "
            f"got {w.shape[1]}"
        )
    if not len(w):
        raise ValueError(f"{path}: needs at least one latent; got none")
    if emotion.dtype.kind not in "iu" or emotion.min() < 0 or emotion.max() >= len(Emotion):
        raise ValueError(f"{path}: needs emotions as numbers 0 to 6; got {np.unique(emotion)[:9]}")
    try:
        intensities = np.asarray(arrays.get("intensity", np.ones(len(w))), np.float64)
        subjects = np.asarray(arrays.get("subject", np.arange(len(w))), np.int64)
        if {intensities.shape, subjects.shape} != {emotion.shape}:
            raise ValueError(
                f"needs one intensity and one subject for each of {len(w)} latents, where given; "
                f"got {intensities.shape} and {subjects.shape}"
            )
        return LabelledLatents(w, emotion.astype(np.int64), intensities, subjects)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
