import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from PIL import Image

from synth.faces.observers import (
    FaceObservations,
)
from synth.scores.scorecard import RunFacts, load_scorecard, score_frames, score_video
from synth.scores.scorecard_report import format_markdown, save_scorecard
from synth.video.encoders import Encoding
from synth.video.provenance import MARK
from synth.video.writing import write_video

FACTS = RunFacts("tester", "ab" * 32, 7, 16, 1.5)


@dataclass
class BrightnessObserver:
    """Takes red for who it is and green for how wide the mouth stands; black shows no face."""

    name: str = "brightness"
    frames_seen: int = 0

    def observe(self, frames):
        self.frames_seen += len(frames)
        levels = frames.astype(float).mean(axis=(1, 2)) / 255
        face = np.random.default_rng(0).uniform(0, 100, (68, 2))
        landmarks = np.repeat(face[None], len(frames), axis=0)
        landmarks[:, 48:, 1] += 100 * levels[:, 1:2]
        embeddings = levels[:, :1].copy()
        black = levels.max(axis=1) < 0.01
        embeddings[black], landmarks[black] = np.nan, np.nan
        return FaceObservations(embeddings, landmarks)


def make_frames(red, green=None) -> np.ndarray:
    red = np.asarray(red)
    green = np.zeros_like(red) if green is None else np.asarray(green)
    levels = np.stack([red, green, np.zeros_like(red)], axis=-1).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(levels[:, None, None, :], (len(red), 16, 16, 3)))


def split(frames, chunk):
    return (frames[k : k + chunk] for k in range(0, len(frames), chunk))


def test_numbers_come_from_the_measures():
    frames = make_frames([51, 102, 0, 51, 255], [51, 51, 0, 102, 51])
    card = score_frames(split(frames, 2), 10, BrightnessObserver(), FACTS)
    assert (card.frame_count, card.fps, card.duration_s) == (5, 10, 0.5)
    assert (card.width_px, card.height_px, card.native_resolution_px) == (16, 16, 16)
    assert (card.generator_name, card.seed, card.render_time_s) == ("tester", 7, 1.5)
    assert card.frames_without_face == (2,)
    assert card.acd_consecutive == pytest.approx((0.2 + 0.8) / 2, abs=1e-6)
    assert card.acd_pairwise == pytest.approx((0.2 + 0 + 0.8 + 0.2 + 0.6 + 0.8) / 6, abs=1e-6)
    assert card.curves.identity_distance == pytest.approx((0, 0.2, None, 0, 0.8), abs=1e-6)
    assert card.identity_distance_mean == pytest.approx(1 / 3, abs=1e-6)
    assert card.identity_distance_max == pytest.approx(0.8, abs=1e-6)
    sizes = card.curves.expression_size
    assert sizes[0] == sizes[1] == sizes[4] == 0 and sizes[2] is None and sizes[3] > 0
    assert card.expression_size_max == sizes[3]
    assert card.curves.flicker[0] is None and card.curves.flicker[-1] is None


def test_a_frozen_face_keeps_identity_but_shows_it_in_the_expression():
    frozen = score_frames([make_frames([90] * 6, [60] * 6)], 25, BrightnessObserver())
    alive = score_frames([make_frames([90] * 6, range(60, 120, 10))], 25, BrightnessObserver())
    assert (frozen.acd_consecutive, frozen.acd_pairwise, frozen.flicker_mean) == (0, 0, 0)
    assert alive.acd_consecutive == 0
    assert frozen.expression_size_mean == 0
    assert alive.expression_size_mean > 0.01


@pytest.mark.parametrize("chunk", [1, 3, 4, 50])
@pytest.mark.parametrize("stride", [1, 2, 5])
def test_chunks_do_not_matter_and_the_stride_is_kept(chunk, stride):
    frames = make_frames(np.random.default_rng(0).integers(1, 255, 23))
    observer = BrightnessObserver()
    card = score_frames(split(frames, chunk), 25, observer, face_stride=stride)
    whole = score_frames([frames], 25, BrightnessObserver(), face_stride=stride)
    assert card == whole
    assert card.curves.face_frames == tuple(range(0, 23, stride))
    assert observer.frames_seen == len(card.curves.face_frames)
    assert card.face_stride == stride
    assert len(card.curves.flicker) == 23


