"""Hair, beards, brows, lashes, hats, glasses and ear-rings as forms."""

import numpy as np
import pytest

from synth.workshop.portraits.forms.beards import make_beard
from synth.workshop.portraits.forms.brows import make_brows
from synth.workshop.portraits.forms.earrings import find_lobes, make_earrings
from synth.workshop.portraits.forms.form import join_grid, make_ball, ramp, rise, sweep
from synth.workshop.portraits.forms.front import find_skin_points
from synth.workshop.portraits.forms.hair import choose_cut, find_end, make_hair
from synth.workshop.portraits.forms.hats import find_hat_edge, make_hat
from synth.workshop.portraits.forms.lashes import make_lashes
from synth.workshop.portraits.forms.skull import COLUMNS, ROWS, find_ground_offset
from synth.workshop.portraits.forms.tied import make_braids, make_bun
from synth.workshop.portraits.rasterise import find_vertex_normals
from synth.workshop.portraits.worn.glasses import find_ears, make_glasses

AZIMUTH = np.linspace(-np.pi, np.pi, 145)
FRONT, BACK = np.abs(AZIMUTH) < 0.4, np.abs(AZIMUTH) > 2.2


@pytest.fixture(scope="module")
def studio(small_renderer):
    return small_renderer.studio


@pytest.fixture(scope="module")
def still() -> np.ndarray:
    return np.zeros((COLUMNS, ROWS, 3), np.float32)


def test_one_number_rises_as_an_array_ramps():
    for x in (-1.0, 0.2, 0.5, 0.9, 2.0):
        assert rise(0.0, 1.0, x) == pytest.approx(float(ramp(0.0, 1.0, x)), abs=1e-6)


def test_balls_and_tubes_face_outwards():
    points, triangles = make_ball()
    assert ((find_vertex_normals(points, triangles) * points).sum(1) > 0.5).mean() > 0.9
    path = np.stack([np.zeros(20), np.linspace(0, 5, 20), np.zeros(20)], 1)
    points, triangles = sweep(path, np.ones(20), np.array([0.0, 0.0, 1.0]))
    outward = points * (1, 0, 1)
    assert ((find_vertex_normals(points, triangles) * outward).sum(1) > 0.5).all()


def test_an_open_grid_has_one_column_less():
    assert len(join_grid(6, 4)) == 2 * 6 * 3
    assert len(join_grid(6, 4, closed=False)) == 2 * 5 * 3


def test_hair_ends_lower_with_length_and_fringe_and_higher_with_baldness(face):
    def end(**values: float) -> np.ndarray:
        return find_end(choose_cut(face.with_appearance(parting=0.0, **values)), AZIMUTH)

    short = end(hair_length=0.1, fringe=0.1)
    assert end(hair_length=0.9, fringe=0.1)[BACK].mean() < short[BACK].mean() - 5
    assert end(hair_length=0.1, fringe=0.95)[FRONT].mean() < short[FRONT].mean() - 1
    assert end(hair_length=0.1, fringe=0.1, bald=1.2)[FRONT].mean() > short[FRONT].mean() + 5


def test_hair_lies_on_the_head_and_follows_it(studio, still, face):
    hair = make_hair(studio.skull, face, still)
    moved = make_hair(studio.skull, face, still + np.array([0.0, 0.5, 0.0]))
    assert np.allclose(moved.vertices - hair.vertices, (0, 0.5, 0), atol=1e-5)
    full = face.with_appearance(hair_volume=1.0)
    top = [form.canonical[:, 1].max() for form in (hair, make_hair(studio.skull, full, still))]
    assert top[1] > top[0] > studio.skull.close[..., 1].max() - 0.5


def test_the_ground_moves_as_the_skin_does(studio):
    offsets = np.zeros_like(studio.model.vertices)
    offsets[:, 2] = 0.7
    assert np.allclose(find_ground_offset(studio.skull, offsets), (0, 0, 0.7), atol=1e-4)


def test_brows_taper_and_ride_on_the_skin(studio, face):
    model = studio.model
    bushy, thin = (
        make_brows(studio.front, face.with_appearance(brow_thickness=t), model, model.vertices)
        for t in (1.0, 0.0)
    )
    right = bushy.canonical[: len(bushy.canonical) // 2].reshape(30, 9, 3)
    height = np.ptp(right[..., 1], axis=1)
    assert height[-2] < 0.6 * height[8]
    assert np.ptp(thin.canonical[:, 1]) < np.ptp(bushy.canonical[:, 1])
    lifted = make_brows(studio.front, face, model, model.vertices + np.float32(0.3))
    same = make_brows(studio.front, face, model, model.vertices)
    assert np.allclose(lifted.vertices - same.vertices, 0.3, atol=1e-4)


def test_skin_is_found_where_it_is(studio):
    vertices = studio.model.vertices
    x, y = np.array([2.0, -3.0]), np.array([5.0, -5.0])
    found = find_skin_points(studio.front, x, y, vertices)
    assert np.allclose(found[:, :2], np.stack([x, y], 1), atol=0.1)


def test_lashes_grow(studio, face):
    def area(lashes: float) -> float:
        shown = face.with_appearance(lashes=lashes)
        form = make_lashes(studio.ribbons, shown, studio.model, studio.model.vertices)
        a, b, c = np.moveaxis(form.vertices[form.triangles], 1, 0)
        return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())

    assert area(1.0) > 1.5 * area(0.0)


