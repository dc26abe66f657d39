"""Our own 68 points: squares, crops by chance, reading places, placing, training."""

import numpy as np
import pytest
import torch

from embed.faces.align import compute_quad
from embed.faces.dlib_faces import HogDetector
from embed.faces.landmarks import FaceFinder
from embed.faces.learned import placer
from embed.faces.learned.changes import cover, degrade
from embed.faces.learned.fit import HELD_OUT, PointPlan, PointTask, fit_points, measure_quads
from embed.faces.learned.frames import (
    MIRRORED,
    find_mean_shape,
    fit_similarity,
    frame_box,
    frame_points,
)
from embed.faces.learned.network import CROP_PX, PointNetwork, prepare_crops, read_places
from embed.faces.learned.placer import BUNDLED_POINTS, RenderPoints, cut_square, move_square
from embed.faces.learned.warps import draw_warp
from embed.faces.resampling import map_points
from embed.tracking import face_tracking


def make_shape(seed: int = 0) -> np.ndarray:
    """Something like a face: 68 points, symmetric, with eyes above the mouth."""
    random = np.random.default_rng(seed)
    points = random.normal(0, 30, (68, 2))
    points[36:48, 1] -= 40
    points[48:68, 1] += 40
    return (points + (points * [-1, 1])[MIRRORED]) / 2 + [[120, 130]]


@pytest.fixture(scope="module")
def mean_shape() -> np.ndarray:
    return find_mean_shape(np.stack([make_shape(), make_shape() * 1.5 + 7]))


def test_a_mirror_swaps_left_and_right():
    assert (MIRRORED[MIRRORED] == np.arange(68)).all()
    assert set(MIRRORED[36:42]) == set(range(42, 48))
    assert MIRRORED[48] == 54
    assert MIRRORED[0] == 16
    assert MIRRORED[8] == 8


def test_a_similarity_is_found_again():
    points = make_shape()
    turn = np.array([[1.2, -0.5, 3], [0.5, 1.2, -8]])
    np.testing.assert_allclose(fit_similarity(points, map_points(turn, points)), turn, atol=1e-9)
    with pytest.raises(ValueError, match="one place"):
        fit_similarity(np.ones((68, 2)), points)


def test_the_mean_shape_is_symmetric_and_does_not_know_sizes(mean_shape):
    np.testing.assert_allclose(mean_shape, (mean_shape * [-1, 1])[MIRRORED], atol=1e-9)
    once = find_mean_shape(np.stack([make_shape()] * 2))
    np.testing.assert_allclose(mean_shape, once, atol=1e-6)


def test_a_box_and_the_points_in_it_give_one_square(mean_shape):
    square = frame_points(make_shape(), mean_shape)
    np.testing.assert_allclose(map_points(square, mean_shape), make_shape(), atol=1e-6)
    box = face_tracking.make_box(make_shape())
    np.testing.assert_allclose(frame_box(box, mean_shape), square, atol=0.02)


def test_a_warp_knows_where_its_points_are(mean_shape):
    random = np.random.default_rng(0)
    for _ in range(20):
        warp = draw_warp(make_shape(), mean_shape, random)
        np.testing.assert_allclose(
            warp.locate(warp.find_points(make_shape())), make_shape(), atol=0.1
        )


def test_the_place_of_a_peak_is_read_between_cells():
    maps = torch.full((1, 68, 24, 24), -100.0)
    maps[:, :, 5, 7] = maps[:, :, 5, 8] = 0
    expected = torch.tensor([16 / 24 - 1, 11 / 24 - 1])
    torch.testing.assert_close(read_places(maps)[0], expected.expand(68, 2))


def test_crops_do_not_know_brightness():
    crops = torch.rand(2, 1, CROP_PX, CROP_PX)
    torch.testing.assert_close(
        prepare_crops(crops * 80 + 5), prepare_crops(crops), atol=1e-4, rtol=0
    )
    assert torch.isfinite(prepare_crops(torch.zeros(1, 1, CROP_PX, CROP_PX))).all()


def test_a_square_is_cut_where_it_lies():
    x = np.tile(np.arange(200), (200, 1))
    ramp = np.repeat(x[..., None], 3, 2).astype(np.uint8)
    square = np.array(
        [[48.0, 0, 99.5], [0, 48.0, 99.5]]
    )  # a pixel of the crop for one of the picture
    crop = cut_square(ramp, square)
    np.testing.assert_allclose(crop[40], np.arange(52, 148), atol=1)
    moved = cut_square(ramp, move_square(square, 0.25, 0, 1, 0))
    np.testing.assert_allclose(moved[40], np.arange(64, 160), atol=1)


