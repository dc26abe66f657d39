"""What is before a face: textures, drawn hands, shares, training, frames that stay."""

import numpy as np
import pytest
import torch

from embed.faces.resampling import map_points
from embed.films.covering import finder
from embed.films.covering.drawn_covers import draw_capsules, put_before
from embed.films.covering.finder import (
    BUNDLED_COVERS,
    FADES_S,
    MOST_COVERED,
    STAYS_S,
    STILL_COVERED,
    find_covered,
    find_strengths,
    list_covered,
    load_covers,
)
from embed.films.covering.fit import HELD_OUT, LOOKS, CoverPlan, CoverTask, fit_covers
from embed.films.covering.network import CoverNetwork, prepare_pairs
from embed.films.covering.texture import TEXTURE_PX, FaceLayout
from scripts.entry import Place
from scripts.train_covers import CoversJob, train_covers
from synth.faces.random_faces import map_seeds
from synth.generators import load_generator
from synth.generators.bundled_head import BUNDLED_HEAD, load_head
from synth.judging.storage import read_card
from synth.types import to_frames
from synth.workshop.training import marked_faces


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    """A face with open eyes and mouth in a picture of 64 pixels."""
    head = load_head(BUNDLED_HEAD)
    places = head.wide[head.landmarks][:, :2] * [1, -1]
    places = places - places.mean(0)
    return places / np.abs(places).max() * 24 + 32


@pytest.fixture(scope="module")
def layout(points) -> FaceLayout:
    return FaceLayout.fit(np.stack([points, points * 2]))


def paint_by_place(size: int, to_place: np.ndarray) -> np.ndarray:
    """A picture whose colours tell where in another one each pixel lies."""
    grid = np.stack(np.meshgrid(*[np.arange(size, dtype=float)] * 2), -1).reshape(-1, 2)
    colours = np.concatenate([map_points(to_place, grid) * 3, np.full((size * size, 1), 40)], 1)
    return colours.reshape(size, size, 3).astype(np.float32)


def test_the_same_place_of_a_face_is_at_the_same_pixel(layout, points):
    still = layout.cut(paint_by_place(64, np.eye(2, 3)), points)
    turn = np.array([[0.6, -0.2, 20.0], [0.2, 0.6, 10.0]])
    back = np.linalg.inv(np.vstack([turn, [0, 0, 1]]))[:2]
    moved = layout.cut(paint_by_place(64, back), map_points(turn, points))
    inside = layout.inside
    assert 0.3 < inside.mean() < 0.9
    assert np.abs(still - moved)[inside].max() < 6, "levels; a pixel of the picture is 3"
    assert not still[~inside].any()
    assert np.ptp(still[inside][:, 0]) > 90, "of a face 48 pixels wide"


def test_points_lie_in_the_layout_upright_and_as_large_as_fits(layout):
    assert layout.places.min() >= 0 and layout.places.max() <= 1
    assert np.ptp(layout.places, axis=0).max() > 0.9
    assert layout.places[8, 1] > layout.places[27, 1], "chin below the nose"


def test_a_capsule_is_a_ball_with_a_way():
    at = np.array([20.0, 20.0])
    ball = draw_capsules([(at, at, 8.0, 8.0)], 40)
    assert ball.max() == pytest.approx(8)
    assert (ball > 0).sum() == pytest.approx(np.pi * 64, rel=0.05)
    long = draw_capsules([(at, at + np.array([0, 10]), 8.0, 4.0)], 40)
    assert (long[:21] >= ball[:21] - 1e-6).all() and long[33, 20] > 0


def test_only_what_is_covered_or_shaded_changes(points):
    random, found = np.random.default_rng(0), []
    for _ in range(40):
        picture = random.random((64, 64, 3)).astype(np.float32)
        mixed, mask = put_before(picture, points, 1 - picture, random)
        assert mixed.shape == picture.shape and mask.min() >= 0 and mask.max() <= 1 + 1e-6
        free = mask == 0
        assert (mixed[free] <= picture[free] + 1e-6).all(), "beside it there is shadow at most"
        found.append(mask.mean())
    assert min(found) < 0.05 < 0.15 < max(found), "fingers and whole hands"


