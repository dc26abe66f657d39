import cv2
import numpy as np
import pytest

from embed.faces.align import (
    align_face,
    compute_quad,
    cut_quad,
    map_crop_to_photo,
    paste_crop,
)
from embed.faces.resampling import map_points


@pytest.fixture(scope="module")
def reference(shared_assets):
    return np.load(shared_assets / "reference" / "ffhq_align_expected.npz")


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    data = pytest.importorskip("skimage.data", reason="needs scikit-image for its photo")
    return data.astronaut()


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    """68 points of a plain face, looking at us."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (68, 2)) * 4 + (200, 180)
    points[36:42] += (-40, -20)
    points[42:48] += (40, -20)
    points[48:60] += (0, 45)
    points[48, 0], points[54, 0] = 175, 225
    return points


def paint(height: int, width: int) -> np.ndarray:
    """A smooth picture without any symmetry."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / 9 + k) + np.cos(y / (7 + k)) + (x + 2 * y) / 300 for k in range(3)]
    return (np.stack(waves, axis=2) * 40 + 110).clip(0, 255).astype(np.uint8)


def test_quads_match_the_published_recipe(reference):
    found = compute_quad(reference["astronaut_landmarks"])
    assert np.abs(found - reference["astronaut_quad"]).max() < 0.01
    for points, quad in zip(reference["landmarks"], reference["quads"], strict=True):
        assert np.abs(compute_quad(points) - quad).max() < 0.01


def test_the_astronauts_crop_matches_the_published_recipe(reference, astronaut):
    found = align_face(astronaut, reference["astronaut_landmarks"], size_px=256)
    expected = reference["astronaut_crop_256"].astype(float)
    assert found.crop.shape == (256, 256, 3) and found.crop.dtype == np.uint8
    assert np.abs(found.crop - expected).mean() < 1
    assert np.abs(found.quad - reference["astronaut_quad"]).max() < 0.01


@pytest.mark.parametrize("angle", [-170, -40, 10, 90])
@pytest.mark.parametrize("scale", [0.3, 1, 7])
def test_quads_turn_grow_and_move_with_the_face(face, angle, scale):
    a = np.deg2rad(angle)
    turn = scale * np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    shift = np.array([31.5, -12.25])
    expected = compute_quad(face) @ turn.T + shift
    assert np.abs(compute_quad(face @ turn.T + shift) - expected).max() < 1e-9 * scale * 1e3


def test_a_quad_is_a_square_around_the_face(face):
    quad = compute_quad(face)
    sides = np.diff(np.vstack([quad, quad[:1]]), axis=0)
    lengths = np.linalg.norm(sides, axis=1)
    assert np.allclose(lengths, lengths[0])
    assert np.allclose((sides[0] * sides[1]).sum(), 0, atol=1e-9)
    assert (quad[0] < face[36:68].min(axis=0)).all() and (quad[2] > face[36:68].max(axis=0)).all()


