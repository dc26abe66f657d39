"""The film maker with faces, generators and motions that nobody in the library knows."""

import dataclasses
import json
import threading

import numpy as np
import pytest
import torch
import yaml
from film_samples import Fade, GreyGenerator, RampPath
from PIL import Image

from synth import (
    Cancelled,
    EmotionMotion,
    EmotionTrack,
    Face,
    FaceWalk,
    FilmSettings,
    Keyframes,
    RandomFace,
    RenderSettings,
    Watch,
    make_film,
)
from synth.faces.latents import load_latents
from synth.film.marks.settings import UNMARKED
from synth.motion.any_motion import as_motion
from synth.motion.masks import MASKS
from synth.scores.scorecard import load_scorecard
from synth.video.writing import probe_video, read_frames

QUICK = FilmSettings(
    fps=8, marks=UNMARKED, file="frames", render=RenderSettings(precision="fp32", compile="off")
)
RESULTS = {
    "contact_sheet.png",
    "film.json",
    "latents.npz",
    "scorecard.json",
    "scorecard.md",
    "scorecard.png",
    "track.yaml",
}
pytestmark = pytest.mark.filterwarnings("ignore:.*has no faster form")


@pytest.fixture
def generator():
    return GreyGenerator()


def read_all(path):
    return np.concatenate(list(read_frames(path)))


def list_names(folder):
    return {path.name for path in folder.iterdir()}


def test_a_motion_of_ones_own_becomes_film_sheet_and_scorecard(generator, tmp_path):
    film = make_film(generator, RandomFace(3), Fade(), QUICK, tmp_path / "film")
    assert list_names(film.folder) == RESULTS | {"frames"}
    frames = read_all(film.video)
    assert len(frames) == film.facts.frame_count == 9
    left, right = frames[:, :, :8], frames[:, :, 8:]
    assert (right == (255, 0, 0)).all(), "the motion's stage touches frames before they are written"
    assert (np.diff(left[:, 0, 0, 0].astype(int)) > 0).all() and left[0].max() == 0
    assert load_scorecard(film.folder / "scorecard.json") == film.scorecard
    assert film.scorecard.seed == 3 and film.scorecard.frame_count == 9
    assert yaml.safe_load((film.folder / "track.yaml").read_text()) == {"fade": 1.0}
    rows = load_latents(film.folder / "latents.npz", generator)
    assert torch.equal(rows[0], Face.random(generator, 3).rows)
    assert rows[1:, 0, 0].tolist() == [-1, 1]
    with Image.open(film.contact_sheet) as sheet:
        is_red = (np.asarray(sheet) == (255, 0, 0)).all(-1)
    assert 0.1 < is_red.mean() < 0.5, "the sheet shows what the film shows"


def test_a_face_knows_its_place(generator, tmp_path):
    def widen(frames, times_s):
        return np.concatenate([frames, np.full_like(frames, 255)], 2)

    rows = torch.full((1, 4), -1.0)
    face = Face(rows, generator, "somebody", place=widen)
    film = make_film(generator, face, Fade(), QUICK, tmp_path / "film")
    frames = read_all(film.video)
    assert frames.shape[1:3] == (16, 32) and (frames[:, :, 16:] == 255).all()
    assert (frames[:, :, 8:16] == (255, 0, 0)).all(), "first the motion's stage, then the place"


@pytest.mark.parametrize("is_followed", [True, False])
def test_a_face_may_follow_the_path_itself(generator, tmp_path, is_followed):
    class Follower:
        def follow(self, path, times_s):
            assert len(path(times_s)) == len(times_s) > 2

            def paint(frames, times_s):
                level = (path(times_s)[:, 0, 0].numpy() + 1) / 2 * 250
                return np.full_like(frames, 0) + level.round().astype(np.uint8)[:, None, None, None]

            return paint if is_followed else None

    rows = torch.full((1, 4), -1.0)
    face = Face(rows, generator, place=lambda frames, times_s: frames[:, ::-1], moves=Follower())
    film = make_film(generator, face, Fade(), QUICK, tmp_path / "film")
    frames = read_all(film.video).astype(int)
    red = (frames[:, :, 8:] == (255, 0, 0)).all()
    assert red != is_followed
    if is_followed:
        assert frames[0].max() <= 3 and frames[-1].min() >= 245


@pytest.mark.parametrize("closed", [False, True])
def test_a_path_alone_is_a_motion(generator, tmp_path, closed):
    path = RampPath(2.0, closed)
    film = make_film(generator, RandomFace(), path, QUICK, tmp_path / "film")
    assert film.facts.frame_count == (16 if closed else 17)
    assert film.moments[0].time_s == 0 and len(film.moments) == 8
    times_s = [moment.time_s for moment in film.moments]
    assert times_s == sorted(times_s) and times_s[-1] == (film.facts.frame_count - 1) / 8


def test_keyframes_alone_are_a_motion(generator, tmp_path):
    rows = torch.tensor([-1.0, 1.0])[:, None, None].expand(-1, 1, 4)
    keyframes = Keyframes(rows, (0.0, 1.0), (0.0, 0.0), ("a", "b"), (None, "smoothstep"))
    film = make_film(generator, RandomFace(), keyframes, QUICK, tmp_path / "film")
    assert [moment.label for moment in film.moments] == ["a", "b"]
    assert read_all(film.video)[[0, -1], 0, 0, 0].tolist() == [0, 255]