def test_brightness_and_tint_of_a_film_say_nothing(layout):
    random = np.random.default_rng(0)
    one, usual = random.uniform(0.3, 0.9, (2, 1, TEXTURE_PX, TEXTURE_PX, 3))
    pairs = prepare_pairs(one, usual, layout.inside)
    darker = prepare_pairs(one * [0.5, 0.6, 0.4], usual, layout.inside)
    assert pairs.shape == (1, 7, TEXTURE_PX, TEXTURE_PX)
    assert (pairs - darker).abs().max() < 0.35 < pairs.abs().max()
    assert not pairs[0, :, ~torch.from_numpy(layout.inside)].any()


def test_a_cover_goes_on_until_little_of_it_is_left():
    most, still = MOST_COVERED + 0.01, STILL_COVERED + 0.005
    shares = np.array([0, still, most, still, np.nan, still, 0, still, 0, most], np.float32)
    assert np.flatnonzero(list_covered(shares, 10.0)).tolist() == [1, 2, 3, 9]
    assert np.flatnonzero(list_covered(shares, 25.0)).tolist() == [1, 2, 3], "not for a moment"
    assert not list_covered(np.zeros(3, np.float32), 10.0).any()


def test_motion_fades_before_a_cover_and_comes_back_after_it():
    covered = np.zeros(100, np.float32)
    covered[40:45], covered[10] = 2 * MOST_COVERED, np.nan
    shown = find_strengths(covered, 25.0)
    assert not shown[40 - int(STAYS_S * 25) : 45 + int(STAYS_S * 25)].any()
    assert (np.diff(shown[45:]) >= 0).all() and (np.diff(shown[:40]) <= 0).all()
    far = int(np.ceil((STAYS_S + FADES_S) * 25)) + 1
    assert (shown[45 + far :] == 1).all() and (shown[: 40 - far] == 1).all()
    assert (np.abs(np.diff(shown)) < 0.25).all(), "nothing jumps"
    assert (find_strengths(np.full(3, np.nan), 25.0) == 1).all()


def test_what_differs_from_the_usual_is_asked_for_in_every_frame(layout, monkeypatch):
    class Differs(CoverNetwork):
        """Sees a cover wherever a frame is not as usual."""

        def forward(self, pairs):
            apart = (pairs[:, :3] - pairs[:, 3:6]).abs().sum(1)
            return 60 * (apart > 0.5).float() - 30

    network = Differs()
    network.places.copy_(torch.from_numpy(layout.places))
    monkeypatch.setattr(finder, "load_covers", lambda: network)
    textures = np.full((90, TEXTURE_PX, TEXTURE_PX, 3), 120, np.uint8)
    textures[70, :24, :24] = 10
    seen = np.ones(90, bool)
    seen[3] = False
    covered = find_covered(textures, seen)
    assert np.isnan(covered[3]) and np.flatnonzero(covered > 1e-6).tolist() == [70]
    quarter = layout.inside[:24, :24].sum() / layout.inside.sum()
    assert covered[70] == pytest.approx(quarter, abs=0.02)
    assert np.isnan(find_covered(textures, np.zeros(90, bool))).all()


@pytest.fixture(scope="module")
def people(points) -> tuple[np.ndarray, np.ndarray]:
    """More people than are held out, of few pixels."""
    count = LOOKS * (HELD_OUT + 3)
    pictures = np.random.default_rng(0).integers(0, 255, (count, 64, 64, 3)).astype(np.uint8)
    return pictures, np.stack([points] * count).astype(np.float32)


