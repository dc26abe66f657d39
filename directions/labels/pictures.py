"""Labelled photos as a list: folders by emotion, a CSV, or the layouts of two data sets.

In: a folder or a .csv. Out: for each picture its path, emotion, subject, intensity, and what else
the CSV knows. Nothing is opened but the CSV. Layouts are in `directions.labels.layouts`.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from directions.labels.words import parse_emotion
from synth.emotions import Emotion

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
CSV_COLUMNS = ("file", "subject", "emotion", "intensity")
#: One emotion may have this many times the pictures of another.
LARGEST_IMBALANCE = 20

Single = Literal["refuse", "drop", "keep"]


@dataclass(frozen=True)
class LabelledPicture:
    """A file and what it shows; intensity 0 to 1; attributes are further numbers."""

    path: Path
    emotion: Emotion
    subject: str
    intensity: float = 1.0
    attributes: Mapping[str, float] = field(default_factory=dict)


def list_csv(path: Path) -> list[LabelledPicture]:
    """Rows of `file,subject,emotion[,intensity,...]`; files are relative to the CSV.

    Further columns of numbers are attributes. Raises ValueError naming the file and line.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", strict=True)
            columns = list(reader.fieldnames or ())
            missing = [name for name in CSV_COLUMNS[:3] if name not in columns]
            if missing:
                raise ValueError(
                    f"{path}: needs the columns file, subject and emotion; got "
                    f"{', '.join(columns) or 'nothing'}"
                )
            found = [_read_row(path, n, row) for n, row in enumerate(reader, 2)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: needs a CSV in UTF-8; {error}") from error
    if not found:
        raise ValueError(f"{path}: needs a line for each picture; got none")
    return found


def list_folders(path: Path) -> list[LabelledPicture]:
    """`<emotion>/<picture>`, each a person of its own, or `<emotion>/<subject>/<picture>`."""
    folders = sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
    found = []
    for folder in folders:
        emotion = parse_emotion(folder.name, str(folder))
        for file in list_files(folder):
            inner = file.relative_to(folder).parts[:-1]
            subject = "/".join(inner) or str(file.relative_to(path))
            found.append(LabelledPicture(file, emotion, subject))
    if not found:
        raise ValueError(
            f"{path}: needs a folder of pictures for each emotion; got "
            f"{', '.join(p.name for p in folders[:9]) or 'no folders'}"
        )
    return found


def list_files(folder: Path) -> list[Path]:
    """Pictures in a folder and below, sorted; hidden ones left out."""
    found = (p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    return sorted(
        p for p in found if not any(part.startswith(".") for part in p.relative_to(folder).parts)
    )


def check_single_pictures(pictures: Sequence[LabelledPicture], single: Single) -> list:
    """Refuse, drop or keep subjects with one picture: such a person cannot be compared with
    their own calm face.

    Where every picture is a subject of its own, nobody was named, and all are kept.
    """
    counts = Counter(picture.subject for picture in pictures)
    alone = sorted(subject for subject, count in counts.items() if count == 1)
    if single == "keep" or not alone or len(alone) == len(counts):
        return list(pictures)
    if single == "refuse":
        raise ValueError(
            f"needs at least 2 pictures of each subject; got one of {', '.join(alone[:5])}"
            f"{f' and {len(alone) - 5} others' if len(alone) > 5 else ''}; try "
            "labels.single_pictures=drop, or keep"
        )
    return [picture for picture in pictures if counts[picture.subject] > 1]


def balance(
    pictures: Sequence[LabelledPicture], most: int | None, seed: int
) -> list[LabelledPicture]:
    """At most `most` pictures of each emotion, at random. Raises ValueError when unbalanced."""
    random, kept = np.random.default_rng(seed), []
    for emotion in Emotion:
        own = [picture for picture in pictures if picture.emotion is emotion]
        if most is not None and len(own) > most:
            own = [own[k] for k in sorted(random.choice(len(own), most, replace=False))]
        kept += own
    counts = Counter(picture.emotion.label for picture in kept)
    (often, large), (seldom, small) = counts.most_common()[0], counts.most_common()[-1]
    if large > LARGEST_IMBALANCE * small:
        raise ValueError(
            f"needs labels of about equal number; got {large} of {often} and {small} of {seldom}; "
            f"try labels.most_per_emotion={LARGEST_IMBALANCE * small}, or more of {seldom}"
        )
    return kept


def _read_row(path: Path, line: int, row: Mapping[str, str]) -> LabelledPicture:
    source = f"{path}, line {line}"
    if None in row.values() or "" in row or not row["file"] or not row["subject"]:
        raise ValueError(f"{source}: needs as many entries as columns; got {list(row.values())}")
    picture = LabelledPicture(
        path.parent / row["file"], parse_emotion(row["emotion"], source), row["subject"]
    )
    if row.get("intensity"):
        intensity = _read_number(row["intensity"], "intensity", source)
        if not 0 <= intensity <= 1:
            raise ValueError(f"{source}: needs an intensity from 0 to 1; got {intensity:g}")
        picture = replace(picture, intensity=intensity)
    more = {k: v for k, v in row.items() if k not in CSV_COLUMNS}
    return replace(picture, attributes={k: _read_number(v, k, source) for k, v in more.items()})


def _read_number(text: str, name: str, source: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{source}: needs a number for {name}; got {text!r}")
    return number
