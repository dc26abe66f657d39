"""Which pixels a film shows: a face's own; or else the generator's, and then it says so."""

from dataclasses import dataclass

import pytest
import torch
from film_samples import GreyGenerator, RampPath

from synth.faces.face import Face
from synth.film.settings import FilmSettings
from synth.film.shot import Shot
from synth.motion.base import Moment, Plan


@dataclass
class Moves:
    """A PathStage that moves anything, or nothing."""

    fits: bool

    def follow(self, path, times_s):
        return (lambda frames, times_s: frames) if self.fits else None


@pytest.mark.parametrize("fits", [True, False])
def test_a_motion_that_leaves_the_person_is_told(fits):
    face = Face(torch.zeros(1, 4), GreyGenerator(), "me.jpg", moves=Moves(fits))
    notes = []
    plan = Plan(RampPath(1.0), (Moment(0.0, "start"),))
    shot = Shot(face, plan, FilmSettings(), lambda told: notes.append(told.note))
    assert len(shot.stages) == fits
    assert [("leaves the person of me.jpg" in note) for note in notes] == [True] * (not fits)