def test_stride_skips_faces_and_nothing_else():
    frames = make_frames([10, 200] * 6)
    card = score_frames([frames], 25, BrightnessObserver(), face_stride=2)
    assert card.acd_consecutive == 0
    assert card.flicker_mean > 10


def test_no_observer_and_no_face_say_so():
    card = score_frames([make_frames([50] * 4)], 25, None)
    assert card.face_encoder is None and card.acd_consecutive is None
    assert card.curves.face_frames == card.frames_without_face == ()
    card = score_frames([make_frames([0] * 4)], 25, BrightnessObserver())
    assert card.frames_without_face == (0, 1, 2, 3)
    assert card.acd_pairwise is None and card.expression_size_mean is None
    assert "4 of 4 looked at" in format_markdown(card)


def test_scoring_a_file_is_close_to_scoring_its_frames(tmp_path):
    frames = make_frames(np.linspace(50, 200, 20), np.linspace(200, 50, 20))
    write_video(tmp_path / "a.mp4", [frames], Encoding(fps=20, crf=5))
    of_file = score_video(tmp_path / "a.mp4", BrightnessObserver(), FACTS)
    of_frames = score_frames([frames], 20, BrightnessObserver(), FACTS)
    assert (of_file.source, of_file.fps, of_file.frame_count) == ("a.mp4", 20, 20)
    assert of_file.acd_pairwise == pytest.approx(of_frames.acd_pairwise, abs=0.01)


def test_saved_card_is_read_back_and_told_three_ways(tmp_path):
    card = score_frames([make_frames(range(10, 250, 10))], 12.5, BrightnessObserver(), FACTS)
    save_scorecard(tmp_path / "scorecard.json", card)
    assert load_scorecard(tmp_path / "scorecard.json") == card
    assert {p.name for p in tmp_path.iterdir()} == {
        "scorecard.json", "scorecard.md", "scorecard.png"
    }  # fmt: skip
    page = (tmp_path / "scorecard.md").read_text()
    for told in ("brightness", "tester", "ab" * 32, "seed 7", f"{card.acd_consecutive:.4f}"):
        assert told in page
    with Image.open(tmp_path / "scorecard.png") as image:
        assert image.size[0] >= 800 and "synthetic" in image.info["Comment"]
        drawn = np.asarray(image.convert("RGB"))
    save_scorecard(tmp_path / "other.json", replace(card, curves=replace(
        card.curves, flicker=(None,) * 24, identity_distance=(None,) * 24)))  # fmt: skip
    with Image.open(tmp_path / "other.png") as image:
        assert (np.asarray(image.convert("RGB")) != drawn).any()


@pytest.mark.parametrize(
    ("facts", "marked", "expected"),
    [(FACTS, True, True), (FACTS, False, False), (None, True, False)],
)
def test_only_generated_media_is_called_so(tmp_path, facts, marked, expected):
    card = score_frames([make_frames([10, 20])], 25, BrightnessObserver(), facts)
    save_scorecard(tmp_path / "a.json", card, marked=marked)
    assert (MARK in (tmp_path / "a.md").read_text()) == expected
    with Image.open(tmp_path / "a.png") as image:
        assert ("synthetic" in str(image.info)) == expected


def test_json_holds_null_and_never_nan(tmp_path):
    save_scorecard(
        tmp_path / "a.json", score_frames([make_frames([0, 0])], 25, BrightnessObserver())
    )
    text = (tmp_path / "a.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["acd_consecutive"] is None


def test_bad_input_is_named(tmp_path):
    with pytest.raises(ValueError, match="at least one frame"):
        score_frames([], 25, None)
    with pytest.raises(ValueError, match="stride"):
        score_frames([make_frames([1])], 25, None, face_stride=0)
    card = score_frames([make_frames([1])], 25, None)
    with pytest.raises(ValueError, match=r"scorecard\.json"):
        save_scorecard(tmp_path / "card", card)
    for content in ("", "{}", '{"format": "other"}', "[1]"):
        (tmp_path / "bad.json").write_text(content)
        with pytest.raises(ValueError, match=r"bad\.json"):
            load_scorecard(tmp_path / "bad.json")
