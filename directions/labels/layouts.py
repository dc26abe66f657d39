"""The layouts of IMPA-FACE3D and the MUG database (thesis, section 3.1) as lists of pictures.

IMPA-FACE3D: `<subject>/.../<name>-<number>_img.<suffix>`, one picture per number; 0 to 6 are
neutral, joy, sadness, surprise, anger, disgust and fear, in the order in which the data set's page
describes them; 7 and above (mouth and eyes, profiles) are left out. Files named by a word are read
by it. The order could not be compared with the data set itself: `numbers` changes it.

MUG (Aifanti et al. 2010): `<subject>[/session...]/<emotion>[/take...]/<frames>`. A take goes from
neutral over the apex back to neutral: its middle frame shows the emotion, its first one calm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Literal

from directions.labels.pictures import LabelledPicture, list_csv, list_files, list_folders
from directions.labels.words import find_emotion
from synth.emotions import Emotion

Layout = Literal["auto", "csv", "folders", "impa", "mug"]

#: Emotions of IMPA-FACE3D's pictures 0, 1, 2 ...
IMPA_NUMBERS = ("calm", "happiness", "sadness", "surprise", "anger", "disgust", "fear")
#: A take shorter than this has no middle that differs from its ends.
SHORTEST_TAKE = 3


def list_labelled(
    path: str | Path, layout: Layout = "auto", numbers: Sequence[str] = IMPA_NUMBERS
) -> list[LabelledPicture]:
    """The labelled pictures of a CSV or folder, sorted. `auto`: a file is a CSV, a folder has a
    folder for each emotion.

    Raises OSError when nothing is there, ValueError naming what does not fit the layout.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: needs labelled pictures; found nothing; check the path")
    if layout == "auto":
        layout = "csv" if path.is_file() else "folders"
    if layout == "csv":
        return list_csv(path)
    if not path.is_dir():
        raise NotADirectoryError(f"{path}: needs a folder for labels.layout={layout}; got a file")
    if layout == "folders":
        return list_folders(path)
    found = list_impa(path, numbers) if layout == "impa" else list_mug(path)
    if not found:
        raise ValueError(
            f"{path}: needs pictures in the layout {layout} (docs/directions.md); got none that "
            "fits; try labels.layout=folders, or a CSV"
        )
    return found


def list_impa(path: Path, numbers: Sequence[str] = IMPA_NUMBERS) -> list[LabelledPicture]:
    """Pictures of IMPA-FACE3D that show one of the seven emotions."""
    emotions: Mapping[int, Emotion] = {k: Emotion.parse(name) for k, name in enumerate(numbers)}
    found = []
    for file in list_files(path):
        subject = file.relative_to(path).parts[0]
        emotion = find_emotion(re.sub("^a(?=neutral)", "", file.stem.lower()))
        number = re.search(r"(\d+)(?:_img)?$", file.stem)
        if emotion is None and number is not None:
            emotion = emotions.get(int(number[1]))
        if emotion is not None and len(file.relative_to(path).parts) > 1:
            found.append(LabelledPicture(file, emotion, subject))
    return found


def list_mug(path: Path) -> list[LabelledPicture]:
    """Of each take of MUG the middle frame, and the first one as calm."""
    found = []
    for folder, files in groupby(list_files(path), lambda file: file.parent):
        parts = folder.relative_to(path).parts
        shown = [find_emotion(part) for part in parts[1:]]
        emotion = next((e for e in shown if e is not None), None)
        frames = sorted(files, key=_find_frame_number)
        if emotion is None or len(frames) < SHORTEST_TAKE:
            continue
        found.append(LabelledPicture(frames[len(frames) // 2], emotion, parts[0]))
        if emotion is not Emotion.CALM:
            found.append(LabelledPicture(frames[0], Emotion.CALM, parts[0]))
    return found


def _find_frame_number(file: Path) -> tuple[int, str]:
    numbers = re.findall(r"\d+", file.stem)
    return (int(numbers[-1]) if numbers else -1, file.name)
