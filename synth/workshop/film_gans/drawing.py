"""A trained generator of films -> films as uint8 frames, and a sheet that shows some of them.

Everything random comes from the seed: the same generator and seed make the same films.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from synth.types import to_frames, to_images
from synth.workshop.film_gans.film_gan import FilmGan, FilmTensor
from synth.workshop.films.film_set import Films

#: Films made at once.
BATCH = 8


@contextmanager
def seeded(seed: int, step: int, device: torch.device) -> Iterator[None]:
    """PyTorch's own chance, begun for this step and put back as it was."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed * 1_000_003 + step)
        yield


def draw_films(gan: FilmGan, count: int, seed: int = 0, starts: np.ndarray | None = None) -> Films:
    """New films [count, frame, n, n, 3].

    starts: uint8 pictures [count, n, n, 3] to go on from, where it `needs_start`. Raises
    ValueError where they are missing.
    """
    given = None if starts is None else to_images(starts)

    def make(first: int, end: int) -> Tensor:
        return gan.make_films(
            end - first, None if given is None else given[first:end].to(gan.device)
        )

    return _draw(gan, count, seed, make)


def draw_films_of(gan: FilmGan, categories: Int[np.ndarray, " film"], seed: int = 0) -> Films:
    """New films of these categories; raises ValueError for a method that knows none."""
    make_of = getattr(gan, "make_films_of", None)
    if make_of is None:
        raise ValueError(f"needs a method that knows categories; got {gan.method}; try mocogan")
    wanted = torch.from_numpy(categories).to(gan.device)
    return _draw(gan, len(categories), seed, lambda first, end: make_of(wanted[first:end]))


def follow_films(gan: FilmGan, films: Films, seed: int = 0) -> Films:
    """Predictions from the true frames of films; raises ValueError for a method that has none."""
    follow = getattr(gan, "follow_films", None)
    if follow is None:
        raise ValueError(f"needs a method that predicts frames; got {gan.method}; try pix2pix")
    return _draw(gan, len(films), seed, lambda a, b: follow(to_films(films[a:b]).to(gan.device)))


def to_films(films: Films) -> FilmTensor:
    """uint8 films [n, frame, h, w, 3] -> [n, 3, frame, h, w] in [-1, 1]."""
    count, frames = films.shape[:2]
    images = to_images(films.reshape(count * frames, *films.shape[2:]))
    return images.unflatten(0, (count, frames)).transpose(1, 2)


@torch.no_grad()
def _draw(gan: FilmGan, count: int, seed: int, make: Callable[[int, int], Tensor]) -> Films:
    was_training = gan.training
    gan.eval()
    parts: list[np.ndarray] = []
    try:
        with seeded(seed, 0, gan.device):
            for first in range(0, count, BATCH):
                films = make(first, min(count, first + BATCH)).transpose(1, 2)
                frames = to_frames(films.flatten(0, 1))
                parts.append(frames.reshape(*films.shape[:2], *frames.shape[1:]))
    finally:
        gan.train(was_training)
    return np.concatenate(parts)


def make_film_sheet(
    films: Films, shown: int = 8, tile_px: int = 64
) -> UInt8[np.ndarray, "sheet_height sheet_width 3"]:
    """A row for each film, `shown` of its frames from the first to the last."""
    places = np.linspace(0, films.shape[1] - 1, shown).round().astype(int)
    rows = []
    for film in films:
        way = cv2.INTER_AREA if film.shape[1] > tile_px else cv2.INTER_NEAREST
        tiles = [cv2.resize(film[k], (tile_px, tile_px), interpolation=way) for k in places]
        rows.append(np.concatenate(tiles, 1))
    return np.concatenate(rows)
