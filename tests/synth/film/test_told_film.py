"""A film whose emotions are known says whether they were shown."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from film_samples import Fade, GreyGenerator

from synth.emotions import Emotion
from synth.faces.face import Face
from synth.film.film import make_film
from synth.film.marks.settings import UNMARKED
from synth.film.settings import FilmSettings, RenderSettings, ScoreSettings
from synth.motion.direction_sets import DirectionSet
from synth.motion.directions import Direction
from synth.motion.emotion_motion import EmotionMotion
from synth.motion.emotion_track import EmotionTrack
from synth.motion.masks import LayerMask
from synth.scores.emotion_control import make_intended

pytestmark = pytest.mark.filterwarnings("ignore:.*has no faster form")


class Brightness:
    """Takes a white picture for the whole of fear, and a black one for none."""

    name = "brightness"

    def score(self, faces):
        found = make_intended(Emotion.FEAR, faces.mean(axis=(1, 2, 3)) / 255)
        found[:, Emotion.CALM] = 1 - found.sum(axis=1)
        return found


@pytest.fixture
def shoot(tmp_path):
    """A face that goes from black to white in fear; -> its film's measures."""
    generator = GreyGenerator(resolution=32)
    fear = Direction.from_vector(torch.eye(4)[:1], 2.0)
    fitted = DirectionSet({Emotion.FEAR: fear}, generator.name, generator.sha256)
    track = EmotionTrack.of("calm", "fear", gap=1.0)
    acted = EmotionMotion(track, fitted, LayerMask(layer_stop=None))
    settings = FilmSettings(
        fps=8,
        marks=UNMARKED,
        file="frames",
        render=RenderSettings(precision="fp32", compile="off"),
        score=ScoreSettings(emotions=Brightness()),
    )

    def make(motion=acted, place=None, settings=settings):
        face = Face(-torch.eye(4)[:1], generator, "black", place=place)
        return make_film(generator, face, motion, settings, tmp_path / "film").scorecard

    make.settings = settings
    return make


def test_told_emotions_are_measured(shoot):
    control = shoot().emotion_control
    assert control.scorer == "brightness"
    assert control.linearity == pytest.approx(1, abs=1e-4)
    assert (control.confusion, control.accuracy) == (0, 1)
    assert sum(control.shown["fear"].values()) == 5


def test_faces_in_a_photo_and_motions_without_emotions_are_not(shoot):
    def upside_down(frames, times_s):
        return np.ascontiguousarray(frames[:, ::-1])

    assert shoot(place=upside_down).emotion_control is None
    assert shoot(motion=Fade()).emotion_control is None


def test_a_film_that_is_there_is_scored_by_another_scorer(shoot):
    nobody = replace(shoot.settings, score=ScoreSettings())
    assert shoot(settings=nobody).emotion_control is None
    assert shoot().emotion_control is not None
