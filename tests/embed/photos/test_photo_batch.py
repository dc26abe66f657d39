"""Batches of photos: what is left of each, what bad ones do, and what a second run does."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from inversion_samples import make_tiny_generator
from photo_samples import SETTINGS, make_recipe
from PIL import Image

from embed.photos.batch import BatchJob
from embed.photos.inverter import PhotoInverter
from embed.photos.journal import Entry, read_journal
from embed.photos.listing import Shard, list_photos
from embed.photos.result_folder import load_result_generator, load_result_rows
from embed.photos.starts import LatentsStart
from synth.faces.latents import load_latents, save_latents
from synth.film.marks.keys import load_own_root
from synth.film.marks.verifying import NOTHING, UNCHANGED, verify_file
from synth.film.marks.xmp import OF_A_PERSON
from synth.video.reading import probe_video

FILES = {
    "latents.npz",
    "crop.png",
    "reconstruction.png",
    "side_by_side.png",
    "checksums.json",
    "loss.png",
    "report.json",
}


def run(job: BatchJob, album: Path, inverter: PhotoInverter) -> dict[str, int]:
    settings = inverter.recipe.describe(inverter.generator)
    return dict(job.run(list_photos(album), settings, lambda: inverter))


def list_done(folder: Path) -> set[str]:
    return {path.name.rsplit("-", 1)[0] for path in (folder / "photos").iterdir()}


@pytest.fixture(scope="module")
def done(album, inverter, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    assert run(BatchJob(folder), album, inverter) == {"done": 3, "failed": 2}
    return folder


def test_bad_photos_stop_nothing_and_the_journal_says_why(done):
    assert list_done(done) == {"face0", "face1", "face2"}
    reasons = {
        entry.item.rsplit("-", 1)[0]: entry.reason
        for entry in read_journal(done / "journal-1-of-1.jsonl")
        if entry.state == "failed"
    }
    assert "broken" in reasons["broken"]
    assert "square" in reasons["wide"] and "40x30" in reasons["wide"]


def test_each_photo_leaves_all_its_files(done, inverter):
    for folder in (done / "photos").iterdir():
        assert {file.name for file in folder.iterdir()} == FILES
        report = json.loads((folder / "report.json").read_text())
        assert report["inversion"]["loss"] <= report["inversion"]["start_loss"]
        assert report["photo"]["width_px"] == 64
        assert report["likeness"]["perceptual_distance"] >= 0
        rows = load_result_rows(folder, inverter.generator)
        assert rows.shape == (10, 16)
        assert load_result_generator(folder, inverter.generator) is inverter.generator
        with Image.open(folder / "crop.png") as crop:
            assert crop.size == (64, 64)


def test_what_the_generator_drew_is_marked_as_made_from_the_photo(done):
    folder, roots = next((done / "photos").iterdir()), [load_own_root() or ""]
    for name in ("reconstruction.png", "side_by_side.png"):
        found = verify_file(folder / name, roots)
        assert found.status == UNCHANGED and found.manifest is not None
        assert found.manifest.source_types[0].endswith(OF_A_PERSON)
    assert verify_file(folder / "crop.png", roots).status == NOTHING


def test_a_second_run_does_nothing_again(done, album, inverter):
    def load():
        raise AssertionError("nothing is left to do")

    before = {path: path.stat().st_mtime_ns for path in (done / "photos").rglob("*")}
    items = list_photos(album)
    counts = BatchJob(done).run(items, inverter.recipe.describe(inverter.generator), load)
    assert dict(counts) == {"skipped": 5}
    assert {path: path.stat().st_mtime_ns for path in (done / "photos").rglob("*")} == before


def test_failed_photos_are_tried_again_on_request(done, album, inverter):
    counts = run(BatchJob(done, retry_failed=True), album, inverter)
    assert counts == {"skipped": 3, "failed": 2}


def test_a_batch_gives_what_single_photos_give(done, album, inverter, tmp_path):
    assert run(BatchJob(tmp_path, batch=2), album, inverter)["done"] == 3
    for folder in (tmp_path / "photos").iterdir():
        one, other = (
            np.load(f / "latents.npz")["w"] for f in (folder, done / "photos" / folder.name)
        )
        assert np.abs(one - other).max() < 1e-3


def test_other_settings_are_refused(done, album, inverter):
    other = {**inverter.recipe.describe(inverter.generator), "loss": "lpips"}
    with pytest.raises(ValueError, match="needs the settings"):
        BatchJob(done).run(list_photos(album), other, lambda: inverter)
    with pytest.raises(ValueError, match="needs the settings"):
        BatchJob(done, Shard(1, 2)).run(list_photos(album), other, lambda: inverter)


def test_shards_in_one_folder_make_the_whole(done, album, inverter, tmp_path):
    for number in (1, 2, 3):
        run(BatchJob(tmp_path, Shard(number, 3)), album, inverter)
    assert list_done(tmp_path) == list_done(done)
    entries = [e for path in tmp_path.glob("journal-*.jsonl") for e in read_journal(path)]
    assert len(entries) == len({entry.item for entry in entries}) == 5


def test_what_a_killed_process_left_is_removed(album, inverter, tmp_path):
    item = next(item for item in list_photos(album) if item.name.startswith("face1"))
    half = tmp_path / "photos" / f".{item.name}.p4194305-1-abcd1234.part"  # of no process
    half.mkdir(parents=True)
    (half / "latents.npz").write_bytes(b"half")
    run(BatchJob(tmp_path), album, inverter)
    assert not list((tmp_path / "photos").glob(".*"))


class FailingInverter(PhotoInverter):
    """Fails on a batch that holds one of the photos."""

    def invert(self, faces, names):
        if any(name.startswith("face1") for name in names):
            raise RuntimeError("a fault of ours")
        return super().invert(faces, names)


def test_one_that_fails_in_a_batch_does_not_take_the_others_along(album, tmp_path):
    inverter = FailingInverter(make_recipe(), make_tiny_generator())
    said: list[Entry] = []
    job = BatchJob(tmp_path, batch=3, report=said.append)
    assert run(job, album, inverter) == {"done": 2, "failed": 3}
    assert list_done(tmp_path) == {"face0", "face2"}
    assert any("RuntimeError: a fault of ours" in entry.reason for entry in said)


def test_a_full_disk_ends_the_run_and_leaves_nothing_half(album, inverter, tmp_path, monkeypatch):
    def fill(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("embed.photos.result_folder.save_loss_curve", fill)
    with pytest.raises(OSError, match="No space left"):
        run(BatchJob(tmp_path), album, inverter)
    assert not list((tmp_path / "photos").iterdir())


def test_tuning_and_film_are_kept(album, tmp_path):
    recipe = make_recipe(tune=True, film=True)
    recipe = make_recipe(
        tune=True, film=True, tuning=type(recipe.tuning)(steps=2, locality_weight=0)
    )
    inverter = PhotoInverter(recipe, make_tiny_generator())
    run(BatchJob(tmp_path), album / "face0.png", inverter)
    (folder,) = (tmp_path / "photos").iterdir()
    assert {file.name for file in folder.iterdir()} == FILES | {
        "tuning.safetensors",
        "optimisation.mp4",
    }
    assert probe_video(folder / "optimisation.mp4").frame_count == SETTINGS.steps
    tuned = load_result_generator(folder, inverter.generator)
    assert tuned is not inverter.generator
    report = json.loads((folder / "report.json").read_text())
    assert report["tuning"]["last_loss"] <= report["tuning"]["first_loss"]
    assert report["likeness_before_tuning"] is not None


def test_a_run_may_begin_where_an_earlier_one_ended(done, album, tmp_path):
    recipe = make_recipe(start=LatentsStart(str(done)))
    inverter = PhotoInverter(recipe, make_tiny_generator())
    assert run(BatchJob(tmp_path), album / "face0.png", inverter) == {"done": 1}
    (folder,) = (tmp_path / "photos").iterdir()
    before, after = (
        json.loads((place / "report.json").read_text())["inversion"]
        for place in (done / "photos" / folder.name, folder)
    )
    assert after["start_loss"] == pytest.approx(before["loss"], rel=1e-4)


def test_a_start_of_another_shape_fails_with_its_file_named(album, tmp_path):
    save_latents(tmp_path / "other.npz", torch.zeros(1, 4, 16))
    recipe = make_recipe(start=LatentsStart(str(tmp_path / "other.npz")))
    run(BatchJob(tmp_path / "o"), album / "face0.png", PhotoInverter(recipe, make_tiny_generator()))
    (entry,) = read_journal(tmp_path / "o" / "journal-1-of-1.jsonl")
    assert entry.state == "failed"
    assert "other.npz: needs W+ of shape" in entry.reason


def test_optimised_noise_is_kept_beside_the_latents(album, tmp_path):
    settings = type(SETTINGS)(steps=2, precision="fp32", noise="optimised")
    inverter = PhotoInverter(make_recipe(settings=settings), make_tiny_generator())
    run(BatchJob(tmp_path), album / "face0.png", inverter)
    (folder,) = (tmp_path / "photos").iterdir()
    with np.load(folder / "latents.npz") as content:
        assert sum(name.startswith("noise_") for name in content.files) == 9
        assert content["noise_8"].shape == (1, 64, 64)
    assert load_latents(folder / "latents.npz", inverter.generator).shape == (1, 10, 16)


def test_a_batch_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 1 photo"):
        BatchJob(tmp_path, batch=0)
