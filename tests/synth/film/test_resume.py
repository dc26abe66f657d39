"""A film that was stopped anywhere ends as one that was not, and draws nothing twice."""

import dataclasses
import functools
import json
import os
import shutil

import numpy as np
import pytest
from film_samples import UNSIGNED, Fade, GreyGenerator, RampPath, WaveGenerator, hash_results
from full_disk import limit_file_size
from sound_files import write_tone

from synth import Face, FilmSettings, Moment, Plan, RandomFace, RenderSettings, make_film
from synth.film import film as film_module
from synth.film import recording
from synth.film.recording import plan_segments
from synth.film.staging import FINISHED, UNFINISHED
from synth.motion.base import Motion
from synth.video.writing import probe_video

RENDER = RenderSettings(precision="fp32", compile="off", batch_size=7)
SETTINGS = FilmSettings(fps=12, marks=UNSIGNED, render=RENDER, config="name: film\n")
#: Three segments of 24, 24 and 35 frames; 7 frames at once end at none of their ends.
MOTION = Fade(82 / 12)
FRAMES, BATCHES = 83, 12
#: When these batches are drawn, the first segment is certainly written, or the first two are: two
#: batches may wait for the encoder.
SECOND, THIRD = 6, 10
FILES = ("video.mp4", "video.webm", "video.gif", "frames")
STOPPED = -1
pytestmark = pytest.mark.filterwarnings("ignore:.*has no faster form")


@pytest.fixture(autouse=True, scope="module")
def short_segments():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "LEAST_FRAMES", 24)
        # Plots take longer than all else here.
        quick = functools.partial(film_module.save_scorecard, with_report=False)
        patch.setattr(film_module, "save_scorecard", quick)
        yield


class Stopped(BaseException):
    """Stands for Ctrl-C, which pytest would take for its own."""


class StoppingGenerator(WaveGenerator):
    """Stops the run when it is to draw the so many-th batch."""

    stops_at = -1

    def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
        if len(self.batches) == self.stops_at:
            raise Stopped
        return super().synthesis(w_plus, noise_mode, noise_seed)


