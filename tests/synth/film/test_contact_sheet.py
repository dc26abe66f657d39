import numpy as np
import pytest
from PIL import Image

from synth.film.contact_sheet import TileLabel, make_contact_sheet, save_contact_sheet


def make_pictures(count: int, height: int = 64, width: int = 64) -> np.ndarray:
    """Flat pictures, each of its own colour."""
    colours = np.random.default_rng(0).integers(60, 255, (count, 3), dtype=np.uint8)
    return np.ascontiguousarray(np.broadcast_to(colours[:, None, None], (count, height, width, 3)))


@pytest.mark.parametrize(("count", "columns"), [(1, None), (7, None), (7, 3), (5, 9), (12, None)])
@pytest.mark.parametrize("size", [(64, 64), (48, 64)])
def test_every_picture_is_whole_and_in_reading_order(count, columns, size):
    pictures = make_pictures(count, *size)
    sheet = make_contact_sheet(pictures, ["x"] * count, "Title", columns, tile_px=64)
    corners = []
    for picture in pictures:
        where = np.argwhere((sheet == picture[0, 0]).all(axis=-1))
        (top, left), (bottom, right) = where.min(axis=0), where.max(axis=0)
        assert (bottom - top + 1, right - left + 1) == size
        assert len(where) == size[0] * size[1]
        corners.append((top, left))
    assert corners == sorted(corners)


def test_labels_are_drawn_below_their_own_picture():
    pictures = make_pictures(2)
    plain = make_contact_sheet(pictures, ["", ""], tile_px=64)
    labelled = make_contact_sheet(pictures, ["", TileLabel("fear", 0.5, 2.0)], tile_px=64)
    changed = np.argwhere((plain != labelled).any(axis=-1))
    assert len(changed) > 50
    assert changed[:, 0].min() >= 64 + 4 and changed[:, 1].min() >= 64 + 8


def test_bar_is_as_long_as_the_intensity():
    lengths = []
    for intensity in (0.0, 0.25, 0.5, 1.0, 1.4):
        sheet = make_contact_sheet(make_pictures(1), [TileLabel("", intensity)], tile_px=64)
        lengths.append((sheet == (0xE8, 0xA3, 0x3D)).all(axis=-1).any(axis=0).sum())
    assert lengths == [0, 16, 32, 64, 64]


def test_details_say_what_is_known():
    assert TileLabel("joy", 0.5, 1.25).details == "intensity 0.50  ·  1.2 s"
    assert TileLabel("joy").details == ""
    assert TileLabel("joy", time_s=3).details == "3.0 s"


def test_long_words_do_not_run_into_the_neighbour():
    pictures = make_pictures(2)
    sheet = make_contact_sheet(pictures, ["an extraordinarily long name" * 2, ""], tile_px=64)
    below = sheet[64 + 4 :, 64 + 4 + 2 :]
    assert (below == below[0, 0]).all()


def test_saved_sheet_is_the_same_picture_and_marked(tmp_path):
    sheet = make_contact_sheet(make_pictures(3), ["a", "b", "c"], tile_px=64)
    save_contact_sheet(tmp_path / "sheet.png", sheet)
    with Image.open(tmp_path / "sheet.png") as image:
        assert np.array_equal(np.asarray(image), sheet)
        assert "synthetic" in image.info["Comment"]
    save_contact_sheet(tmp_path / "plain.png", sheet, "tester", marked=False)
    with Image.open(tmp_path / "plain.png") as image:
        assert np.array_equal(np.asarray(image), sheet)
        assert image.info == {}


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="2 pictures and 1 labels"):
        make_contact_sheet(make_pictures(2), ["one"])
    with pytest.raises(ValueError, match="0 pictures"):
        make_contact_sheet(make_pictures(0), [])
    with pytest.raises(ValueError, match="tile_px"):
        make_contact_sheet(make_pictures(1), ["a"], tile_px=8)
