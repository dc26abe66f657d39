"""Frames of a clip in which something is before the face, found and as somebody saw them.

    python -m benchmarks.covered clip.mp4 --hands 58-228

Frames are counted from 0. Prints what is found, and how much of what was seen: frames with and
without a hand. A clip is followed once and kept, as for a film (`embed.films.film_face`).
"""

from __future__ import annotations

import argparse

import numpy as np

from embed.films.covering.finder import list_covered
from embed.films.film_face import FilmFace
from embed.films.moving_film import FilmedPerson
from synth.generators import load_generator


def list_ranges(chosen: np.ndarray) -> str:
    """Frames one after another, as 3-7, 9-9."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], chosen.astype(int), [0]])))
    pairs = zip(edges[::2], edges[1::2] - 1, strict=True)
    return ", ".join(f"{first}-{last}" for first, last in pairs) or "none"


def read_ranges(text: str) -> list[tuple[int, int]]:
    """First and last frames of a text as `list_ranges` makes it. Raises ValueError."""
    pairs = [part.split("-") for part in text.replace(" ", "").split(",")]
    return [(int(first), int(last)) for first, last in pairs]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="frames with something before the face")
    parser.add_argument("clip")
    parser.add_argument(
        "--hands", type=read_ranges, default=[], help="where there is something: 3-7,9-9"
    )
    given = parser.parse_args()
    acting = FilmFace(given.clip).prepare(load_generator("bundled")).acts
    assert isinstance(acting, FilmedPerson)
    track = acting.track
    shown, told = track.seen, list_covered(track.covered, track.fps)
    there = np.zeros(len(told), bool)
    for first, last in given.hands:
        there[first : last + 1] = True
    print(f"{given.clip}: {len(shown)} frames, {shown.sum()} show the person")
    print(f"found covered: {list_ranges(told)}")
    for name, chosen in (("with something before the face", there), ("without", ~there)):
        some = chosen & shown
        print(f"{name}: {told[some].sum()} of {some.sum()} frames found covered")
    print(f"stay as they are, those around included: {acting.count_covered()}")


if __name__ == "__main__":
    main()