def test_a_batch_follows_from_its_number_and_spares_those_held_out(people, monkeypatch):
    task = CoverTask(*people, CoverPlan(batch=3))
    read, seen = task._read, set()
    monkeypatch.setattr(task, "_read", lambda number: seen.add(number // LOOKS) or read(number))
    pairs, covers = task.draw_batch(5)
    assert pairs.shape == (3, 7, TEXTURE_PX, TEXTURE_PX) and covers.shape == pairs[:, 0].shape
    torch.testing.assert_close(task.draw_batch(5)[0], pairs)
    assert not torch.equal(task.draw_batch(6)[1], covers)
    assert seen <= {0, 1, 2}
    with pytest.raises(ValueError, match="held out"):
        CoverTask(people[0][:40], people[1][:40], CoverPlan())


def test_training_goes_on_and_knows_its_pictures(people, tmp_path, monkeypatch):
    monkeypatch.setattr("embed.films.covering.fit._MEASURED", 4)
    plan = CoverPlan(steps=1, batch=2)
    network, figures = fit_covers(*people, plan, tmp_path)
    assert set(figures) == {"overlap", "free_told_covered", "covered_told_free"}
    again, _ = fit_covers(*people, plan, tmp_path)
    torch.testing.assert_close(network.state_dict(), again.state_dict())
    with pytest.raises(ValueError, match="faces"):
        fit_covers(people[0][LOOKS:], people[1][LOOKS:], plan, tmp_path)


def test_the_command_writes_a_network_that_says_where_it_comes_from(people, tmp_path, monkeypatch):
    pictures, marks = people
    monkeypatch.setattr("embed.films.covering.fit._MEASURED", 4)
    monkeypatch.setattr(marked_faces, "render_marked_faces", lambda *asked: iter([len(pictures)]))
    made = marked_faces.MarkedFaces(pictures, marks)
    monkeypatch.setattr(marked_faces, "load_marked_faces", lambda *asked: made)
    head = tmp_path / "head.npz"
    head.write_bytes(b"a head")
    out = tmp_path / "covers.safetensors"
    plan = CoverPlan(steps=1, batch=2)
    job = CoversJob(str(head), len(pictures), 0, plan, str(out))
    train_covers(job, Place(tmp_path / "run", tmp_path, ""))
    assert load_covers(str(out)).layout.inside.any()
    card = read_card(out)
    assert card["licence"] == "MIT" and f"{len(pictures)} renders" in card["data"]
    assert 0 <= float(card["overlap"]) <= 1


def test_the_bundled_network_sees_hands_before_faces_that_it_does_not_know():
    """Faces of the generator, and hands drawn before them: not those that it learned from."""
    generator, head, layout = (
        load_generator("bundled"),
        load_head(BUNDLED_HEAD),
        load_covers().layout,
    )
    rows = map_seeds(range(8), generator, 0.7)
    pictures = to_frames(generator.synthesis(rows, resolution=256))
    random, covered, free = np.random.default_rng(1), [], []
    network = load_covers()
    for picture, row in zip(pictures, rows, strict=True):
        points = head.place(row).points[head.landmarks] * 256 - 0.5
        levels = picture.astype(np.float32) / 255
        usual = layout.cut(levels, points)
        for told in (free, covered):
            seen, mask = levels, np.zeros((256, 256), np.float32)
            while told is covered and layout.cut(mask, points)[layout.inside].mean() < 0.12:
                seen, mask = put_before(levels, points, np.rot90(levels), random)
            off = points + random.normal(0, 1.0, points.shape)
            pairs = prepare_pairs(layout.cut(seen, off)[None], usual[None], layout.inside)
            with torch.inference_mode():
                told.append(network(pairs)[0].sigmoid().numpy()[layout.inside].mean())
    assert np.mean(np.array(covered) > MOST_COVERED) >= 0.8
    assert np.mean(np.array(free) > MOST_COVERED) == 0


def test_the_bundled_network_is_small_and_says_where_it_comes_from():
    assert BUNDLED_COVERS.stat().st_size < 1e6
    card = read_card(BUNDLED_COVERS)
    assert card["licence"] == "MIT"
    assert "no photographs" in card["data"]