def make(folder, settings=SETTINGS, stops_at=-1, motion: Motion = MOTION):
    """Make the film; how many batches were drawn for it, or STOPPED."""
    generator = StoppingGenerator()
    generator.stops_at = stops_at
    try:
        make_film(generator, RandomFace(), motion, settings, folder)
    except Stopped:
        return STOPPED
    return len(generator.batches)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Hashes of the films that nobody disturbed, by file."""
    found = {}

    def get(file):
        if file not in found:
            folder = tmp_path_factory.mktemp("undisturbed")
            make(folder, dataclasses.replace(SETTINGS, file=file))
            found[file] = hash_results(folder)
        return found[file]

    return get


@pytest.mark.parametrize("file", FILES)
def test_a_stopped_film_ends_as_an_undisturbed_one(tmp_path, undisturbed, file):
    settings = dataclasses.replace(SETTINGS, file=file)
    assert make(tmp_path / "film", settings, stops_at=SECOND) == STOPPED
    assert [path.name for path in (tmp_path / "film").iterdir()] == [UNFINISHED]
    drawn = make(tmp_path / "film", settings)
    # From the batch that holds the second segment's first frame on, and two for the sheet.
    assert drawn == BATCHES - 24 // 7 + 2
    assert hash_results(tmp_path / "film") == undisturbed(file)
    assert {path.name for path in (tmp_path / "film").glob(".*")} == set()
    assert probe_video(tmp_path / "film" / file).frame_count == FRAMES


def test_stopped_again_and_again(tmp_path, undisturbed):
    for stops_at in (3, 6, 2, 5):
        assert make(tmp_path, stops_at=stops_at) == STOPPED
    make(tmp_path)
    assert hash_results(tmp_path) == undisturbed("video.mp4")


def test_segments_begin_where_the_film_says(tmp_path):
    for count, gop in ((1, 12), (24, 12), (35, 12), (36, 12), (1000, 7), (500, 250), (40, 1)):
        segments = plan_segments(tmp_path, count, gop)
        frames = [number for segment in segments for number in segment.frames]
        assert frames == list(range(count))
        assert all(segment.frames.start % gop == 0 for segment in segments)
        lengths = {len(segment.frames) for segment in segments[:-1]}
        assert len(lengths) <= 1 and all(length >= 24 for length in lengths)
        assert len({segment.folder for segment in segments}) == len(segments)
        if len(segments) > 1:
            assert len(segments[-1].frames) >= len(segments[0].frames) / 2
    assert len(plan_segments(tmp_path, 1000, 7)) == 36


def test_damaged_and_lost_segments_are_drawn_again(tmp_path, undisturbed):
    def ruin(step):
        """The first segment is lost, the second damaged, when all are there."""
        kept = tmp_path / UNFINISHED / "segments"
        shutil.rmtree(kept / "000000")
        path = kept / "000001" / "pictures.mp4"
        path.write_bytes(path.read_bytes()[:-1])
        raise Stopped

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(film_module.Recording, "join", ruin)
        assert make(tmp_path) == STOPPED
    drawn = make(tmp_path)
    assert drawn == 48 // 7 + 1 + 2, "the third was there"
    assert hash_results(tmp_path) == undisturbed("video.mp4")


def test_segments_that_vanish_meanwhile_are_made_again(tmp_path, undisturbed):
    class Vanishing(StoppingGenerator):
        def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
            if len(self.batches) == 40:
                shutil.rmtree(tmp_path / UNFINISHED / "segments", ignore_errors=True)
            return super().synthesis(w_plus, noise_mode, noise_seed)

    make_film(Vanishing(), RandomFace(), MOTION, SETTINGS, tmp_path)
    assert hash_results(tmp_path) == undisturbed("video.mp4")


@pytest.mark.parametrize("step", ["join", "sheet", "score", "sound"])
def test_what_comes_last_is_made_again(tmp_path, monkeypatch, step):
    settings = dataclasses.replace(SETTINGS, sound=write_tone(tmp_path / "tone.wav"))
    make(tmp_path / "undisturbed", settings)
    names = {"sheet": "draw_sheet", "score": "score_video", "sound": "add_sound"}

    def stop(*arguments, **options):
        raise Stopped

    with monkeypatch.context() as patch:
        where = film_module.Recording if step == "join" else film_module
        patch.setattr(where, names.get(step, step), stop)
        assert make(tmp_path / "film", settings) == STOPPED
    assert make(tmp_path / "film", settings) == 2, "only the sheet's pictures are drawn"
    assert hash_results(tmp_path / "film") == hash_results(tmp_path / "undisturbed")


def test_times_of_files_do_not_matter(tmp_path, undisturbed):
    make(tmp_path, stops_at=THIRD)
    for number, path in enumerate(sorted(tmp_path.rglob("*"))):
        os.utime(path, (number, 4e9 if number % 2 else 0))
    assert 0 < make(tmp_path) < BATCHES
    assert hash_results(tmp_path) == undisturbed("video.mp4")
    for path in tmp_path.rglob("*"):
        os.utime(path, (0, 0))
    assert make(tmp_path) == 0


def test_a_film_that_is_there_is_kept(tmp_path):
    make(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    told = []
    film = make_film(StoppingGenerator(), RandomFace(), MOTION, SETTINGS, tmp_path, told.append)
    assert film.is_kept and film.facts.frame_count == FRAMES
    assert "resume=false" in str(told[-1])
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert make(tmp_path, dataclasses.replace(SETTINGS, resume=False)) == BATCHES + 2


def test_missing_results_are_made_again_from_the_video(tmp_path):
    make(tmp_path)
    wanted = hash_results(tmp_path)
    (tmp_path / "track.yaml").unlink()
    (tmp_path / "contact_sheet.png").write_bytes(b"not mine")
    assert make(tmp_path) == 2
    assert hash_results(tmp_path) == wanted
    (tmp_path / "video.mp4").write_bytes(b"not mine either")
    assert make(tmp_path) == BATCHES + 2
    assert hash_results(tmp_path) == wanted


@pytest.mark.parametrize(
    ("settings", "motion", "named"),
    [
        ({"crf": 30}, MOTION, "video.crf"),
        ({"fps": 10}, MOTION, r"motion\.frames.*video\.fps"),
        ({"render": dataclasses.replace(RENDER, batch_size=5)}, MOTION, "render.batch_size"),
        ({}, Fade(9.0), r"motion\.frames, motion\.path"),
    ],
)
def test_another_film_does_not_go_on_with_it(tmp_path, settings, motion, named):
    make(tmp_path, stops_at=THIRD)
    other = dataclasses.replace(SETTINGS, **settings)
    with pytest.raises(ValueError, match=f"film begun in .* got others: {named}.* resume=false"):
        make(tmp_path, other, motion=motion)
    assert make(tmp_path, stops_at=0) == STOPPED, "what was begun is still there"
    frames = RampPath(motion.seconds).duration_s * other.fps + 1
    assert make(tmp_path, dataclasses.replace(other, resume=False), motion=motion) > frames / 7
    assert not (tmp_path / UNFINISHED).exists()


def test_other_weights_or_another_face_are_another_film(tmp_path):
    make(tmp_path, stops_at=THIRD)
    with pytest.raises(ValueError, match=r"got others: generator\.sha256"):
        make_film(WaveGenerator(sha256="1" * 64), RandomFace(), MOTION, SETTINGS, tmp_path)
    with pytest.raises(ValueError, match=r"got others: face\.rows"):
        make_film(StoppingGenerator(), RandomFace(1), MOTION, SETTINGS, tmp_path)


def test_a_stage_is_given_the_same_chunks_wherever_a_run_begins(tmp_path):
    class Blended:
        """A motion whose frames depend on all that are in a chunk with them."""

        def plan(self, face, scene):
            def blend(frames, times_s):
                mean = frames.mean(0, keepdims=True)
                return (frames * 0.5 + mean * 0.5).astype(np.uint8)

            return Plan(RampPath(MOTION.seconds), (Moment(0.0, "start"),), touch=blend)

    settings = dataclasses.replace(SETTINGS, file="frames")
    make(tmp_path / "undisturbed", settings, motion=Blended())
    assert make(tmp_path / "film", settings, stops_at=SECOND, motion=Blended()) == STOPPED
    make(tmp_path / "film", settings, motion=Blended())
    assert hash_results(tmp_path / "film") == hash_results(tmp_path / "undisturbed")


def test_the_film_before_stays_until_the_new_one_is_whole(tmp_path):
    make(tmp_path, motion=Fade(1.0))
    before = hash_results(tmp_path)
    make(tmp_path, stops_at=THIRD)
    assert {name: one for name, one in hash_results(tmp_path).items() if name[0] != "."} == before
    make(tmp_path)
    assert hash_results(tmp_path) != before and not (tmp_path / FINISHED).exists()


def test_two_processes_cannot_make_one_film(tmp_path):
    class Nosy(StoppingGenerator):
        def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
            if not self.batches:
                with pytest.raises(ValueError, match="no other run is writing in"):
                    make(tmp_path)
            return super().synthesis(w_plus, noise_mode, noise_seed)

    make_film(Nosy(), RandomFace(), MOTION, SETTINGS, tmp_path)
    assert (tmp_path / "video.mp4").is_file()


@pytest.mark.parametrize("file", FILES)
def test_a_full_disk_pauses_and_loses_nothing(tmp_path, undisturbed, file):
    settings = dataclasses.replace(SETTINGS, file=file)
    sizes = {"video.mp4": 3_300, "video.webm": 2_600, "video.gif": 45_000, "frames": 500}
    with limit_file_size(sizes[file]), pytest.raises(OSError, match="File too large") as caught:
        make(tmp_path, settings)
    notes = (tmp_path / UNFINISHED).glob("segments/0*/segment.json")
    kept = [json.loads(path.read_text())["frames"] for path in notes]
    if file != "frames":  # where each picture is too large
        frames = sum(stop - start for start, stop in kept)
        assert f"paused (File too large): {frames} of 83 frames are finished" in str(caught.value)
        assert 0 < frames < 83
    make(tmp_path, settings)
    assert hash_results(tmp_path) == undisturbed(file)


def test_prepared_faces_resume_too(tmp_path):
    generator = StoppingGenerator()
    face = Face.random(generator, 3)
    generator.stops_at = THIRD
    with pytest.raises(Stopped):
        make_film(generator, face, MOTION, SETTINGS, tmp_path)
    generator.batches.clear()
    generator.stops_at = -1
    make_film(generator, face, MOTION, SETTINGS, tmp_path)
    assert len(generator.batches) < BATCHES
    assert isinstance(generator, GreyGenerator)