def test_women_and_the_shaven_have_no_beard_and_long_ones_hang(studio, face):
    head = studio.model.vertices
    beard = {"beard": 1.0, "beard_cover": 0.8}
    assert make_beard(studio.beard, face, head) == []
    assert make_beard(studio.beard, face.with_appearance(femininity=1.0, **beard), head) == []
    short, long = (
        make_beard(studio.beard, face.with_appearance(beard_length=x, **beard), head)[0]
        for x in (0.0, 1.0)
    )
    assert (short.canonical - long.canonical)[:, 1].max() > 1
    assert long.canonical[:, 2].max() > short.canonical[:, 2].max()


def test_hats_slide_on_from_above(studio, still, face):
    assert make_hat(studio.skull, face, still) == []
    edges = [
        find_hat_edge(face.with_appearance(hat=h), studio.skull.azimuth).mean()
        for h in (0.0, 0.35, 0.4, 1.0)
    ]
    assert edges[0] > studio.skull.close[..., 1].max()
    assert edges == sorted(edges, reverse=True)
    close, roomy = (
        make_hat(studio.skull, face.with_appearance(hat=1.0, hat_style=s), still)[0]
        for s in (0.0, 1.0)
    )
    assert roomy.vertices[:, 1].max() > close.vertices[:, 1].max() + 0.5


def test_buns_and_braids_grow_from_nothing(face):
    assert make_bun(face, np.zeros(3), 0.0) == []
    assert make_braids(face, np.zeros((2, 3))) == []
    sizes = [
        np.ptp(make_bun(face.with_appearance(bun=b), np.zeros(3), 0.0)[0].vertices[:, 0])
        for b in (0.28, 0.35, 0.6)
    ]
    assert sizes == sorted(sizes)
    assert make_bun(face.with_appearance(bun=1.0), np.zeros(3), 1.0) == []
    right, left = make_braids(face.with_appearance(braids=1.0), np.zeros((2, 3)))
    assert right.vertices[:, 0].min() > 0 > left.vertices[:, 0].max()


@pytest.mark.parametrize("shape", [0.0, 0.5, 1.0])
def test_glasses_stand_before_the_eyes_and_reach_the_ears(model, face, shape):
    landmarks, ears = model.vertices[model.landmarks], model.vertices[find_ears(model.vertices)]
    shown = face.with_appearance(glasses=1.0, glasses_shape=shape)
    frame = make_glasses(shown, landmarks, ears)[0]
    rims = frame.vertices[: 2 * 64 * 8]
    assert rims[:, 2].max() > landmarks[36:48, 2].max()
    gap = np.linalg.norm(frame.vertices[:, None] - ears, axis=-1).min(0)
    assert (gap < 0.6).all()
    assert np.abs(frame.vertices.mean(0)[0]) < 0.1
    # Tubes face outwards: each ring's normals point away from its middle.
    normals = find_vertex_normals(frame.vertices, frame.triangles)
    rings = frame.vertices.reshape(-1, 8, 3)
    outward = (rings - rings.mean(1, keepdims=True)).reshape(-1, 3)
    assert ((normals * outward).sum(1) > 0).mean() > 0.95


def test_nobody_wears_glasses_below_the_threshold(model, face):
    landmarks = model.vertices[model.landmarks]
    assert make_glasses(face.with_appearance(glasses=0.06), landmarks, landmarks[[16, 0]]) == []


def test_ear_rings_hang_from_both_ears(model, face):
    lobes = model.vertices[find_lobes(model.vertices)]
    assert (lobes[:, 0] * (1, -1) > 7).all()
    assert make_earrings(face, lobes, lobes) == []
    rings = make_earrings(face.with_appearance(earrings=1.0, earring_style=1.0), lobes, lobes)
    for ring, lobe in zip(rings, lobes, strict=True):
        assert ring.vertices[:, 1].mean() < lobe[1]
        assert np.abs(ring.vertices[:, 0] - lobe[0]).max() < 1.2