def test_a_track_and_a_walk_are_motions(generator, tmp_path):
    track = EmotionTrack.of("calm", hold=0.5)
    with pytest.raises(ValueError, match=r"within the 1 rows of this W.; got rows up to 8"):
        make_film(generator, RandomFace(), track, QUICK, tmp_path / "a")
    acted = EmotionMotion(track, mask=MASKS["none"])
    assert make_film(generator, RandomFace(), acted, QUICK, tmp_path / "a").facts.frame_count == 5
    film = make_film(generator, RandomFace(), FaceWalk(count=3, gap=0.5), QUICK, tmp_path / "b")
    assert film.facts.frame_count == 12
    assert [moment.label for moment in film.moments] == ["start", "seed 1", "seed 2"]


def test_what_is_no_motion_is_told():
    with pytest.raises(ValueError, match=r"needs a motion: .* got str; see docs/extending.md"):
        as_motion("dance")


def test_a_face_for_another_generator_is_told(generator, tmp_path):
    other = GreyGenerator(resolution=32)
    with pytest.raises(ValueError, match="needs a face prepared for generator grey"):
        make_film(generator, Face.random(other), Fade(), QUICK, tmp_path / "film")


@pytest.mark.parametrize("seconds", [1e9, float("inf"), float("nan"), -1.0])
def test_absurd_lengths_are_refused(generator, tmp_path, seconds):
    with pytest.raises(ValueError, match="needs a film of at most 24 hours"):
        make_film(generator, RandomFace(), RampPath(seconds), QUICK, tmp_path / "film")


def test_progress_is_told_and_a_watch_stops_the_film(generator, tmp_path):
    told = []
    film = make_film(generator, RandomFace(), Fade(), QUICK, tmp_path / "film", told.append)
    rendered = [p.done for p in told if p.step == "render"]
    assert rendered == sorted(rendered) and rendered[-1] == film.facts.frame_count
    assert {"sheet", "score"} <= {p.step for p in told}
    before = {name: (tmp_path / "film" / name).stat().st_mtime_ns for name in RESULTS}
    watch = Watch(lambda p: threading.Thread(target=watch.cancel).start() or None)
    slow = RampPath(200.0)
    with pytest.raises(Cancelled, match="stopped during"):
        make_film(generator, RandomFace(), slow, QUICK, tmp_path / "film", watch)
    after = {name: (tmp_path / "film" / name).stat().st_mtime_ns for name in RESULTS}
    assert after == before, "the film before is as it was"
    assert list_names(tmp_path / "film") == RESULTS | {"frames"}


def test_a_film_replaces_all_of_the_one_before_and_nothing_else(generator, tmp_path):
    folder = tmp_path / "film"
    make_film(generator, RandomFace(1), Fade(), QUICK, folder)
    (folder / "notes.txt").write_text("mine")
    gif = FilmSettings(fps=8, marks=UNMARKED, file="video.gif", render=QUICK.render)
    make_film(generator, RandomFace(2), Fade(), gif, folder)
    assert list_names(folder) == RESULTS | {"video.gif", "notes.txt"}
    assert set(json.loads((folder / "film.json").read_text())["files"]) == (
        RESULTS - {"film.json"} | {"video.gif"}
    )


def test_a_failure_in_the_middle_leaves_the_film_before(generator, tmp_path):
    folder = tmp_path / "film"
    make_film(generator, RandomFace(), Fade(), QUICK, folder)
    before = read_all(folder / "frames")
    generator.broken_from = len(generator.batches) + 2
    settings = FilmSettings(
        fps=8, marks=UNMARKED, file="frames", render=RenderSettings(batch_size=1)
    )
    with pytest.raises(ValueError, match="needs finite pixel values"):
        make_film(generator, RandomFace(), RampPath(3.0), settings, folder)
    assert list_names(folder) == RESULTS | {"frames"}
    assert np.array_equal(read_all(folder / "frames"), before)


def test_settings_are_checked_before_anything_is_computed(tmp_path):
    with pytest.raises(ValueError, match="needs a file's name without folders"):
        FilmSettings(file="../video.mp4")
    with pytest.raises(ValueError, match="needs an output named"):
        FilmSettings(file="video.avi")
    with pytest.raises(ValueError, match="needs crf"):
        FilmSettings(crf=99)
    generator = GreyGenerator()
    with pytest.raises(FileNotFoundError, match="needs a file with sound"):
        sound = FilmSettings(sound=str(tmp_path / "gone.wav"))
        make_film(generator, RandomFace(), Fade(), sound, tmp_path / "film")
    assert not generator.batches and not (tmp_path / "film").exists()


def test_the_video_is_as_long_as_the_plan(generator, tmp_path):
    film = make_film(
        generator,
        RandomFace(),
        Fade(2.0),
        FilmSettings(fps=10, marks=UNMARKED, render=QUICK.render),
        tmp_path,
    )
    assert probe_video(film.video).frame_count == 21


def test_a_motions_own_sound_is_checked_before_anything_is_drawn(generator, tmp_path):
    class Loud(Fade):
        def plan(self, face, scene):
            return dataclasses.replace(super().plan(face, scene), sound=tmp_path / "gone.wav")

    with pytest.raises(ValueError, match="needs a film ending in"):
        make_film(generator, RandomFace(), Loud(), QUICK, tmp_path / "film")
    video = FilmSettings(fps=8, marks=UNMARKED, render=QUICK.render)
    with pytest.raises(FileNotFoundError, match=r"gone\.wav"):
        make_film(generator, RandomFace(), Loud(), video, tmp_path / "film")
    assert not generator.batches
