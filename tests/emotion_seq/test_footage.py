"""From clips with drawn faces to sequences: cuts, gaps, people, odd files, stopped runs."""

import numpy as np
import pytest
from footage_samples import LevelScorer, SquareCutter, draw_frame, write_clip

from emotion_seq.classify import (
    DecisionSettings,
    decide_emotions,
    measure_intensity,
    smooth_probabilities,
)
from emotion_seq.footage import load_shots, make_main_sequence, make_person_sequences
from emotion_seq.trailers import FootageSettings, read_footage
from synth.faces.face_cutting import FaceCutter

FPS = 25
SCENES = (
    # seconds, faces (left, emotion), ground
    (2.0, [(16, 2)], 20),
    (2.0, [(96, 1)], 0),
    (1.0, [], 0),
    (2.0, [(48, 6)], 30),
)


def draw_film(scenes=SCENES):
    return [
        draw_frame(faces, ground)
        for seconds, faces, ground in scenes
        for _ in range(round(seconds * FPS))
    ]


def look(path, which="largest", journal=None, cutter=None, **more):
    settings = FootageSettings(which=which, **more)
    return read_footage(path, cutter or SquareCutter(), LevelScorer(), settings, journal)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("film") / "film.mp4", draw_film())


def test_the_stand_in_is_a_cutter():
    assert isinstance(SquareCutter(), FaceCutter)


def test_each_shot_gives_its_emotion_and_the_whole_lasts_as_long_as_the_video(film):
    footage = look(film)
    sequence = make_main_sequence(footage, "film")
    assert footage.duration_s == pytest.approx(7.0, abs=0.005)
    assert sequence.emotions == [2, 1, 6]
    assert sequence.duration_s == pytest.approx(7.0, abs=0.005)
    # Anger goes on while nobody is seen.
    assert [run.duration_s for run in sequence.runs] == pytest.approx([2, 3, 2], abs=0.21)


def test_faces_are_looked_for_where_they_were(film):
    cutter = SquareCutter()
    look(film, cutter=cutter)
    assert cutter.local > cutter.searches


def test_two_people_are_followed_apart(tmp_path):
    scenes = [(1.0, [(0, 2), (96, 6)], 20), (1.0, [(0, 2), (96, 1)], 20)]
    path = write_clip(tmp_path / "two.mp4", draw_film(scenes))
    footage = look(path, "all")
    assert len(footage.persons) == 2
    found = sorted(one.emotions for one in make_person_sequences(footage, "two"))
    assert found == [[2], [6, 1]]
    assert len(look(path, "largest").persons) == 1


def test_a_person_who_comes_back_after_a_cut_counts_as_another(tmp_path):
    scenes = [(1.0, [(16, 2)], 20), (1.0, [], 0), (1.0, [(16, 2)], 20)]
    footage = look(write_clip(tmp_path / "back.mp4", draw_film(scenes)))
    assert [person.shot for person in footage.persons] == [0, 2]


def test_a_stopped_run_goes_on_and_gives_the_same(film, tmp_path):
    class Stops(SquareCutter):
        def cut_faces(self, picture, near=()):
            if picture[0, 0, 1] > 25:  # the last scene
                raise KeyboardInterrupt
            return super().cut_faces(picture, near)

    with pytest.raises(KeyboardInterrupt):
        look(film, journal=tmp_path, cutter=Stops())
    cutter = SquareCutter()
    again = look(film, journal=tmp_path, cutter=cutter)
    whole = look(film)
    assert cutter.searches + cutter.local < 14  # only the last scene's pictures
    assert make_main_sequence(again, "film") == make_main_sequence(whole, "film")


def test_another_rate_has_a_journal_of_its_own(film, tmp_path):
    look(film, journal=tmp_path)
    look(film, journal=tmp_path, rate=3.0)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"rate": 0},
        {"rate": float("nan")},
        {"search_every_s": 0},
        {"longest_px": 0},
        {"which": "some"},
    ],
)
def test_settings_that_cannot_be_are_refused(settings):
    (name,) = settings
    with pytest.raises(ValueError, match=rf"needs .*{name}"):
        FootageSettings(**settings)


def test_a_video_without_faces_is_one_clear_error(tmp_path):
    path = write_clip(tmp_path / "empty.mp4", draw_film([(1.0, [], 20)]))
    with pytest.raises(ValueError, match=r"squares found none in empty.*1\.0 s, 1 shots"):
        make_main_sequence(look(path), "empty")


