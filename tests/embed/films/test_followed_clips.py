"""Clips of painted people: what is kept of them, and what is made again."""

from contextlib import ExitStack

import numpy as np
import pytest
from film_people import make_source, paint_walk, write_clip
from inversion_samples import make_tiny_generator
from painted_faces import LevelEncoder, make_finder, paint

from embed.faces.base import NoFaceError
from embed.films.film_face import FilmFace
from embed.films.kept_blocks import Findings, KeptBlocks
from embed.films.moving_film import FilmedPerson
from embed.photos.recipe import InversionRecipe
from embed.tracking.face_tracking import PersonTracker
from embed.tracking.following import Following
from embed.tracking.tracker_memory import TrackerMemory
from synth.film.film import make_film
from synth.film.marks.settings import UNMARKED
from synth.film.settings import FilmSettings, RenderSettings
from synth.motion.transform import StillPath
from synth.storage.locks import own_file


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
    assert FilmFace("clip.mp4", InversionRecipe(tune="auto")).recipe.tune is False


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


class Stopped(Exception):
    """What a test ends a run with."""


def stop_at(frame: int):
    def report(told):
        if told.step == "follow" and told.done >= frame:
            raise Stopped

    return report


def test_who_was_stopped_goes_on_and_finds_the_same(tmp_path, cache, monkeypatch):
    monkeypatch.setattr("embed.films.person_track.BLOCK_FRAMES", 16)
    looks, look = [], PersonTracker.look
    monkeypatch.setattr(PersonTracker, "look", lambda *all: looks.append(1) or look(*all))
    source = make_source(write_clip(tmp_path / "clip", paint_walk(48)), monkeypatch)
    generator = make_tiny_generator()
    counts, notes = [], []
    for frame in (24, 40):
        with pytest.raises(Stopped):
            source.prepare(generator, stop_at(frame))
        counts.append(len(looks))
    (begun,) = cache.iterdir()
    assert sorted(one.name for one in begun.iterdir()) == ["from-00000000", "from-00000016"]
    source.prepare(generator, lambda told: notes.append(told.note))
    counts.append(len(looks))
    assert "goes on at frame 32" in notes
    assert counts[2] - counts[1] <= 48 - 32, "what was kept is not followed again"
    (folder,) = cache.iterdir()
    stopped = {one.name: one.read_bytes() for one in folder.iterdir()}
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "other"))
    track = source.prepare(generator).acts.track
    assert len(looks) - counts[2] == 48
    (folder,) = (tmp_path / "other" / "films").iterdir()
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == stopped
    assert track.seen[:18].all() and not track.seen[24:31].any() and track.seen[36:].all()
    assert np.nanmax(track.quads[..., 0].mean(1)) < 130, "the other person is let alone"


def test_a_damaged_block_and_those_after_it_are_followed_again(tmp_path):
    blocks = KeptBlocks(tmp_path)
    for given in (2, 4):
        found = Findings(
            np.zeros((2, 4, 2)), np.zeros((2, 68, 2)), np.zeros((2, 1, 3)),
            np.zeros((2, 48, 48, 3), np.uint8),
        )  # fmt: skip
        blocks.add(found, Following(given, memory=TrackerMemory(given + 5)))
    following = blocks.load_following()
    assert (following.given, following.memory.frame) == (4, 9) and len(list(blocks.load())) == 2
    (tmp_path / "from-00000000" / "points.npy").write_bytes(b"")
    assert blocks.load_following().given == 0 and not list(blocks.load())


def test_what_a_tracker_knows_comes_back_to_the_bit():
    tracker = PersonTracker(make_finder(), LevelEncoder())
    for frame in paint_walk(7):
        tracker.look(frame)
    kept = tracker.memory.pack()
    again = TrackerMemory.unpack(kept).pack()
    assert set(kept) == set(again) == {"numbers", "box", "place", "glance", "person"}
    assert all(np.array_equal(kept[name], again[name]) for name in kept)
    assert all(kept[name].dtype == again[name].dtype for name in kept)


def test_two_processes_take_turns(tmp_path, monkeypatch):
    monkeypatch.setattr("embed.films.film_face.TURN_S", 0.01)
    source = make_source(write_clip(tmp_path / "clip", paint_walk(3)), monkeypatch)
    generator = make_tiny_generator()
    folder = source._find_folder(generator)
    held, notes = ExitStack(), []
    held.enter_context(own_file(folder.with_name(f".{folder.name}.in_use"), ""))

    def report(told):
        notes.append(told.note)
        held.close()

    source.prepare(generator, report)
    assert "waits for another part of this process" in notes[0]


def test_a_clip_without_anybody_is_named_and_leaves_nothing(tmp_path, cache, monkeypatch):
    source = make_source(write_clip(tmp_path / "clip", [paint()] * 9), monkeypatch)
    with pytest.raises(NoFaceError, match=r"/clip: needs a video that shows the person.*9 frames"):
        source.prepare(make_tiny_generator())
    assert not list(cache.iterdir())


def test_a_file_that_is_no_clip_is_named(tmp_path, monkeypatch):
    for name, content in (("empty.mp4", b""), ("text.mp4", b"no clip" * 99)):
        (tmp_path / name).write_bytes(content)
        source = make_source(tmp_path / name, monkeypatch)
        for ask in (source.check, source.find_fps):
            with pytest.raises(ValueError, match=f"needs a readable video; .*{name}"):
                ask()
