"""A person in a clip: frames in any order, W+ that add up, pixels that stay or move."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from inversion_samples import make_tiny_generator

from embed.faces.landmarks import FaceFinder
from embed.films.film_face import FilmFace, make_recipe
from embed.films.moving_film import ClipFrames, FilmedPerson
from embed.films.person_track import PersonTrack, list_runs, smooth_over_time
from embed.photos.recipe import InversionRecipe
from embed.photos.starts import BundledStart
from synth.emotions import Emotion
from synth.faces.face import Face
from synth.faces.random_faces import map_seeds
from synth.film.acting import let_act
from synth.generators import load_generator
from synth.generators.bundled_head import BUNDLED_HEAD, load_head
from synth.motion.base import Moment, Plan, Scene
from synth.motion.direction_sets import DirectionSet
from synth.motion.directions import Direction
from synth.motion.masks import MASKS
from synth.motion.transform import StillPath
from synth.types import to_frames
from synth.video.writing import Encoding, write_video

SQUARE = np.array([[2.0, 2], [2, 30], [30, 30], [30, 2]])


@pytest.fixture
def clip(tmp_path):
    """Ten frames, each a grey of its own."""
    frames = np.arange(10, dtype=np.uint8)[:, None, None, None] * 20
    folder = tmp_path / "clip"
    write_video(folder, [np.broadcast_to(frames, (10, 32, 32, 3)).copy()], Encoding(10.0))
    return folder


@pytest.fixture
def filmed(clip):
    generator = make_tiny_generator()
    layers, width = generator.num_layers, generator.w_dim
    random = np.random.default_rng(0)
    quads = np.tile(SQUARE, (10, 1, 1))
    quads[4:6] = np.nan
    rows = random.normal(size=(10, layers, width)).astype(np.float16)
    track = PersonTrack(10.0, quads, np.zeros((10, 68, 2)), rows, np.zeros(10, np.float32))
    direction = Direction.from_vector(torch.ones(layers, width), 2.0)
    fitted = DirectionSet(
        {Emotion.HAPPINESS: direction}, generator.name, generator.sha256, {Emotion.HAPPINESS: -1e3}
    )
    head = load_head(BUNDLED_HEAD)
    person = torch.zeros(layers, width)
    return FilmedPerson(clip, track, person, generator, head, fitted, MASKS["none"], more=True)


def test_runs_end_at_gaps_and_at_jumps():
    quads = np.tile(SQUARE, (8, 1, 1))
    quads[2] = np.nan
    quads[5:] += 40
    assert list_runs(quads) == [slice(0, 2), slice(3, 5), slice(5, 8)]


def test_one_frame_is_asked_for_alone(filmed, monkeypatch):
    assert [filmed.track.shows(k) for k in range(10)] == [*filmed.track.seen]
    # Of a film of n frames all would be looked through n times.
    monkeypatch.setattr(PersonTrack, "seen", property(lambda track: pytest.fail("all frames")))
    filmed.carry(lambda times: torch.zeros(2, *filmed.person.shape), torch.tensor([0.0, 0.4]))


@pytest.mark.parametrize("chunk", [1, 7, 40])
def test_smoothing_in_parts_is_that_of_the_whole(chunk):
    rows = np.random.default_rng(0).normal(size=(50, 2, 3)).astype(np.float32)
    whole, parts = rows.copy(), rows.copy()
    smooth_over_time(whole, slice(5, 45), 2.0, 100)
    smooth_over_time(parts, slice(5, 45), 2.0, chunk)
    assert np.allclose(whole, parts, atol=1e-6)
    assert whole[5:45].std() < 0.6 * rows.std()
    assert np.array_equal(whole[:5], rows[:5]) and np.array_equal(whole[45:], rows[45:])


def test_frames_of_a_clip_in_any_order(clip):
    frames = ClipFrames(clip)
    assert [int(frames.read(k)[0, 0, 0]) for k in (3, 3, 7, 0, 9, 1)] == [60, 60, 140, 0, 180, 20]
    with pytest.raises(ValueError, match="needs 12 frames; got 10"):
        frames.read(11)


def test_a_motion_is_added_to_what_the_person_does(filmed):
    times_s = torch.tensor([0.0, 0.1, 0.4, 0.99], dtype=torch.float64)
    told = torch.randn(4, *filmed.person.shape)
    found = filmed.carry(lambda times: told, times_s)
    own = torch.from_numpy(filmed.track.rows.astype(np.float32))
    assert torch.allclose(found[0], own[0] + told[0] - filmed.person)
    assert torch.allclose(found[3], own[9] + told[3] - filmed.person)
    assert torch.equal(found[2], told[2]), "nobody is there: the motion alone"


def test_instead_of_what_they_show_takes_that_out(filmed):
    calm = FilmedPerson(
        filmed.path, filmed.track, filmed.person, filmed.generator, filmed.head, filmed.fitted,
        filmed.mask,
    )  # fmt: skip
    time_s = torch.zeros(1, dtype=torch.float64)
    still = filmed.person[None]
    unit = filmed.fitted.directions[Emotion.HAPPINESS].vector.double()
    shown = (calm.carry(lambda times: still, time_s)[0].double() * unit).sum()
    assert float(shown) == pytest.approx(-1e3, rel=1e-3)


def test_frames_without_the_person_stay(filmed, clip):
    times_s = torch.tensor([0.4, 0.5], dtype=torch.float64)
    stage = filmed.follow(lambda times: torch.zeros(2, *filmed.person.shape), times_s)
    drawn = np.full((2, 16, 16, 3), 9, np.uint8)
    found = stage(drawn, times_s)
    assert found.shape == (2, 32, 32, 3)
    assert [int(frame[0, 0, 0]) for frame in found] == [80, 100]


def test_frames_with_something_before_the_face_stay(filmed):
    covered = np.zeros(10, np.float32)
    covered[0] = 0.2
    track = replace(filmed.track, covered=covered)
    behind = replace(filmed, track=track)
    times_s = torch.tensor([0.0, 0.3, 0.6, 0.9], dtype=torch.float64)
    told = torch.randn(4, *filmed.person.shape)
    found, free = (one.carry(lambda times: told, times_s) for one in (behind, filmed))
    own = torch.from_numpy(track.rows.astype(np.float32))[[0, 3, 6, 9]]
    assert torch.equal(found[0], own[0])
    parts = [float((found[k] - own[k]).norm() / (free[k] - own[k]).norm()) for k in (0, 1)]
    assert 0 <= parts[0] < parts[1] < 1
    assert torch.allclose(found[3], free[3], atol=1e-6)
    drawn = np.full((1, 16, 16, 3), 9, np.uint8)
    shown = behind.follow(lambda times: told[:1], times_s[:1])(drawn, times_s[:1])
    assert int(shown[0, 0, 0, 0]) == 0 and behind.count_covered() == 3, "and those right after it"
    moved = replace(behind, keep_covered=False)
    assert torch.allclose(moved.carry(lambda times: told, times_s), free)


def test_the_film_is_as_long_as_the_person_acts(filmed, tmp_path):
    face = Face(filmed.person, filmed.generator, "clip", moves=filmed, acts=filmed)
    path = StillPath(filmed.person, 5.0)
    moments = (Moment(0.0, "calm"), Moment(0.5, "fear"), Moment(4.0, "late"))
    notes = []
    scene = Scene(20, None, lambda told: notes.append(told.note))
    plan = let_act(face, Plan(path, moments, {}, told=lambda times: None), scene)
    assert plan.path.duration_s == pytest.approx(0.95) and plan.told is None
    assert [moment.label for moment in plan.moments] == ["calm", "fear"]
    assert "video.fps=10" in notes[0]
    plain = Plan(path, moments, {})
    assert let_act(Face(filmed.person, filmed.generator), plain, scene) is plain


@pytest.mark.slow
def test_a_clip_of_a_face_from_its_file(tmp_path, monkeypatch):
    """Without the face's square nothing changes, and the same clip is followed once."""
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))
    generator = load_generator("bundled")
    drawn = to_frames(generator.synthesis(map_seeds([3], generator, 0.7), resolution=256))[0]
    frames = np.full((4, 360, 400, 3), 90, np.uint8)
    for k, frame in enumerate(frames):
        frame[40:296, 60 + 2 * k : 316 + 2 * k] = drawn
    write_video(tmp_path / "clip.mp4", [frames], Encoding(25.0, crf=4))
    recipe = InversionRecipe(finder=FaceFinder(points="own"), start=BundledStart())
    source = FilmFace(str(tmp_path / "clip.mp4"), recipe)
    face = source.prepare(generator)
    assert face.acts is not None and face.acts.duration_s == pytest.approx(4 / 25)
    times_s = torch.arange(4, dtype=torch.float64) / 25
    directions = face.acts.fitted.directions
    step = directions[Emotion.HAPPINESS].step(MASKS["emotion"], face.rows)

    def smile(times):
        return (face.rows + step).expand(len(times), -1, -1)

    carried = face.acts.carry(smile, times_s)
    pictures = to_frames(generator.synthesis(carried, resolution=256))
    stage = face.find_place(lambda times: carried[: len(times)], times_s)
    found, shown = stage(pictures, times_s), ClipFrames(tmp_path / "clip.mp4")
    for k, frame in enumerate(found):
        changed = (frame != shown.read(k)).any(2)
        assert changed[150:290, 120:260].mean() > 0.3, "the face moves"
        assert not changed[:, :40].any() and not changed[:30].any(), "all else stays"

    def fail(*_):
        raise AssertionError("followed again")

    monkeypatch.setattr("embed.films.film_face.save_person_track", fail)
    source.prepare(generator)


def test_mistakes_are_told(tmp_path, filmed):
    with pytest.raises(ValueError, match="needs a finder to follow a person"):
        FilmFace("clip.mp4", InversionRecipe(finder=None))
    assert make_recipe().start is not None
    still = tmp_path / "still"
    write_video(still, [np.zeros((1, 32, 32, 3), np.uint8)], Encoding(10.0))
    recipe = InversionRecipe(finder=FaceFinder(points="own"))
    with pytest.raises(ValueError, match="needs a clip of at least 2 frames; got 1"):
        FilmFace(str(still), recipe).check()
    with pytest.raises(ValueError, match="needs a generator whose head is known"):
        FilmFace(str(filmed.path), recipe).prepare(filmed.generator)
