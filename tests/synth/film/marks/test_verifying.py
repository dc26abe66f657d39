import contextlib
import io
import json
import shutil

import av
import numpy as np
import pytest
from mark_samples import make_picture
from PIL import Image

pytest.importorskip("c2pa")

from synth.film.marks.keys import load_or_make_key, load_own_root
from synth.film.marks.manifest import Origin, read_manifest
from synth.film.marks.marking import Marker, make_id
from synth.film.marks.settings import MarkSettings
from synth.film.marks.verifying import (
    CHANGED,
    NOTHING,
    UNCHANGED,
    WATERMARK,
    verify_file,
)
from synth.film.marks.xmp import GENERATED, OF_A_PERSON
from synth.video.writing import write_video

SETTINGS = MarkSettings()
ORIGIN = Origin("tester", "ab" * 32, make_id("a film"))
FORMATS = ["a.png", "a.jpg", "a.gif", "a.mp4", "a.mov"]


def write_marked(path, origin=ORIGIN, settings=SETTINGS, frame_count=3):
    frames = np.stack([make_picture(256, 1)] * frame_count)
    for stage in Marker(origin, settings).stages:
        frames = stage(frames, None)
    if path.suffix in (".png", ".jpg"):
        Image.fromarray(frames[0]).save(path)
    elif path.suffix == ".mov":
        write_video(path.with_suffix(".mp4"), [frames])
        with av.open(str(path.with_suffix(".mp4"))) as source, av.open(str(path), "w") as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
    else:
        write_video(path, [frames])
    Marker(origin, settings).sign([path])
    return path


def verify(path):
    return verify_file(path, [load_own_root() or ""])


def change_a_byte(path):
    """One bit of the pictures themselves: those behind the manifest, and beside its padding."""
    content = bytearray(path.read_bytes())
    if path.suffix in (".mp4", ".mov"):
        place = content.index(b"mdat") + 1500
    else:
        place = content.rindex(b"IDAT") + 60 if path.suffix == ".png" else len(content) - 200
    content[place] ^= 0x10
    path.write_bytes(content)


@pytest.mark.parametrize("name", FORMATS)
def test_ours_is_known_and_one_byte_of_change_is_seen(tmp_path, name):
    path = write_marked(tmp_path / name)
    verdict = verify(path)
    assert verdict.status == UNCHANGED
    assert verdict.manifest.identifier == ORIGIN.identifier
    assert verdict.manifest.source_types == (GENERATED,)
    assert verdict.manifest.generator.startswith("Moodreel")
    assert b"trainedAlgorithmicMedia" in path.read_bytes()
    change_a_byte(path)
    with contextlib.suppress(OSError, ValueError):  # nothing can be read any more: told too
        assert verify(path).status == CHANGED


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.mp4"])
def test_pictures_can_be_seen_as_before(tmp_path, name):
    path = write_marked(tmp_path / name)
    bare = write_marked(tmp_path / f"bare_{name}", settings=MarkSettings(manifest=False))
    if name == "a.mp4":
        with av.open(str(path)) as one, av.open(str(bare)) as other:
            for ours, theirs in zip(one.decode(video=0), other.decode(video=0), strict=True):
                assert np.array_equal(ours.to_ndarray(), theirs.to_ndarray())
        return
    with Image.open(path) as one, Image.open(bare) as other:
        assert np.array_equal(np.array(one.convert("RGB")), np.array(other.convert("RGB")))


def test_a_changed_picture_is_told_from_one_whose_marks_are_gone(tmp_path):
    changed = write_marked(tmp_path / "a.mp4")
    change_a_byte(changed)
    assert verify(changed).status == CHANGED
    stripped = tmp_path / "b.jpg"
    Image.fromarray(np.asarray(Image.open(write_marked(tmp_path / "c.png")))).save(stripped)
    verdict = verify(stripped)
    assert verdict.status == WATERMARK and verdict.watermark.identifier == ORIGIN.identifier
    assert f"{ORIGIN.identifier:08x}" in verdict.describe()
    json.dumps(verdict.to_json())


def test_a_film_without_its_metadata_is_known_by_its_pixels(tmp_path):
    path = write_marked(tmp_path / "a.mp4")
    bare = tmp_path / "b.webm"
    with av.open(str(path)) as source:
        frames = np.stack([frame.to_ndarray(format="rgb24") for frame in source.decode(video=0)])
    write_video(bare, [frames])
    assert verify(bare).status == WATERMARK


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.mp4", "a.webm"])
def test_files_of_others_are_not_called_ours(tmp_path, name):
    path = tmp_path / name
    frames = np.stack([make_picture(96, 3)] * 2)
    if path.suffix in (".png", ".jpg"):
        Image.fromarray(frames[0]).save(path)
    else:
        write_video(path, [frames])
    assert verify(path).status == NOTHING


def test_a_manifest_by_somebody_else_is_told_as_what_it_says(tmp_path, monkeypatch):
    monkeypatch.setenv("MOODREEL_CONFIG", str(tmp_path / "theirs"))
    path = write_marked(tmp_path / "a.png", settings=MarkSettings(watermark=False))
    monkeypatch.setenv("MOODREEL_CONFIG", str(tmp_path / "ours"))
    load_or_make_key()
    verdict = verify(path)
    assert verdict.status == NOTHING
    assert "Moodreel" in verdict.describe() and "trainedAlgorithmicMedia" in verdict.describe()


def test_a_film_of_a_person_names_the_photo_and_keeps_its_marks(tmp_path):
    photo = write_marked(tmp_path / "photo.jpg", Origin("camera"), MarkSettings(watermark=False))
    path = write_marked(tmp_path / "a.png", Origin("tester", "", 7, (photo,)))
    facts = read_manifest(path, [load_own_root() or ""])
    assert facts.source_types == (OF_A_PERSON,) and facts.is_unchanged
    import c2pa

    content = json.loads(c2pa.Reader("image/png", io.BytesIO(path.read_bytes())).json())
    active = content["manifests"][content["active_manifest"]]
    assert [one["title"] for one in active["ingredients"]] == ["photo.jpg"]
    assert len(content["manifests"]) == 2


def test_what_cannot_carry_a_manifest_says_so(tmp_path):
    with pytest.warns(UserWarning, match=r"\.webm files carry no C2PA manifest"):
        write_marked(tmp_path / "a.webm")


def test_signing_leaves_all_else_as_it_is(tmp_path):
    one, other = write_marked(tmp_path / "a.mp4"), tmp_path / "b.mp4"
    bare = write_marked(other, settings=MarkSettings(manifest=False)).read_bytes()
    sample = bare[bare.index(b"mdat") : bare.index(b"mdat") + 2000]
    assert sample in one.read_bytes()


def test_an_own_certificate_signs(tmp_path, monkeypatch):
    load_or_make_key(tmp_path / "mine")
    folder = tmp_path / "mine" / "signing"
    settings = MarkSettings(
        certificate=str(folder / "certificates.pem"), key=str(folder / "key.pem")
    )
    path = write_marked(tmp_path / "a.png", settings=settings)
    assert verify_file(path, [(folder / "root.pem").read_text()]).status == UNCHANGED
    shutil.rmtree(folder)
    with pytest.raises(FileNotFoundError, match="needs a PEM file"):
        settings.check()


def test_one_of_certificate_and_key_is_refused():
    with pytest.raises(ValueError, match=r"certificate and marks\.key together"):
        MarkSettings(key="a.pem")