def test_uneven_times_are_true_times(tmp_path):
    frames = [draw_frame([(16, 2)])] * 20 + [draw_frame([(96, 1)], 0)] * 20
    # The first half at 10 a second, the second at 40.
    times_s = [k / 10 for k in range(20)] + [2 + k / 40 for k in range(20)]
    footage = look(write_clip(tmp_path / "uneven.mp4", frames, times_s=times_s))
    sequence = make_main_sequence(footage, "uneven")
    assert sequence.emotions == [2, 1]
    assert sequence.runs[0].duration_s == pytest.approx(2.0, abs=0.1)
    assert sequence.duration_s == pytest.approx(2.5, abs=0.1)


def test_a_broken_off_video_is_one_clear_error(film, tmp_path):
    # An index at the front, as on the web, survives where the end is missing.
    import av

    whole, short = tmp_path / "whole.mp4", tmp_path / "short.mp4"
    with (
        av.open(str(film)) as source,
        av.open(str(whole), "w", options={"movflags": "+faststart"}) as out,
    ):
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    short.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    with pytest.raises(ValueError, match=r"short\.mp4") as caught:
        look(short)
    assert "\n" not in str(caught.value)


def test_a_file_of_no_bytes_is_one_clear_error(tmp_path):
    path = tmp_path / "nothing.mp4"
    path.touch()
    with pytest.raises(ValueError, match=r"nothing\.mp4"):
        look(path)


def test_noise_does_not_make_an_emotion_jump():
    times_s = np.arange(30) / 5
    odds = np.full((30, 7), 0.05)
    odds[:, 2] = 0.7
    odds[[7, 15, 16, 22]] = np.eye(7)[1] * 0.65 + 0.05
    settings = DecisionSettings()
    smoothed = smooth_probabilities(odds, times_s, settings.smoothing_s)
    assert np.allclose(smoothed.sum(1), 1)
    assert set(decide_emotions(smoothed, times_s, settings)) == {2}
    assert set(odds.argmax(1)) == {1, 2}


def test_a_change_is_decided_when_it_comes():
    times_s = np.arange(40) / 5
    odds = np.full((40, 7), 0.02)
    odds[:20, 0], odds[20:, 5] = 0.88, 0.88
    smoothed = smooth_probabilities(odds, times_s, 0.3)
    decided = decide_emotions(smoothed, times_s)
    assert decided.tolist() == [0] * 20 + [5] * 20


def test_what_is_not_sure_leaves_things_as_they_were():
    odds = np.full((10, 7), 0.1)
    odds[:, 3] = 0.35
    assert set(decide_emotions(odds, np.arange(10) / 5)) == {0}
    sure = DecisionSettings(confidence=0.3)
    assert set(decide_emotions(odds, np.arange(10) / 5, sure)) == {3}


def test_intensity_grows_with_what_is_seen():
    odds = np.zeros((3, 7))
    odds[:, 2] = [0.4, 0.6, 0.9]
    odds[:, 0] = 1 - odds[:, 2]
    found = measure_intensity(odds, np.full(3, 2))
    assert np.allclose(found, [0.4, 0.6, 0.9])
    assert measure_intensity(odds, np.zeros(3, int)).tolist() == [1, 1, 1]


def test_what_is_no_video_is_told_before_models_are_fetched(tmp_path, film):
    class AbsentScorer(LevelScorer):
        def fetch_models(self):
            raise OSError("models were asked for")

    path = tmp_path / "text.mp4"
    path.write_text("no video")
    with pytest.raises(ValueError, match=r"text\.mp4"):
        read_footage(path, SquareCutter(), AbsentScorer())
    with pytest.raises(OSError, match="models were asked for"):
        read_footage(film, SquareCutter(), AbsentScorer())


def test_a_classifier_that_gives_no_number_is_not_calm(film, tmp_path):
    class BrokenScorer(LevelScorer):
        def score(self, faces):
            found = super().score(faces)
            found[0] = np.nan
            return found

    broken = BrokenScorer()
    with pytest.raises(ValueError, match=f"from {broken.name}; got NaN or infinity for 1 of"):
        read_footage(film, SquareCutter(), broken, journal=tmp_path)
    assert not list(tmp_path.rglob("*.npz"))
    odds = np.full((3, 7), np.nan)
    with pytest.raises(ValueError, match="needs probabilities to decide by"):
        decide_emotions(odds, np.arange(3) / 5)


def test_a_damaged_shot_is_named(tmp_path):
    (tmp_path / "shot_00000.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"shot_00000\.npz: needs"):
        load_shots(tmp_path)
    np.savez(tmp_path / "shot_00000.npz", count=np.array(2), end_s=np.array(1.0))
    with pytest.raises(ValueError, match=r"shot_00000\.npz: needs a shot that was noted whole"):
        load_shots(tmp_path)
