"""Clips of painted squares that stand for people, and who guesses W+ of them without a network."""

from pathlib import Path

import numpy as np
import torch
from inversion_samples import make_tiny_generator
from painted_faces import LevelEncoder, make_finder, paint

from embed.films.film_face import FilmFace
from embed.photos.recipe import InversionRecipe
from synth.emotions import Emotion
from synth.generators.bundled_head import BUNDLED_HEAD, load_head
from synth.motion.direction_sets import DirectionSet
from synth.motion.directions import Direction
from synth.video.writing import Encoding, write_video

FPS = 12.0


class GuessStart:
    """A StartSource: the levels of a crop's quarters, as W+."""

    def load_start(self, generator, names):
        def guess(images):
            means = torch.nn.functional.adaptive_avg_pool2d(images.mean(1, keepdim=True), 4)
            rows = means.reshape(len(images), 1, 16).expand(-1, generator.num_layers, -1)
            return rows[..., : generator.w_dim].contiguous()

        return guess

    def describe(self, generator):
        return "guess"


class Observer(LevelEncoder):
    """Tells painted people apart, in boxes as in frames."""

    name = "levels"

    def encode(self, frames):
        """The middle of each frame."""
        return frames[:, frames.shape[1] // 2, frames.shape[2] // 2, 1:2].astype(np.float64)


def write_clip(folder: Path, frames: list[np.ndarray], fps: float = FPS) -> Path:
    """Pictures without loss, in a folder."""
    write_video(folder, [np.stack(frames)], Encoding(fps))
    return folder


def paint_walk(count: int) -> list[np.ndarray]:
    """Somebody (level 100) who walks to and fro, away for a while, beside somebody else."""
    frames = []
    for k in range(count):
        left = int(60 + 40 * np.sin(k / 9))
        shown = [] if 20 <= k % 60 < 32 else [(left, 30 + k % 3, 100)]
        frames.append(paint(*shown, (150, 70, 200)))
    return frames


def make_source(path: Path, monkeypatch, **settings) -> FilmFace:
    """Whoever is painted in the clip, for the tiny generator, whose head is said to be known."""
    head = load_head(BUNDLED_HEAD)
    monkeypatch.setattr("embed.films.film_face.find_head", lambda generator: head)
    monkeypatch.setattr("embed.films.person_track.CROP_PX", 32)
    generator = make_tiny_generator()
    unit = Direction.from_vector(torch.ones(generator.num_layers, generator.w_dim), 2.0)
    fitted = DirectionSet({Emotion.HAPPINESS: unit}, generator.name, generator.sha256)
    given = {"finder": make_finder(), "start": GuessStart(), "observer": Observer()}
    recipe = InversionRecipe(**{**given, **settings})
    return FilmFace(str(path), recipe, directions=fitted)
