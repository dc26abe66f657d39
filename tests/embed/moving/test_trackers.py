"""What tells how a face moved: the head behind the bundled generator's pictures, or 68 points."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from inversion_samples import make_tiny_generator
from moving_samples import make_marks, make_photo

from embed.moving.displacement import FIELD_PX
from embed.moving.head_tracker import FIRM, HeadTracker
from embed.moving.landmark_tracker import LandmarkTracker
from embed.moving.moving_photo import MovingPhoto
from embed.moving.painting import frame_crop
from synth.generators.bundled_head import (
    BUNDLED_HEAD,
    IDENTITY_MODES,
    NAMES,
    find_head,
    load_head,
    save_head,
)

SIDE = 128
MIDDLE = dict.fromkeys(NAMES, 0.0) | {"age": 0.4}


@pytest.fixture(scope="module")
def head():
    if not BUNDLED_HEAD.is_file():
        pytest.skip(f"needs {BUNDLED_HEAD.name}, which scripts.fit_head makes")
    return load_head(BUNDLED_HEAD)


def make_rows(head, **values) -> torch.Tensor:
    """W+ whose parameters are these: the shortest such w."""
    parameters = np.array([*[0.0] * IDENTITY_MODES, *(MIDDLE | values).values()])
    if "identity" in values:
        parameters = parameters[:-1]
        parameters[:IDENTITY_MODES] = values["identity"]
    w = np.linalg.lstsq(head.readout.T, parameters - head.offset, rcond=None)[0]
    return torch.from_numpy(w).float().expand(10, -1)


def mark(head, **values) -> np.ndarray:
    return head.place(make_rows(head, **values)).points[head.landmarks]


def test_a_head_reads_w_and_lies_upright_in_its_crop(head):
    rows = make_rows(head, yaw=1.0, happiness=0.5)
    read = dict(zip(NAMES, head.read(rows)[IDENTITY_MODES:], strict=True))
    assert read["yaw"] == pytest.approx(1, abs=1e-3)
    assert read["happiness"] == pytest.approx(0.5, abs=1e-3)
    marks = mark(head)
    eyes, mouth = marks[36:48].mean(0), marks[48:68].mean(0)
    assert abs(eyes[0] - 0.5) < 0.02 and 0.35 < eyes[1] < 0.5 < mouth[1] < 0.8
    assert mark(head, yaw=2.0)[30, 0] > marks[30, 0] + 0.02


def test_emotions_move_what_they_should(head):
    calm, happy, surprised = mark(head), mark(head, happiness=1.0), mark(head, surprise=1.0)
    assert (happy[[48, 54], 1] < calm[[48, 54], 1] - 0.004).all(), "corners rise"
    assert happy[54, 0] - happy[48, 0] > calm[54, 0] - calm[48, 0] + 0.01, "the mouth widens"
    gap = [x[66, 1] - x[62, 1] for x in (calm, surprised)]
    assert gap[1] > gap[0] + 0.03 and surprised[19, 1] < calm[19, 1] - 0.01


def test_a_head_comes_back_from_its_file(head, tmp_path):
    save_head(tmp_path / "head.safetensors", head, {"licence": "MIT"})
    again = load_head(tmp_path / "head.safetensors")
    rows = make_rows(head, surprise=0.7)
    assert np.array_equal(again.place(rows).points, head.place(rows).points)
    (tmp_path / "none.safetensors").write_bytes(b"no head")
    with pytest.raises(ValueError, match=r"needs a head of format .*none\.safetensors is none"):
        load_head(tmp_path / "none.safetensors")
    with pytest.raises(FileNotFoundError, match=r"scripts\.fit_head"):
        load_head(tmp_path / "gone.safetensors")


def test_only_the_bundled_generator_has_the_head(head, monkeypatch):
    other = make_tiny_generator()
    assert find_head(other) is None
    other.name = "moodreel-people (tuned)"
    assert find_head(other) is None, "of another width"
    other.w_dim = 512
    assert find_head(other) is head
    monkeypatch.setattr("synth.generators.bundled_parameters.EMBEDDING_SEED", 0)
    assert find_head(other) is None, "of another vocabulary"


def test_the_reference_rests_and_its_points_are_the_photos(head):
    rows = make_rows(head, happiness=0.4)
    random = np.random.default_rng(0)
    marks = head.place(rows).points[head.landmarks] * 1.05 + random.normal(0, 0.002, (68, 2))
    tracker = HeadTracker(head, rows, marks)
    still = tracker.find_displacement(rows, make_photo(SIDE, SIDE))
    assert still.is_still and not still.shifts.any()
    off = np.linalg.norm(still.marks_before - marks, axis=1)[list(FIRM)]
    assert np.median(off) < 0.004


def test_shifts_lead_back_to_where_the_head_was(head):
    rows, now = make_rows(head), make_rows(head, surprise=1.0, yaw=0.3)
    moved = HeadTracker(head, rows).find_displacement(now, make_photo(SIDE, SIDE))
    places = (head.place(one).points for one in (rows, now))
    before, after = (x[head.landmarks][[8, 27, 30, 33, 51, 57]] for x in places)
    at = np.floor(after * FIELD_PX).astype(int)
    np.testing.assert_allclose(moved.shifts[at[:, 1], at[:, 0]], before - after, atol=0.006)
    assert (moved.shifts[0] == 0).all()


def test_a_smile_that_w_tells_too_little_of_closes_all_the_same(head):
    shown = mark(head, happiness=0.8)
    tracker = HeadTracker(head, make_rows(head, happiness=0.4), shown)

    def find_gap(**values) -> float:
        moved = tracker.find_displacement(make_rows(head, **values), make_photo(SIDE, SIDE))
        return float(np.mean(moved.marks_now[65:68, 1] - moved.marks_now[61:64, 1]))

    whole = float(np.mean(shown[65:68, 1] - shown[61:64, 1]))
    assert find_gap(happiness=0.4) == pytest.approx(whole, abs=0.002)
    assert find_gap() < 0.25 * whole
    assert 0.25 * whole < find_gap(happiness=0.25) < whole


def test_another_person_is_not_followed(head):
    rows, other = make_rows(head), make_rows(head, identity=1.0)
    photo = make_photo(SIDE, SIDE)
    moving = MovingPhoto(frame_crop(photo), photo, photo, HeadTracker(head, rows))
    times_s = torch.linspace(0, 1, 3)

    def walk(times_s):
        return torch.stack([rows.lerp(other, float(t)) for t in times_s])

    assert moving.follow(walk, times_s) is None
    stage = moving.follow(lambda times_s: rows.expand(len(times_s), -1, -1), times_s)
    frames = np.random.default_rng(0).integers(100, 104, (3, SIDE, SIDE, 3), np.uint8)
    frames[:] = frames[:1]
    moved = replace(moving, reference=frames[0]).follow(
        lambda times_s: rows.expand(len(times_s), -1, -1), times_s
    )
    assert stage is not None and moved is not None
    assert (moved(frames, times_s) == photo).all(), "a still track gives the photo itself"


class GivenPlacer:
    """The points of the sample face, moved by the picture's first two levels, in pixels."""

    name = "given"

    def place(self, picture, box):
        return make_marks() * SIDE - 0.5 + (picture[0, 0, :2].astype(float) - 100)


@pytest.mark.parametrize("by_px", [(0, 0), (3, -5)])
def test_landmarks_that_shift_shift_the_face(by_px):
    reference = np.full((SIDE, SIDE, 3), 100, np.uint8)
    now = reference.copy()
    now[0, 0, :2] = np.array([100, 100]) + by_px
    tracker = LandmarkTracker(GivenPlacer(), reference, make_marks())
    moved = tracker.find_displacement(torch.zeros(1, 4), now)
    assert moved.is_still == (by_px == (0, 0))
    middle = moved.shifts[FIELD_PX // 2, FIELD_PX // 2]
    np.testing.assert_allclose(middle, -np.array(by_px) / SIDE, atol=5e-4)
    assert (moved.shifts[:, 0] == 0).all()
