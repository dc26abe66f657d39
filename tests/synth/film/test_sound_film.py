"""Sound and pictures of a film that a sound leads stay together to a frame, over ten minutes."""

from itertools import pairwise

import av
import numpy as np
import pytest
import torch
from film_samples import UNSIGNED, GreyGenerator, RampPath
from PIL import Image
from sound_samples import make_phrases, write_wav

from synth import Face, FilmSettings, Moment, Plan, RenderSettings, Scene, SoundMotion, make_film
from synth.motion.sound.categories import CastSettings
from synth.motion.sound.drive import DriveSettings
from synth.motion.sound.turns import TurnSettings
from synth.video.reading import decode_video

#: Few frames, so that ten minutes are quick; the path is asked for many more.
FPS, MANY_FPS, RATE_HZ = 2, 30, 8000
QUIET = RenderSettings(precision="fp32", compile="off")
pytestmark = pytest.mark.filterwarnings("ignore:.*has no faster form")


def find_cuts(path):
    """Seconds at which pictures jump, by the times that the file gives its frames."""
    times_s, levels = [], []
    for frame in decode_video(path):
        times_s.append(frame.time)
        levels.append(float(frame.to_ndarray(format="gray").mean()))
    jumps = np.flatnonzero(np.abs(np.diff(levels)) > 20) + 1
    return np.array(times_s)[jumps]


def find_phrases(path):
    """Seconds at which the film's own sound falls silent and begins again, by its times."""
    times_s, levels = [], []
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        for frame in container.decode(stream):
            wave = frame.to_ndarray()[0]
            parts = len(wave) // 64
            levels.extend(np.abs(wave[: parts * 64]).reshape(parts, 64).max(1).tolist())
            times_s.extend(frame.time + np.arange(parts) * 64 / stream.rate)
    times_s, loud = np.array(times_s), np.array(levels) > 0.05
    # A wave passes zero: only what is quiet for a tenth of a second is silence.
    places = np.flatnonzero(loud)
    gaps = np.flatnonzero(np.diff(times_s[places]) > 0.1)
    return times_s[places[gaps]], times_s[places[gaps + 1]]


def make_story(folder, duration_s):
    """A sound of phrases with a second of silence between them, and who is shown in each."""
    starts = np.arange(0.5, duration_s - 4, min(11.3, duration_s / 4))
    phrases = [(start, stop - 1) for start, stop in pairwise([*starts, duration_s])]
    wave = make_phrases(phrases, duration_s, RATE_HZ)
    path = write_wav(folder / "story.wav", wave, RATE_HZ)
    generator = GreyGenerator(resolution=16)
    # Two people in turn: one dark, one light.
    seeds = sorted(range(40), key=lambda seed: float(Face.random(generator, seed).rows[0, 0]))
    motion = SoundMotion(
        str(path),
        turns=TurnSettings(extrema="none"),
        cast=CastSettings(kind="people", categories=[seeds[0], seeds[-1]] * 40),
        drive=DriveSettings(pulse=0, sway=0),
    )
    return Face(torch.zeros(1, 4), generator), motion, starts


def test_the_path_cuts_in_silences_to_a_frame_over_ten_minutes(tmp_path):
    face, motion, starts = make_story(tmp_path, 600.0)
    times_s = torch.arange(600 * MANY_FPS, dtype=torch.float64) / MANY_FPS
    brightness = motion.plan(face, Scene(MANY_FPS)).path(times_s)[:, 0, 0]
    jumps = np.flatnonzero(np.abs(np.diff(brightness.numpy())) > 0.5) + 1
    assert np.abs(jumps - np.ceil((starts[1:] - 0.5) * MANY_FPS)).max() <= 1


@pytest.mark.parametrize("duration_s", [20.0, pytest.param(600.0, marks=pytest.mark.slow)])
def test_a_films_sound_and_pictures_stay_together(duration_s, tmp_path):
    face, motion, starts = make_story(tmp_path, duration_s)
    film = make_film(
        face.generator,
        face,
        motion,
        FilmSettings(fps=FPS, marks=UNSIGNED, render=QUIET),
        tmp_path / "film",
    )
    assert film.facts.frame_count == duration_s * FPS + 1
    cuts_s = find_cuts(film.video)
    cuts_s = cuts_s[cuts_s < starts[-1] + 0.01]  # from the last on, the film moves to its end
    silent_s, again_s = find_phrases(film.video)
    assert len(cuts_s) == len(silent_s) == len(starts) - 1
    # A cut in the middle of a silence is shown by the first frame at or after it.
    late_s = cuts_s - (silent_s + again_s) / 2
    assert late_s.min() > -0.03 and late_s.max() < 1 / FPS + 0.03
    assert np.abs(cuts_s * FPS - np.round(cuts_s * FPS)).max() < 1e-3
    drift = np.polyfit(again_s, again_s - starts[1:], 1)
    assert abs(drift[0]) * duration_s < 0.01, "the film's sound runs as the source does"
    assert np.abs(again_s - starts[1:]).max() < 0.03
    names = {x.name for x in film.folder.iterdir()}
    assert {"sound.png", "track.yaml", "contact_sheet.png"} <= names
    with Image.open(film.folder / "sound.png") as picture:
        assert picture.size == (1760, 1056) and "generated" in str(picture.info).lower()


def test_a_film_may_stay_silent(tmp_path):
    path = write_wav(tmp_path / "a.wav", make_phrases([(0.2, 1.5)], 2.0))
    motion = SoundMotion(str(path), heard=False, cast=CastSettings(kind="people"))
    settings = FilmSettings(fps=5, marks=UNSIGNED, file="frames", render=QUIET)
    generator = GreyGenerator()
    film = make_film(generator, Face.random(generator, 0), motion, settings, tmp_path / "film")
    assert film.facts.frame_count == 11
    with pytest.raises(ValueError, match="to give it sound"):
        make_film(
            generator,
            Face.random(generator, 0),
            SoundMotion(str(path), cast=CastSettings(kind="people")),
            settings,
            tmp_path / "other",
        )


@pytest.mark.parametrize("name", ["turns.jpg", "../turns.png", "a/turns.png"])
def test_a_picture_beside_the_film_stays_beside_it(name):
    with pytest.raises(ValueError, match="pictures named like"):
        Plan(RampPath(1.0), (Moment(0.0, "start"),), pictures={name: lambda draw: None})
