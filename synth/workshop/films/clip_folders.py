"""Clips of people in folders, as the data sets lay them out -> films to learn from.

    ucf101     ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi      category: the folder
    weizmann   daria_walk.avi, lena_walk1.avi, in any folder    category: what follows the name
    mug        001/anger/take000/img_0000.jpg, or take000.avi    category: the folder of the emotion

MUG's takes may lie deeper (`subjects3/001/...`): the folder above a take is its emotion. Takes of
MUG are one expression each, so their frames are spread over the whole take; of the others a piece
from the middle is taken. The middle square of a frame is resized. Nothing here is downloaded: the
data sets have to be asked for from those who made them.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from PIL import Image

from synth.video.reading import read_frames
from synth.workshop.films.film_set import FilmSet, pick_frames

Layout = Literal["ucf101", "weizmann", "mug"]
FILM_SUFFIXES = (".avi", ".mp4", ".mkv", ".mov", ".webm")
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
WEIZMANN_NAME = re.compile(r"(?P<person>[^_]+)_(?P<action>[a-z]+)\d*", re.IGNORECASE)


@dataclass(frozen=True)
class Clip:
    """A film's file, or a folder of its frames as pictures; what it shows."""

    path: Path
    category: str


def find_clips(root: Path, layout: Layout) -> list[Clip]:
    """All clips of a folder, in the order of their paths.

    Raises FileNotFoundError where there is no folder, ValueError where it holds no clips laid out
    so.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: needs a folder of clips; found none; check the path")
    clips = sorted(LAYOUTS[layout](root), key=lambda clip: clip.path)
    if not clips:
        raise ValueError(f"{root}: needs clips laid out as those of {layout}; found none")
    return clips


def load_clips(root: Path, layout: Layout, size_px: int, frames: int) -> FilmSet:
    """Films [clip, frame, size, size, 3] of all clips that are long enough.

    Warns of how many are not. Raises what `find_clips` does, and ValueError where all are too
    short, or naming a file that is broken.
    """
    clips = find_clips(root, layout)
    names = tuple(sorted({clip.category for clip in clips}))
    films, categories = [], []
    for clip in clips:
        film = read_clip(clip.path, size_px)
        if len(film) < frames:
            continue
        # A take of an expression is whole, an action goes on and on.
        first = 0 if layout == "mug" else (len(film) - frames) // 2
        found = len(film) if layout == "mug" else frames
        films.append(film[first + pick_frames(found, frames)])
        categories.append(names.index(clip.category))
    if not films:
        raise ValueError(f"{root}: needs clips of {frames} frames or more; got shorter ones only")
    if left_out := len(clips) - len(films):
        warnings.warn(
            f"{root}: {left_out} of {len(clips)} clips have fewer than {frames} frames and are "
            "left out",
            stacklevel=2,
        )
    return FilmSet(np.stack(films), np.array(categories, np.int64), names)


def read_clip(path: Path, size_px: int) -> np.ndarray:
    """All frames, the middle square of each resized -> uint8 [frame, size, size, 3]."""
    pictures = _read_pictures(path) if path.is_dir() else _read_film(path)
    return np.stack([fit_square(picture, size_px) for picture in pictures])


def fit_square(picture: np.ndarray, size_px: int) -> np.ndarray:
    """The middle square of [height, width, 3], resized."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(picture[top : top + side, left : left + side])
    way = cv2.INTER_AREA if side > size_px else cv2.INTER_CUBIC
    return cv2.resize(square, (size_px, size_px), interpolation=way)


def _find_ucf101(root: Path) -> Iterator[Clip]:
    for path in root.glob("*/*"):
        if path.suffix.lower() in FILM_SUFFIXES:
            yield Clip(path, path.parent.name)


def _find_weizmann(root: Path) -> Iterator[Clip]:
    for path in root.rglob("*"):
        name = WEIZMANN_NAME.fullmatch(path.stem)
        if name and path.suffix.lower() in FILM_SUFFIXES:
            yield Clip(path, name["action"].lower())


def _find_mug(root: Path) -> Iterator[Clip]:
    folders = {path.parent for path in root.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES}
    films = [path for path in root.rglob("*") if path.suffix.lower() in FILM_SUFFIXES]
    for take in (*folders, *films):
        # Subject, emotion, take: what lies higher is no take of anybody.
        if len(take.relative_to(root).parts) >= 3:
            yield Clip(take, take.parent.name.lower())


LAYOUTS: dict[str, Callable[[Path], Iterator[Clip]]] = {
    "ucf101": _find_ucf101,
    "weizmann": _find_weizmann,
    "mug": _find_mug,
}


def _read_film(path: Path) -> Iterator[np.ndarray]:
    for chunk in read_frames(path):
        yield from chunk


def _read_pictures(folder: Path) -> Iterator[np.ndarray]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in PICTURE_SUFFIXES:
            continue
        try:
            with Image.open(path) as image:
                yield np.asarray(image.convert("RGB"))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise ValueError(f"{path}: needs a readable picture; {error}") from error
