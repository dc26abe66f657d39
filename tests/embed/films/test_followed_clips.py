"""Clips of painted people: what is kept of them, and what is made again."""

import numpy as np
import pytest
from film_people import make_source, paint_walk, write_clip
from inversion_samples import make_tiny_generator

from embed.films.film_face import FilmFace
from embed.films.moving_film import FilmedPerson
from embed.photos.recipe import InversionRecipe
from synth.film.film import make_film
from synth.film.marks.settings import UNMARKED
from synth.film.settings import FilmSettings, RenderSettings
from synth.motion.transform import StillPath


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "films"


def test_a_damaged_file_is_noticed_and_made_again(tmp_path, cache, monkeypatch, recwarn):
    source = make_source(write_clip(tmp_path / "clip", paint_walk(24)), monkeypatch)
    generator = make_tiny_generator()
    first = source.prepare(generator).acts.track
    (folder,) = cache.iterdir()
    before = {one.name: one.read_bytes() for one in folder.iterdir()}
    source.prepare(generator)
    assert not recwarn.list, "what is whole is taken as it is"
    rows = bytearray(before["rows.npy"])
    rows[-1000] ^= 1
    (folder / "rows.npy").write_bytes(rows)
    with pytest.warns(UserWarning, match=r"rows.npy: what is kept of the person in .*damaged"):
        again = source.prepare(generator).acts.track
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == before
    assert np.array_equal(first.quads, again.quads, equal_nan=True)


def test_nothing_is_tuned_for_a_film():
    with pytest.raises(ValueError, match=r"needs a recipe without tuning.*face.recipe.tune=false"):
        FilmFace("clip.mp4", InversionRecipe(tune=True))


def test_a_film_has_the_rate_and_the_frames_of_its_clip(tmp_path, monkeypatch):
    source = make_source(write_clip(tmp_path / "clip", paint_walk(4)), monkeypatch)
    monkeypatch.setattr(FilmedPerson, "_draw", lambda self, number, *_: self._frames.read(number))
    generator = make_tiny_generator()
    still = StillPath(source.prepare(generator).rows, 9.0)
    settings = FilmSettings(file="frames", render=RenderSettings("cpu", "fp32"), marks=UNMARKED)
    notes = []
    film = make_film(generator, source, still, settings, tmp_path / "film", notes.append)
    assert (film.facts.fps, film.facts.frame_count) == (12, 4)
    assert not any("video.fps=" in told.note for told in notes)
    assert '"fps": "12"' in (tmp_path / "film" / "film.json").read_text()
    assert make_film(generator, source, still, settings, tmp_path / "film").is_kept
