"""The emotions of a clip's main faces, for motions that follow footage."""

import numpy as np
import pytest
from footage_samples import LevelScorer, SquareCutter, draw_frame, write_clip

from emotion_seq.classify import DecisionSettings
from emotion_seq.footage_emotions import FootageEmotions
from emotion_seq.predict import ReplaySettings
from emotion_seq.trailers import FootageSettings
from synth.emotions import Emotion
from synth.motion.footage.classes import EmotionReader
from synth.progress import ignore_progress

SETTINGS = ReplaySettings(FootageSettings(rate=10), DecisionSettings(smoothing_s=0))


@pytest.fixture
def reader():
    return FootageEmotions(SquareCutter(), LevelScorer(), SETTINGS)


def test_the_main_face_of_each_shot_is_read(reader, tmp_path):
    frames = [draw_frame([(16, Emotion.FEAR)])] * 20 + [draw_frame([], ground=5)] * 15
    frames += [draw_frame([(64, Emotion.HAPPINESS)], ground=14)] * 20
    seen = reader.read_emotions(write_clip(tmp_path / "clip.mp4", frames), ignore_progress)
    assert isinstance(reader, EmotionReader) and "levels" in reader.name
    assert sorted(set(seen.shots.tolist())) == [0, 2]
    assert set(seen.emotions[seen.shots == 0].tolist()) == {Emotion.FEAR}
    assert set(seen.emotions[seen.shots == 2].tolist()) == {Emotion.HAPPINESS}
    assert (np.diff(seen.times_s) > 0).all() and (seen.times_s[seen.shots == 2] >= 1.4).all()
    assert (seen.strengths > 0.5).all() and (seen.strengths <= 1).all()


def test_a_clip_without_faces_has_no_sightings(reader, tmp_path):
    path = write_clip(tmp_path / "clip.mp4", [draw_frame([])] * 10)
    seen = reader.read_emotions(path, ignore_progress)
    assert len(seen.times_s) == len(seen.emotions) == 0
