"""The page of random faces: every seed in its place, in rows."""

import numpy as np
from PIL import Image

from benchmarks.random_faces import lay_out, save_page


def test_pictures_stand_in_rows_from_the_left():
    pictures = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    page = lay_out(pictures, 3)
    assert page.shape == (8, 12, 3)
    assert page[::4, ::4, 0].tolist() == [[0, 1, 2], [3, 4, 0]]


def test_the_page_says_that_it_was_generated(tmp_path):
    page = np.full((32, 48, 3), 90, np.uint8)
    save_page(tmp_path / "page.jpg", page)
    with Image.open(tmp_path / "page.jpg") as image:
        assert image.size == (48, 32)
        assert b"trainedAlgorithmicMedia" in image.info["xmp"]
