"""The measures of edits on numbers whose answer is known, and the protocol's pictures."""

import csv
from collections import Counter

import numpy as np
import pytest
import torch

from benchmarks.directions.edits import Edit, compare_sets, find_outside_changes, summarise
from benchmarks.directions.subjects import make_person, place_on_canvas, render_subjects
from synth.emotions import Emotion
from synth.motion.direction_sets import DirectionSet
from synth.motion.directions import Direction


def put_points(size: int) -> np.ndarray:
    """68 points of a face in the middle, chin at 8 and brows from 17 to 26."""
    angle = np.linspace(0, np.pi, 17)
    jaw = np.stack([np.cos(angle + np.pi) * 0.2 + 0.5, np.sin(angle) * 0.25 + 0.5], 1)
    brows = np.stack([np.linspace(0.35, 0.65, 10), np.full(10, 0.42)], 1)
    rest = np.full((41, 2), 0.55)
    return (np.concatenate([jaw, brows, rest]) * size)[None]


def test_only_what_lies_outside_the_face_counts_as_change():
    before = np.full((1, 200, 200, 3), 100, np.uint8)
    points = put_points(200)
    inside, outside = before.copy(), before.copy()
    inside[:, 90:130, 80:120] = 0  # mouth and nose
    inside[:, 60:75, 90:110] = 0  # forehead
    assert find_outside_changes(before, inside, points, points)[0] == 0
    outside[:, :, :20] = 130
    change = find_outside_changes(before, outside, points, points)[0]
    assert 30 * 0.1 < change < 30 * 0.2
    assert np.isnan(find_outside_changes(before, outside, points * np.nan, points)[0])


def test_the_summary_counts_hits_steps_and_distances():
    steady = np.array([[0.0, 0.2, 0.5, 0.8, 0.9]] * 3)
    falling = steady.copy()
    falling[0, 3] = 0.3
    hits = np.array([True, True, False])
    found = {
        Emotion.FEAR: Edit(steady, hits, np.array([0.2, 0.3, np.nan]), np.ones(3)),
        Emotion.ANGER: Edit(falling, ~hits, np.array([0.2, 0.3, 0.4]), np.zeros(3)),
    }
    figures = summarise(found, 0.3)
    assert figures["hit_rate"] == pytest.approx(0.5)
    assert figures["monotone_share"] == pytest.approx(5 / 6)
    assert figures["share_within_limit"] == pytest.approx(4 / 6)
    assert (figures["edits"], figures["faces_lost"]) == (6, 1)
    assert figures["colour_change_outside"] == pytest.approx(0.5)


def test_sets_are_compared_in_the_rows_that_the_mask_opens():
    rows = torch.randn(10, 4, generator=torch.Generator().manual_seed(0))
    other = rows.clone()
    other[8:] *= -1
    sets = [DirectionSet({Emotion.FEAR: Direction.from_vector(r)}, "g", "s") for r in (rows, other)]
    assert compare_sets(*sets)["fear_cosine"] == pytest.approx(1, abs=1e-5)


class FlatRenderer:
    def __init__(self):
        self.drawn = 0

    def render(self, face, size_px=512):
        self.drawn += 1
        return np.full((size_px, size_px, 3), 90, np.uint8)


def test_the_protocol_has_eighteen_labelled_pictures_of_each_and_goes_on(tmp_path):
    renderer = FlatRenderer()
    table = render_subjects(renderer, tmp_path, 3, 32)
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 54 == renderer.drawn
    counts = Counter(row["emotion"] for row in rows if row["subject"] == "s001")
    assert counts == {"calm": 8, "happiness": 3, "surprise": 3} | dict.fromkeys(
        ("anger", "disgust", "fear", "sadness"), 1
    )
    assert all((tmp_path / row["file"]).is_file() for row in rows)
    content = table.read_bytes()
    render_subjects(renderer, tmp_path, 3, 32)
    assert renderer.drawn == 54 and table.read_bytes() == content
    with pytest.raises(ValueError, match="at least 2 subjects"):
        render_subjects(renderer, tmp_path, 1, 32)


def test_people_differ_and_photos_are_larger_and_turned():
    assert not np.allclose(make_person(0).identity, make_person(1).identity)
    assert not make_person(0).emotions.any()
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:, 20:] = 200
    photo = place_on_canvas(picture, np.random.default_rng(1))
    assert photo.shape == (60, 60, 3)
    assert len({tuple(row) for row in photo[..., 0]}) > 1  # the edge is no longer upright
