"""A run that was stopped while it scored looks at no frame twice, and says the same."""

import dataclasses

import numpy as np
import pytest
from film_samples import UNSIGNED, Fade, WaveGenerator

from synth import FilmSettings, RandomFace, RenderSettings, make_film
from synth.faces.observers import FaceObservations
from synth.film.settings import ScoreSettings
from synth.scores.kept_observations import KeptObservations

pytestmark = pytest.mark.filterwarnings("ignore:.*has no faster form")
POINTS = np.random.default_rng(0).uniform(0, 16, (68, 2))
RENDER = RenderSettings(precision="fp32", compile="off")


class Stopped(BaseException):
    """Stands for Ctrl-C, which pytest would take for its own."""


@dataclasses.dataclass
class Brightness:
    """Sees how bright frames are; stops at the so many-th question."""

    stops_at: int = -1
    name: str = "brightness"
    asked: list = dataclasses.field(default_factory=list)

    def observe(self, frames):
        if len(self.asked) == self.stops_at:
            raise Stopped
        self.asked.append(len(frames))
        mean = frames.reshape(len(frames), -1).mean(axis=1)
        return FaceObservations(np.stack([mean, mean], 1), np.tile(POINTS, (len(frames), 1, 1)))


def make(folder, observer):
    score = ScoreSettings(observer=observer)
    settings = FilmSettings(fps=12, marks=UNSIGNED, render=RENDER, score=score)
    return make_film(WaveGenerator(), RandomFace(seed=1), Fade(6.0), settings, folder)


def test_a_run_stopped_while_scoring(tmp_path):
    whole = Brightness()
    expected = make(tmp_path / "whole", whole).scorecard
    assert len(whole.asked) > 2, "needs several questions"
    with pytest.raises(Stopped):
        make(tmp_path / "film", Brightness(stops_at=2))
    second = Brightness()
    film = make(tmp_path / "film", second)
    assert second.asked == whole.asked[2:]
    assert dataclasses.replace(film.scorecard, render_time_s=None) == dataclasses.replace(
        expected, render_time_s=None
    )
    assert not (tmp_path / "film" / ".unfinished").exists()


def test_an_answer_that_is_damaged_is_asked_for_again(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    observer = Brightness()
    kept = KeptObservations(observer, tmp_path)
    first = kept.observe(frames)
    assert np.array_equal(kept.observe(frames).embeddings, first.embeddings)
    assert observer.asked == [3] and kept.name == "brightness"
    (answer,) = tmp_path.glob("*.npz")
    answer.write_bytes(b"half")
    kept.observe(frames)
    kept.observe(frames[:2])
    assert observer.asked == [3, 3, 2]