def test_points_that_make_no_square(face):
    with pytest.raises(ValueError, match="points at one place"):
        compute_quad(np.zeros((68, 2)))
    face = face.copy()
    face[3, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        compute_quad(face)


def test_the_maps_lead_there_and_back(face):
    aligned = align_face(paint(400, 420), face, size_px=128)
    corners = np.array([(-0.5, -0.5), (-0.5, 127.5), (127.5, 127.5), (127.5, -0.5)])
    assert np.abs(map_points(aligned.to_photo, corners) - aligned.quad).max() < 1e-9
    assert np.abs(map_points(aligned.to_crop, aligned.quad) - corners).max() < 1e-9


def test_crops_show_what_the_map_says(face):
    """Pixels of the crop against the painted formula at the places they come from."""
    photo = paint(400, 420)
    aligned = align_face(photo, face, size_px=256)
    centres = np.array([(x, y) for x in range(20, 240, 31) for y in range(20, 240, 31)], float)
    places = map_points(aligned.to_photo, centres)
    expected = cv2.remap(photo, places[None].astype(np.float32), None, cv2.INTER_CUBIC)[0]
    found = aligned.crop[centres[:, 1].astype(int), centres[:, 0].astype(int)]
    assert np.abs(found.astype(int) - expected).max() <= 3


def make_overhang() -> tuple[np.ndarray, np.ndarray]:
    """A picture and a quad of its own grid that hangs over on the left and above by 10 pixels."""
    quad = np.array([(-10.5, -10.5), (-10.5, 29.5), (29.5, 29.5), (29.5, -10.5)])
    return paint(60, 60), quad


@pytest.mark.parametrize("padding", ["edge", "reflect", "constant"])
def test_what_lies_outside_is_as_numpy_pads(padding):
    photo, quad = make_overhang()
    found = cut_quad(photo, quad, 40, padding, colour=(9, 90, 200)).crop
    if padding == "constant":
        padded = np.empty((80, 80, 3), np.uint8)
        padded[:] = (9, 90, 200)
        padded[10:70, 10:70] = photo
    else:
        padded = np.pad(photo, ((10, 10), (10, 10), (0, 0)), mode=padding)
    difference = np.abs(found.astype(int) - padded[:40, :40])
    # The kernel of Mitchell and Netravali is a little soft even on the source's own grid.
    assert difference[:9, :9].max() <= 4 if padding != "reflect" else difference.max() <= 8
    assert difference[12:, 12:].max() <= 8


def test_quads_and_paddings_that_cannot_be(face):
    photo, quad = make_overhang()
    with pytest.raises(ValueError, match="needs padding among edge, reflect, constant; got 'wrap'"):
        cut_quad(photo, quad, 40, "wrap")
    with pytest.raises(ValueError, match="meets the picture of 60x60 pixels"):
        cut_quad(photo, quad + 1000, 40)
    with pytest.raises(ValueError, match="1 pixel or more"):
        cut_quad(photo, quad, 0)


def test_one_wide_picture_serves(face):
    """A line of pixels and a single one: nothing to mirror."""
    for shape in ((1, 30, 3), (30, 1, 3), (1, 1, 3)):
        photo = np.full(shape, 77, np.uint8)
        quad = np.array([(-3, -3), (-3, 5), (5, 5), (5, -3)], float)
        for padding in ("edge", "reflect"):
            assert (cut_quad(photo, quad, 16, padding).crop == 77).all()


@pytest.mark.parametrize("size", [64, 160, 512])
def test_an_unchanged_crop_put_back_leaves_the_photo(face, size):
    photo = paint(400, 420)
    aligned = align_face(photo, face, size_px=size)
    pasted = paste_crop(photo, aligned.crop, aligned.quad)
    difference = np.abs(pasted.astype(int) - photo)
    assert difference.mean() < 1 and difference.max() <= (40 if size == 64 else 6)
    outside = np.ones((400, 420), bool)
    low, high = aligned.quad.min(axis=0).astype(int), aligned.quad.max(axis=0).astype(int) + 1
    outside[low[1] : high[1], low[0] : high[0]] = False
    assert (difference[outside] == 0).all()


def test_the_astronauts_crop_put_back(reference, astronaut):
    aligned = align_face(astronaut, reference["astronaut_landmarks"], size_px=512)
    pasted = paste_crop(astronaut, aligned.crop, aligned.quad)
    assert np.abs(pasted.astype(int) - astronaut).mean() < 0.3
    assert pasted is not astronaut


def test_an_edited_crop_fades_out_towards_its_border(face):
    photo = np.zeros((400, 420, 3), np.uint8)
    aligned = align_face(photo, face, size_px=64)
    white = np.full((100, 100, 3), 255, np.uint8)  # another size than was cut
    pasted = paste_crop(photo, white, aligned.quad, feather=0.2)
    centre = aligned.quad.mean(axis=0)
    profile = [
        pasted[tuple(np.rint(centre + t * (aligned.quad[3] - aligned.quad[0]))[::-1].astype(int))]
        for t in np.linspace(0, 0.5, 26)
    ]
    levels = np.array(profile)[:, 0].astype(int)
    assert levels[0] == 255 and levels[-1] < 10 and (np.diff(levels) <= 0).all()
    hard = paste_crop(photo, white, aligned.quad, feather=0)
    assert set(np.unique(hard)) == {0, 255}
    side = np.linalg.norm(aligned.quad[1] - aligned.quad[0])
    assert abs((hard[..., 0] > 0).sum() / side**2 - 1) < 0.01


def test_a_mask_chooses_what_is_used(face):
    photo = np.zeros((400, 420, 3), np.uint8)
    quad = compute_quad(face)
    white, mask = np.full((64, 64, 3), 255, np.uint8), np.zeros((32, 32))
    assert (paste_crop(photo, white, quad, mask=mask) == 0).all()
    mask[:, :16] = 1.0
    pasted = paste_crop(photo, white, quad, feather=0, mask=mask)
    matrix = map_crop_to_photo(quad, 4)
    left, right = map_points(matrix, np.array([(0.0, 1.5), (3.0, 1.5)]))
    assert pasted[round(left[1]), round(left[0]), 0] == 255
    assert pasted[round(right[1]), round(right[0]), 0] == 0
    with pytest.raises(ValueError, match="mask from 0 to 1"):
        paste_crop(photo, white, quad, mask=mask * 2)
    with pytest.raises(ValueError, match=r"feather from 0 to 0\.5"):
        paste_crop(photo, white, quad, feather=0.7)


def test_a_crop_that_hangs_over_is_put_back_where_there_is_photo():
    photo, quad = make_overhang()
    pasted = paste_crop(photo, np.full((40, 40, 3), 255, np.uint8), quad, feather=0)
    assert (pasted[:29, :29] == 255).all() and np.array_equal(pasted[31:], photo[31:])
    assert np.array_equal(paste_crop(photo, photo, quad + 500), photo)
    # Its bounding box reaches into the photo by 8 pixels, the square itself does not.
    turned = np.array([(-12, -32), (-32, -12), (-12, 8), (8, -12)], float)
    assert np.array_equal(paste_crop(photo, photo, turned), photo)
