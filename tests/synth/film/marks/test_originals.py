"""What a film was made from is named in its manifest, whatever the file is called."""

import io

import numpy as np
import pytest
from mark_samples import make_picture
from PIL import Image

pytest.importorskip("c2pa")

import c2pa

from synth.film.marks.ingredients import find_kind
from synth.film.marks.keys import load_own_root
from synth.film.marks.manifest import Origin
from synth.film.marks.marking import Marker
from synth.film.marks.verifying import UNCHANGED, verify_file
from synth.film.marks.xmp import OF_A_PERSON
from synth.video.writing import write_video


@pytest.mark.parametrize(
    ("kind", "name", "named"),
    [
        ("JPEG", "upload.photo", True),
        ("PNG", "me.jpg", True),
        ("WEBP", "me.webp", True),
        ("AVIF", "me.avif", True),
        ("TIFF", "me.tif", True),
        ("BMP", "me.bmp", False),
    ],
)
def test_an_original_is_named_if_a_manifest_can(tmp_path, kind, name, named):
    picture = Image.fromarray(make_picture(64))
    picture.save(tmp_path / name, kind)
    picture.save(tmp_path / "made.png")
    origin = Origin("tester", originals=(tmp_path / name,))
    Marker(origin).sign([tmp_path / "made.png"])
    found = verify_file(tmp_path / "made.png", [load_own_root() or ""])
    assert found.status == UNCHANGED and found.manifest is not None
    assert found.manifest.source_types[0].endswith(OF_A_PERSON)
    content = io.BytesIO((tmp_path / "made.png").read_bytes())
    assert (f'"{name}"' in c2pa.Reader("image/png", content).json()) is named


def test_a_clip_is_told_by_its_bytes(tmp_path):
    write_video(tmp_path / "clip.mp4", [np.zeros((2, 64, 64, 3), np.uint8)])
    (tmp_path / "clip.mp4").rename(tmp_path / "a.clip")
    assert find_kind(tmp_path / "a.clip") == "video/mp4"
    (tmp_path / "text.mp4").write_text("no film at all")
    assert find_kind(tmp_path / "text.mp4") is None