def test_points_are_those_of_the_network_in_the_picture(mean_shape, monkeypatch):
    class Sure(PointNetwork):
        """Sees the mean shape wherever it looks."""

        def forward(self, crops):
            return self.mean_shape.expand(len(crops), 68, 2)

    network = Sure()
    network.mean_shape.copy_(torch.from_numpy(mean_shape))
    monkeypatch.setattr(placer, "_load_points", lambda path, device: network)
    monkeypatch.setattr(placer, "LOOKS", ((0.1, 0.0, 1.0, 0.2), (-0.1, 0.0, 1.0, -0.2)))
    box = np.array([30.0, 40, 130, 140])
    found = RenderPoints().place(np.zeros((200, 220, 3), np.uint8), box)
    # Looks that are as far to the left as others to the right cancel, but for the size of a turn.
    np.testing.assert_allclose(found.mean(axis=0), (80, 90), atol=0.5)
    spread = np.sqrt(found.var(axis=0).sum())
    assert spread == pytest.approx(100 / face_tracking.BOX_OF_SPREAD * np.cos(0.2), rel=0.01)


def test_what_is_changed_stays_a_crop():
    random = np.random.default_rng(0)
    crop = random.random((CROP_PX, CROP_PX, 3)).astype(np.float32)
    covered = cover(crop, 1 - crop, random)
    assert covered.shape == crop.shape
    assert (covered != crop).any()
    assert np.isfinite(degrade(crop[..., 0], random)).all()


def test_squares_differ_by_how_far_points_are():
    shape = make_shape()
    side = np.hypot(*(compute_quad(shape)[3] - compute_quad(shape)[0]))
    assert measure_quads(shape + side / 1024, shape) == pytest.approx(np.sqrt(2), rel=1e-3)


@pytest.fixture(scope="module")
def faces() -> tuple[np.ndarray, np.ndarray]:
    """More faces than are held out, of few pixels."""
    pictures = np.random.default_rng(0).integers(0, 255, (HELD_OUT + 8, 32, 32, 3)).astype(np.uint8)
    points = np.stack([make_shape() / 8] * len(pictures)).astype(np.float32)
    return pictures, points


def test_a_batch_follows_from_its_number(faces):
    pictures, marks = faces
    task = PointTask(pictures, marks, PointPlan(batch=3))
    crops, points = task.draw_batch(5)
    assert crops.shape == (3, 1, CROP_PX, CROP_PX)
    assert points.shape == (3, 68, 2)
    assert points.abs().median() < 1
    torch.testing.assert_close(task.draw_batch(5)[0], crops)
    assert not torch.equal(task.draw_batch(6)[1], points)
    with pytest.raises(ValueError, match="held out"):
        PointTask(pictures[:9], marks[:9], PointPlan())


def test_training_goes_on_and_knows_its_pictures(faces, tmp_path, monkeypatch):
    monkeypatch.setattr("embed.faces.learned.fit._MEASURED", 4)
    pictures, marks = faces
    plan = PointPlan(steps=1, batch=2)
    network, figures = fit_points(pictures, marks, plan, tmp_path)
    assert set(figures) == {"corner_px", "left_eye", "right_eye", "mouth"}
    again, _ = fit_points(pictures, marks, plan, tmp_path)
    torch.testing.assert_close(network.state_dict(), again.state_dict())
    with pytest.raises(ValueError, match="faces"):
        fit_points(pictures[1:], marks[1:], plan, tmp_path)


def test_the_finder_takes_them_by_name():
    assert isinstance(FaceFinder(points="own").placer, RenderPoints)
    assert FaceFinder(points="own").describe()["points"] == RenderPoints.name


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"mine\.safetensors"):
        RenderPoints(str(tmp_path / "mine.safetensors")).fetch_models()


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    data = pytest.importorskip("skimage.data")
    return data.astronaut()


def test_the_bundled_network_aligns_a_photo_about_as_dlib_does(astronaut, shared_assets):
    reference = np.load(shared_assets / "reference" / "ffhq_align_expected.npz")
    box = HogDetector().detect(astronaut)[0].box
    points = RenderPoints().place(astronaut, box)
    assert measure_quads(points, reference["astronaut_landmarks"]) < 40
    # Another box gives nearly the same points.
    moved = RenderPoints().place(astronaut, box + 6)
    assert measure_quads(moved, points) < 8


def test_the_bundled_network_is_small_and_says_where_it_comes_from():
    from synth.judging.storage import read_card

    assert BUNDLED_POINTS.stat().st_size < 1e6
    card = read_card(BUNDLED_POINTS)
    assert card["licence"] == "MIT"
    assert "no photographs" in card["data"]
    assert sum(p.numel() for p in PointNetwork().parameters()) < 400_000
