"""What the article claims, measured: ways to find latents, principal axes, orders, correction.

In: the trained networks and clips whose frames are known. Out: rows of figures. A film is compared
with the true clip frame by frame (mean square difference of pixels in [-1, 1]), and its digits are
read (`reader.DigitReader`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch
from torch import nn

from benchmarks.pictures.floating_digits import Clip
from benchmarks.pictures.reader import DigitReader, count_right
from embed.projection.any_pictures import AnyPictures
from embed.projection.pnet import PNet
from synth.generators.capabilities import TrainableGenerator
from synth.motion.pictures.critic_correction import (
    CorrectedFrames,
    CorrectedPath,
    CriticCorrection,
)
from synth.motion.pictures.latent_search import SearchSettings, search_latents
from synth.motion.pictures.pictures_motion import PicturesMotion
from synth.types import Frames, WPlus, to_frames, to_images

ALONE, RANDOM, THREE, BOTH = (
    "P-Net alone",
    "L-BFGS, a random start",
    "L-BFGS, the best of 3 random starts",
    "L-BFGS from P-Net's guess",
)
WAYS = (ALONE, RANDOM, THREE, BOTH)


@dataclass(frozen=True)
class Row:
    """One line of a table: what was done, the error, the share of digits read right."""

    name: str
    error: float
    right: float
    seconds: float | None = None


@dataclass(frozen=True)
class FilmWay:
    """How latents become a film."""

    latents: str = ALONE
    pictures: int = 3
    order: int = 1
    variance: float = 0.95
    correction: CriticCorrection = field(default_factory=CriticCorrection)


@dataclass(frozen=True, eq=False)
class Networks:
    """What was trained."""

    generator: TrainableGenerator
    critic: nn.Module
    pnet: PNet


class Comparison:
    """The networks, the clips and what was found of them."""

    def __init__(self, networks: Networks, clips: Sequence[Clip]) -> None:
        self.networks, self.clips = networks, clips
        self.generator, self.critic = networks.generator, networks.critic
        self.reader = DigitReader()
        self._found: dict[tuple[str, int], list[WPlus]] = {}

    @cached_property
    def references(self) -> list[Row]:
        """What films are compared with: the truth, nothing at all, pictures that fade."""
        return [
            self._judge("the true clip itself", lambda clip: clip.frames),
            self._judge("black frames", lambda clip: np.zeros_like(clip.frames)),
            self._judge("the 3 pictures, faded into each other", lambda clip: fade(clip, 3)),
        ]

    def compare_ways(self, count: int = 3) -> list[Row]:
        """The three ways to a latent, and several random starts, on `count` pictures a clip."""
        rows = []
        for way in WAYS:
            began_s = time.process_time()
            found = [self.project(way, clip, count) for clip in self.clips]
            seconds = (time.process_time() - began_s) / (len(self.clips) * count)
            errors, right = [], []
            for clip, w_plus in zip(self.clips, found, strict=True):
                drawn = self._draw(w_plus)
                errors.append(compare_frames(drawn, pick(clip, count)))
                right.append(count_right(self.reader.read(drawn), clip.digits))
            rows.append(Row(way, float(np.mean(errors)), float(np.mean(right)), seconds))
            self._found[way, count] = found
        return rows

    def project(self, way: str, clip: Clip, count: int) -> WPlus:
        """Latents of `count` pictures of the clip."""
        pictures = to_images(pick(clip, count))
        start = self.networks.pnet.guess(pictures) if way in (ALONE, BOTH) else None
        if way == ALONE and start is not None:
            return start
        settings = SearchSettings(starts=3 if way == THREE else 1)
        return search_latents(self.generator, pictures, settings, start).w_plus

    def make_film(self, clip_index: int, way: FilmWay) -> Frames:
        """As many frames as the clip has, out of `way.pictures` of them."""
        clip = self.clips[clip_index]
        known = way.latents, way.pictures
        if known not in self._found:
            self._found[known] = [
                self.project(way.latents, one, way.pictures) for one in self.clips
            ]
        motion = PicturesMotion(
            [f"picture {k}" for k in range(way.pictures)],
            AnyPictures("search"),
            order=way.order,
            variance=way.variance,
        )
        path = motion.lay_path(self._found[known][clip_index])
        times_s = torch.linspace(0, path.duration_s, len(clip.frames), dtype=torch.float64)
        if way.correction.critic is None:
            return self._draw(path(times_s))
        if way.correction.place == "latents":
            path = CorrectedPath(path, self.generator, self.critic, way.correction)
            return self._draw(path(times_s))
        return CorrectedFrames(self.critic, way.correction)(self._draw(path(times_s)), times_s)

    def measure(self, name: str, way: FilmWay) -> Row:
        """A film of every clip, made this way."""
        films = {id(clip): self.make_film(k, way) for k, clip in enumerate(self.clips)}
        return self._judge(name, lambda clip: films[id(clip)])

    def list_tables(self) -> dict[str, Callable[[], list[Row]]]:
        """Title -> what computes the table."""
        given = CriticCorrection(critic="the generator's own")
        plain = FilmWay()
        smooth = replace(plain, order=2, variance=1.0)
        axes = {"no axes left out": 1.0, "99 % of the variance": 0.99, "95 %": 0.95}
        corrections = {
            "none": CriticCorrection(),
            "5 steps of 0.02 in pictures": given,
            "20 steps of 0.02 in pictures": replace(given, steps=20),
            "5 steps of 0.02 in latents": replace(given, place="latents"),
            "20 steps of 0.05 in latents": replace(given, place="latents", steps=20, size=0.05),
        }
        orders = [(3, 1), (3, 2), (5, 1), (5, 2), (5, 3)]

        def measure_all(ways: dict[str, FilmWay]) -> Callable[[], list[Row]]:
            return lambda: [self.measure(name, way) for name, way in ways.items()]

        return {
            "films to compare with": lambda: self.references,
            "latents of the film (3 pictures, all axes)": measure_all(
                {
                    f"{name}, order {order}": replace(smooth, latents=name, order=order)
                    for name in (ALONE, RANDOM, BOTH)
                    for order in (1, 2)
                }
            ),
            "principal axes (P-Net alone)": measure_all(
                {
                    f"{n} pictures, order {order}, {name}": FilmWay(ALONE, n, order, share)
                    for n, order in ((3, 1), (3, 2), (5, 2))
                    for name, share in axes.items()
                }
            ),
            "order (P-Net alone, all axes)": measure_all(
                {
                    f"{n} pictures, order {order}": FilmWay(ALONE, n, order, 1.0)
                    for n, order in orders
                }
            ),
            "critic correction (P-Net alone, 3 pictures, order 2, all axes)": measure_all(
                {name: replace(smooth, correction=one) for name, one in corrections.items()}
            ),
        }

    def _judge(self, name: str, film_of: Callable[[Clip], Frames]) -> Row:
        errors, right = [], []
        for clip in self.clips:
            film = film_of(clip)
            errors.append(compare_frames(film, clip.frames))
            right.append(count_right(self.reader.read(film), clip.digits))
        return Row(name, float(np.mean(errors)), float(np.mean(right)))

    @torch.no_grad()
    def _draw(self, w_plus: WPlus) -> Frames:
        return to_frames(self.generator.synthesis(w_plus))


def compare_frames(frames: Frames, others: Frames) -> float:
    """The mean square difference of pixels in [-1, 1]."""
    return float(np.square((frames.astype(np.float64) - others) / 127.5).mean())


def pick(clip: Clip, count: int) -> Frames:
    """So many frames of the clip, evenly, both ends among them."""
    return clip.frames[np.linspace(0, len(clip.frames) - 1, count).round().astype(int)]


def fade(clip: Clip, count: int) -> Frames:
    """As long as the clip, its pictures mixed into each other."""
    at = np.linspace(0, count - 1, len(clip.frames))
    before = np.minimum(at.astype(int), count - 2)
    share = (at - before)[:, None, None, None]
    pictures = pick(clip, count).astype(np.float64)
    return ((1 - share) * pictures[before] + share * pictures[before + 1]).round().astype(np.uint8)
