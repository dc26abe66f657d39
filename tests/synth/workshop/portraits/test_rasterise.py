import numpy as np

from synth.workshop.portraits import rasterise
from synth.workshop.portraits.rasterise import FAR


def draw(screen, triangles, size=64):
    depth = np.full((size, size), FAR, np.float32)
    index = np.full((size, size), -1, np.int32)
    weights = np.zeros((size, size, 2), np.float32)
    rasterise.fill_depth(
        np.array(screen, np.float32), np.array(triangles, np.int32), depth, index, weights
    )
    return depth, index, weights


SQUARE = [[8, 8, 0], [8, 40, 0], [40, 40, 0], [40, 8, 0]]
FACES = [[0, 1, 2], [0, 2, 3]]


def test_square_covers_its_area_once_and_back_faces_nothing():
    _, index, _ = draw(SQUARE, FACES)
    covered = index >= 0
    assert covered.sum() == 32 * 32
    assert covered[8:40, 8:40].all()
    _, index, _ = draw(SQUARE, [face[::-1] for face in FACES])
    assert (index < 0).all()


def test_nearer_triangle_wins_whatever_the_order():
    near = [[x, y, 1] for x, y, _ in SQUARE]
    for screen, winner in (([*SQUARE, *near], {2, 3}), ([*near, *SQUARE], {0, 1})):
        depth, index, _ = draw(screen, [*FACES, [4, 5, 6], [4, 6, 7]])
        assert set(np.unique(index[index >= 0])) == winner
        assert depth.max() == 1


def test_attributes_are_linear_in_screen_space():
    triangles = np.array(FACES, np.int32)
    _, index, weights = draw(SQUARE, FACES)
    attributes = np.array(SQUARE, np.float32)[:, :2].copy()
    out = np.zeros((64, 64, 2), np.float32)
    rasterise.interpolate(index, weights, triangles, attributes, out)
    y, x = np.nonzero(index >= 0)
    assert np.allclose(out[y, x], np.stack([x + 0.5, y + 0.5], 1), atol=1e-4)


def test_normals_of_an_octahedron_point_outwards():
    points = np.array(
        [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], np.float32
    )
    triangles = np.array(
        [
            [0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4],
            [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5],
        ],
        np.int32,
    )  # fmt: skip
    assert np.allclose(rasterise.find_vertex_normals(points, triangles), points, atol=1e-6)
