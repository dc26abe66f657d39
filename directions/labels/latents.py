"""Latents labelled outside Moodreel: one .npz of latents and what is known of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from directions.fitting.samples import LabelledLatents
from synth.emotions import Emotion
from synth.generators.base import Generator
from synth.progress import Report, ignore_progress
from synth.storage.arrays import load_arrays

_OWN_ARRAYS = ("w", "emotion", "intensity", "subject")


@dataclass(frozen=True)
class LabelsFile:
    """A LabelSource: a file of labelled latents."""

    path: str

    @property
    def about(self) -> str:
        """For the card."""
        return f"file: {Path(self.path).name}"

    def load_labels(
        self, generator: Generator, report: Report = ignore_progress
    ) -> LabelledLatents:
        """As `load_labelled_latents`."""
        return load_labelled_latents(self.path, generator)


def load_labelled_latents(path: str | Path, generator: Generator) -> LabelledLatents:
    """Read .npz with `w` [sample, w_dim] or [sample, layer, w_dim], `emotion` [sample] 0 to 6,
    and, where known, `intensity` and `subject` [sample]; further arrays of numbers [sample] are
    attributes, such as `yaw` or `glasses`.

    Raises ValueError naming the file, also when its latents do not fit the generator.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: needs labelled latents as .npz; found nothing there")
    arrays = load_arrays(path)
    if not {"w", "emotion"} <= set(arrays):
        raise ValueError(f"{path}: needs arrays w and emotion; got {sorted(arrays)}")
    w, emotion = np.asarray(arrays["w"], np.float32), np.asarray(arrays["emotion"])
    if w.ndim not in (2, 3) or emotion.shape != (len(w),):
        raise ValueError(
            f"{path}: needs w [sample, w_dim] or [sample, layer, w_dim] and one emotion for each; "
            f"got {arrays['w'].shape} and {emotion.shape}"
        )
    check_latents_fit(w, generator, str(path))
    if not len(w):
        raise ValueError(f"{path}: needs at least one latent; got none")
    if emotion.dtype.kind not in "iu" or emotion.min() < 0 or emotion.max() >= len(Emotion):
        raise ValueError(f"{path}: needs emotions as numbers 0 to 6; got {np.unique(emotion)[:9]}")
    return _join(path, w, emotion, arrays)


def _join(
    path: Path, w: np.ndarray, emotion: np.ndarray, arrays: Mapping[str, np.ndarray]
) -> LabelledLatents:
    """Latents and emotions with what else the arrays know of each."""
    try:
        intensities = np.asarray(arrays.get("intensity", np.ones(len(w))), np.float64)
        subjects = np.asarray(arrays.get("subject", np.arange(len(w))), np.int64)
        if {intensities.shape, subjects.shape} != {emotion.shape}:
            raise ValueError(
                f"needs one intensity and one subject for each of {len(w)} latents, where given; "
                f"got {intensities.shape} and {subjects.shape}"
            )
        attributes = {
            name: np.asarray(values, np.float64)
            for name, values in arrays.items()
            if name not in _OWN_ARRAYS
            and values.shape == emotion.shape
            and values.dtype.kind in "biuf"
        }
        return LabelledLatents(w, emotion.astype(np.int64), intensities, subjects, attributes)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def check_latents_fit(w: np.ndarray, generator: Generator, source: str) -> None:
    """Raise ValueError naming `source` unless these W or W+ are of this generator."""
    expected = (generator.num_layers, generator.w_dim)
    if w.shape[-1] != generator.w_dim or (w.ndim == 3 and w.shape[1:] != expected):
        raise ValueError(
            f"{source}: needs latents of {generator.w_dim} numbers, or W+ of {expected[0]} rows of "
            f"them, for generator {generator.name}; got {list(w.shape[1:])}; try the generator "
            "that these latents were made with"
        )
