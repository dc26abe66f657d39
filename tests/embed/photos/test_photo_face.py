"""A photo as a video's face: inverted once for the same content, pasted where it was cut out."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch
from inversion_samples import draw_own_pictures, make_tiny_generator
from photo_samples import find, make_recipe
from PIL import Image

from embed.inversion.settings import InversionSettings
from embed.inversion.tuning import TuningSettings
from embed.photos import inverter, photo_face, recipe
from embed.photos.begun import load_begun
from embed.photos.photo_face import BEGUN, PhotoFace
from synth.progress import Cancelled
from synth.types import to_frames


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))
    frame = to_frames(draw_own_pictures(make_tiny_generator(), 1))[0]
    Image.fromarray(frame).save(tmp_path / "me.png")
    return tmp_path / "me.png"


@pytest.fixture
def inversions(monkeypatch) -> list[object]:
    """Grows with each inversion."""
    made = []

    class Counting(photo_face.PhotoInverter):
        def invert(self, faces, names):
            made.append(names)
            return super().invert(faces, names)

    monkeypatch.setattr(photo_face, "PhotoInverter", Counting)
    return made


def test_the_same_content_is_inverted_once_whatever_its_name(photo, inversions, tmp_path):
    generator, wanted = make_tiny_generator(), make_recipe()
    first = PhotoFace(str(photo), wanted).prepare(generator).rows
    (tmp_path / "copy.png").write_bytes(photo.read_bytes())
    again = PhotoFace(str(tmp_path / "copy.png"), wanted).prepare(generator).rows
    assert torch.equal(first, again) and len(inversions) == 1
    Image.new("RGB", (64, 64), "red").save(photo)
    other = PhotoFace(str(photo), wanted).prepare(generator).rows
    assert len(inversions) == 2 and not torch.equal(first, other)


def test_other_settings_are_another_result(photo, inversions):
    generator = make_tiny_generator()
    for steps in (2, 3):
        wanted = make_recipe(settings=InversionSettings(steps=steps, precision="fp32"))
        PhotoFace(str(photo), wanted).prepare(generator)
    assert len(inversions) == 2


def test_what_was_found_is_put_beside_the_video(photo, inversions, tmp_path):
    generator, face = make_tiny_generator(), PhotoFace(str(photo), make_recipe())
    prepared = face.prepare(generator)
    assert prepared.rows.shape == (generator.num_layers, generator.w_dim)
    assert prepared.generator is generator and prepared.label == photo.name
    assert all(path.is_file() for path in prepared.keepsakes.values())
    assert set(prepared.keepsakes) == {
        "photo_crop.png",
        "photo_inversion.png",
        "photo_loss.png",
        "photo_report.json",
    }


def test_frames_are_pasted_where_the_face_was_cut_out(photo, tmp_path):
    random = np.random.default_rng(0)
    whole = random.integers(0, 255, (100, 160, 3), np.uint8)
    Image.fromarray(whole).save(tmp_path / "group.png")
    face = PhotoFace(str(tmp_path / "group.png"), make_recipe(finder=find(1)), paste=True)
    frames, times_s = np.full((3, 32, 32, 3), 200, np.uint8), torch.arange(3.0)
    placed = face.prepare(make_tiny_generator()).place(frames, times_s)
    assert placed.shape == (3, 100, 160, 3)
    quad = face.recipe.cut_face(tmp_path / "group.png", 16).quad
    x, y = quad.mean(axis=0).round().astype(int)
    assert (placed[:, y, x] == 200).all()
    assert np.array_equal(placed[0, -1, -1], whole[-1, -1])
    # At half the size the same place is half as far from the photo's corner.
    small = dataclasses.replace(face, paste_px=80)
    half = small.prepare(make_tiny_generator()).place(frames, times_s)
    assert half.shape == (3, 50, 80, 3) and (half[:, y // 2, x // 2] == 200).all()


def test_without_pasting_frames_stay_as_they_are(photo):
    assert PhotoFace(str(photo), make_recipe()).prepare(make_tiny_generator()).place is None


def test_a_photo_is_decoded_and_searched_once(photo, monkeypatch):
    loads = []
    load = recipe.load_photo
    monkeypatch.setattr(recipe, "load_photo", lambda path: loads.append(path) or load(path))
    face = PhotoFace(str(photo), make_recipe(finder=find(1)), paste=True)
    face.check()
    face.prepare(make_tiny_generator())
    face.prepare(make_tiny_generator())
    assert loads == [str(photo)]


def test_looking_at_a_large_face_reduces_it_little(photo, monkeypatch):
    """What is reduced much is filtered long: a face of 8K took a minute to be looked at."""
    Image.new("RGB", (900, 900)).save(photo)
    sizes, cut = [], recipe.FoundFace.cut
    monkeypatch.setattr(recipe.FoundFace, "cut", lambda self, px: sizes.append(px) or cut(self, px))
    for count in (1, 4):  # the largest of four is two and a half times as large
        face = PhotoFace(str(photo), make_recipe(finder=find(count)))
        face.check()
        quad = face._found.quad
        assert sizes[-1] >= np.hypot(*(quad[3] - quad[0])) / 5
    assert sizes[0] < sizes[1]


def test_a_head_that_is_known_moves_a_photo_without_tuning(photo, monkeypatch):
    """`auto` tunes where the generator's own pixels are shown; the report says what was done."""
    generator = make_tiny_generator()
    wanted = make_recipe(tune="auto", tuning=TuningSettings(steps=1))
    drawn = PhotoFace(str(photo), wanted).prepare(generator)
    assert drawn.generator is not generator, "nothing is known of this generator's head"
    monkeypatch.setattr(photo_face, "find_head", lambda _: object())
    folders = {
        pixels: PhotoFace(str(photo), wanted, pixels=pixels).find_folder(generator)
        for pixels in photo_face.PIXELS
    }
    plain = PhotoFace(str(photo), make_recipe(), pixels="photo").find_folder(generator)
    assert folders["photo"] == plain
    assert folders["points"] == folders["generator"] != plain
    report = json.loads(drawn.keepsakes["photo_report.json"].read_text())
    assert report["tuning"]["steps"] == 1 and report["recipe"]["tuning"] is not None


