"""Labelled photos and their inversions become labelled latents.

In: a list of labelled pictures, and a folder in which `python -m scripts.invert` left a folder of
results for each photo: `latents.npz` with W+, `report.json` with the sha256 of photo and generator.
They are joined by the photo's sha256, so that neither has to stay where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from directions.fitting.samples import LabelledLatents
from directions.labels.layouts import IMPA_NUMBERS, Layout, list_labelled
from directions.labels.pictures import LabelledPicture, Single, balance, check_single_pictures
from synth.emotions import Emotion
from synth.faces.latents import load_latents
from synth.generators.base import Generator
from synth.plain_text import load_json
from synth.progress import Report, ignore_progress
from synth.storage.assets import hash_file

REPORT, LATENTS = "report.json", "latents.npz"
Missing = Literal["refuse", "drop"]


@dataclass(frozen=True)
class PhotoLabels:
    """A LabelSource: labelled pictures at `path` with their W+ out of the folder `latents`.

    layout, numbers: see `directions.labels.layouts`. missing: refuse photos without latents, or
    drop them. single_pictures: what becomes of subjects with one picture. most_per_emotion: draw
    that many of each emotion at random, by `seed`.
    """

    path: str
    latents: str | None = None
    layout: Layout = "auto"
    numbers: Sequence[str] = IMPA_NUMBERS
    missing: Missing = "refuse"
    single_pictures: Single = "refuse"
    most_per_emotion: int | None = None
    seed: int = 0

    @property
    def about(self) -> str:
        """For the card."""
        return f"folder: {Path(self.path).name}, inverted"

    def load_labels(
        self, generator: Generator, report: Report = ignore_progress
    ) -> LabelledLatents:
        """Join pictures and latents.

        Raises ValueError for labels or latents that are wrong, unbalanced or of another generator.
        """
        if self.latents is None:
            raise ValueError("needs latents, the folder of inverted photos; got none")
        pictures = self.choose_pictures()
        results = find_results(Path(self.latents), generator)
        found = [(p, results[sha256]) for p in pictures if (sha256 := _hash(p.path)) in results]
        if len(found) < len(pictures) and (self.missing == "refuse" or not found):
            raise ValueError(
                f"{self.latents}: needs latents of {len(pictures)} labelled pictures; got those of "
                f"{len(found)}, its journal says why; try labels.missing=drop, retry_failed=true, "
                f"or `python -m scripts.invert photos={self.path}` for photos that nobody has "
                "inverted"
            )
        return join_labels(found, generator)

    def choose_pictures(self) -> list[LabelledPicture]:
        """The pictures that count, of all that are labelled; raises ValueError as above."""
        listed = list_labelled(self.path, self.layout, self.numbers)
        pictures = check_single_pictures(listed, self.single_pictures)
        return balance(pictures, self.most_per_emotion, self.seed)


def find_results(folder: Path, generator: Generator) -> dict[str, Path]:
    """sha256 of each inverted photo below `folder` -> its latents.

    Raises ValueError naming the first that was made with another generator.
    """
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder}: needs a folder of inverted photos; found none; try `python -m "
            "scripts.invert photos=...`"
        )
    found = {}
    for report in sorted(folder.rglob(REPORT)):
        try:
            content = load_json(report)
            photo, made_with = content["photo"]["sha256"], content["generator"]
            name, sha256 = made_with["name"], made_with["sha256"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{report}: needs the report of an inverted photo; {error}") from error
        if sha256 != generator.sha256:
            raise ValueError(
                f"{report.with_name(LATENTS)}: needs latents of generator {generator.name}; got "
                f"those of {name} (sha256 {sha256[:12]}); try inverting with this generator"
            )
        found[photo] = report.with_name(LATENTS)
    return found


def join_labels(
    found: Sequence[tuple[LabelledPicture, Path]], generator: Generator
) -> LabelledLatents:
    """Pictures and the files of their W+ -> W+ [sample, layer, w_dim] with all labels."""
    w_plus = np.stack([load_latents(path, generator)[0].numpy() for _, path in found])
    return label_latents([picture for picture, _ in found], w_plus)


def label_latents(pictures: Sequence[LabelledPicture], latents: np.ndarray) -> LabelledLatents:
    """Latents [sample, ...] with the labels of the pictures. Raises what `LabelledLatents` does."""
    numbers = {name: k for k, name in enumerate(sorted({p.subject for p in pictures}))}
    shared = set.intersection(*(set(p.attributes) for p in pictures))
    return LabelledLatents(
        latents,
        np.array([int(p.emotion) for p in pictures]),
        np.array([0.0 if p.emotion is Emotion.CALM else p.intensity for p in pictures]),
        np.array([numbers[p.subject] for p in pictures]),
        {name: np.array([p.attributes[name] for p in pictures]) for name in sorted(shared)},
    )


def _hash(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: needs the labelled picture; found nothing there")
    return hash_file(path)
