import numpy as np
import pytest

from synth.faces.observers import (
    FaceObservations,
)
from synth.scores.acd_summary import PUBLISHED, format_summary, summarise_cards
from synth.scores.scorecard import score_frames


class Walker:
    """Every frame is `step` away from the one before; black shows no face."""

    name = "walker"

    def __init__(self, step):
        self.step = step

    def observe(self, frames):
        embeddings = np.arange(len(frames), dtype=float)[:, None] * self.step
        landmarks = np.random.default_rng(0).uniform(0, 9, (len(frames), 68, 2))
        black = frames.max(axis=(1, 2, 3)) == 0
        embeddings[black], landmarks[black] = np.nan, np.nan
        return FaceObservations(embeddings, landmarks)


def make_card(step: float, level: int = 9, count: int = 4):
    return score_frames([np.full((count, 8, 8, 3), level, np.uint8)], 25, Walker(step))


def test_each_video_counts_once_whatever_its_length():
    summary = summarise_cards([make_card(0.1, count=4), make_card(0.3, count=40)])
    assert summary.acd_consecutive == pytest.approx(0.2)
    assert summary.acd_consecutive_deviation == pytest.approx(0.1)
    assert (summary.video_count, summary.frame_count) == (2, 44)
    assert summary.face_encoders == ("walker",)


def test_videos_without_faces_are_counted_and_not_averaged():
    summary = summarise_cards([make_card(0.1), make_card(0.3, level=0)])
    assert summary.acd_consecutive == pytest.approx(0.1)
    assert (summary.unmeasured_count, summary.frames_without_face) == (1, 4)
    summary = summarise_cards([make_card(0.3, level=0)])
    assert summary.acd_consecutive is None and summary.acd_pairwise is None


def test_page_names_the_encoder_and_warns_of_the_published_numbers():
    page = format_summary("ACD", "How it was done.", {"all": summarise_cards([make_card(0.25)])})
    for told in ("walker", "How it was done.", "0.2500", "other face encoders"):
        assert told in page
    assert all(str(value) in page for value in PUBLISHED.values())
    empty = summarise_cards([make_card(0.3, level=0)])
    assert "–" in format_summary("ACD", "", {"none": empty})


def test_nothing_to_summarise_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        summarise_cards([])