def test_progress_is_told(photo):
    told = []
    PhotoFace(str(photo), make_recipe()).prepare(make_tiny_generator(), told.append)
    assert {report.step for report in told} == {"invert"} and told[-1].total == 100


def test_what_cannot_be_a_videos_face(photo):
    noisy = make_recipe(settings=InversionSettings(steps=2, noise="optimised"))
    with pytest.raises(ValueError, match="needs noise const or none"):
        PhotoFace(str(photo), noisy)
    with pytest.raises(ValueError, match="needs a finder"):
        PhotoFace(str(photo), make_recipe(), paste=True)
    with pytest.raises(FileNotFoundError, match="gone"):
        PhotoFace(str(photo.with_name("gone.png")), make_recipe()).check()


def test_a_result_that_time_cut_short_says_so_each_time(photo):
    generator = make_tiny_generator()
    hasty = InversionSettings(steps=9, budget_s=1e-6, least_steps=2, precision="fp32")
    face = PhotoFace(str(photo), make_recipe(settings=hasty))
    for _ in range(2):  # found, and then kept
        with pytest.warns(UserWarning, match=r"inversion of me\.png was cut short after 2 of 9"):
            prepared = face.prepare(generator)
        assert len(prepared.warnings) == 1 and "2 of 9 steps" in prepared.warnings[0]
    patient = PhotoFace(str(photo), make_recipe()).prepare(generator)
    assert patient.warnings == ()


def test_a_damaged_result_is_told_and_made_again(photo, inversions):
    generator, face = make_tiny_generator(), PhotoFace(str(photo), make_recipe())
    first = face.prepare(generator)
    folder = face.find_folder(generator)
    for name in ("latents.npz", "crop.png", "checksums.json"):
        count = len(inversions)
        (folder / name).write_bytes(b"damaged")
        with pytest.warns(UserWarning, match=rf"{name}: the kept inversion of .*me\.png"):
            again = PhotoFace(str(photo), make_recipe()).prepare(generator)
        assert torch.equal(first.rows, again.rows) and len(inversions) == count + 1
    PhotoFace(str(photo), make_recipe()).prepare(generator)
    assert len(inversions) == 4


def test_the_photos_own_pixels_move_unless_the_generators_are_wanted(photo, tmp_path):
    random = np.random.default_rng(0)
    whole = random.integers(0, 255, (100, 160, 3), np.uint8)
    Image.fromarray(whole).save(tmp_path / "group.png")
    generator = make_tiny_generator()
    recipe = make_recipe(finder=find(1))
    face = PhotoFace(str(tmp_path / "group.png"), recipe, paste=True, pixels="points")
    prepared = face.prepare(generator)
    still = torch.zeros(2)

    def stay(times_s):
        return prepared.rows.expand(len(times_s), -1, -1)

    stage = prepared.find_place(stay, still)
    drawn = np.repeat(prepared.moves.reference[None], 2, axis=0)
    assert np.array_equal(stage(drawn, still), np.stack([whole, whole])), "nothing moved"
    crop = dataclasses.replace(face, paste=False).prepare(generator)
    assert np.array_equal(crop.find_place(stay, still)(drawn, still)[0], crop.moves.crop)
    for pixels in ("generator", "photo"):  # nothing is known of this generator's head
        plain = dataclasses.replace(face, pixels=pixels).prepare(generator)
        assert plain.moves is None and plain.find_place(stay, still) is plain.place
    aligned = PhotoFace(str(photo), make_recipe(), pixels="points").prepare(generator)
    assert aligned.moves.tracker.marks.shape == (68, 2)
    with pytest.raises(ValueError, match="needs pixels among photo, points, generator; got 'own'"):
        PhotoFace(str(photo), make_recipe(), pixels="own")


def test_who_was_stopped_goes_on_with_tuning(photo, monkeypatch):
    """The result is that of a run that nobody stopped; what had been kept on the way is gone."""
    generator = make_tiny_generator()
    wanted = make_recipe(tune=True, tuning=TuningSettings(steps=3))
    undisturbed = PhotoFace(str(photo), wanted)
    expected = undisturbed.prepare(generator)
    folder = undisturbed.find_folder(generator)
    shutil.rmtree(folder)

    def stop(progress):
        if progress.step == "tune" and progress.done == 2:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        PhotoFace(str(photo), wanted).prepare(generator, stop)
    assert [path.name for path in folder.parent.iterdir()] == [f"{folder.name}{BEGUN}"]
    steps = []
    monkeypatch.setattr(inverter, "invert", None)  # it need not be done again
    found = PhotoFace(str(photo), wanted).prepare(generator, lambda told: steps.append(told.step))
    assert torch.equal(found.rows, expected.rows) and set(steps) == {"tune"}
    for one, other in zip(
        found.generator.synthesis.parameters(),
        expected.generator.synthesis.parameters(),
        strict=True,
    ):
        assert torch.equal(one, other)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_damaged_beginning_counts_as_none(photo, tmp_path):
    assert load_begun(tmp_path / "none.safetensors") is None
    (tmp_path / "cut.safetensors").write_bytes(b"\x08\x00\x00")
    assert load_begun(tmp_path / "cut.safetensors") is None
