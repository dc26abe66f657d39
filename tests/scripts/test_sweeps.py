"""Many films by one command: folders, failures, going on, and the table of their scorecards."""

import csv
import functools
import json
import os
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from scripts import collect_scores, entry
from scripts.attempts import Attempt, find_note, find_outcome
from scripts.sweeping import load_parts, name_part, read_sweep
from synth.faces.latents import save_latents
from synth.film import film
from synth.generators import load_generator
from synth.storage.locks import own_folder

SEEDS = "face.seed=range(0,3)"


def test_the_folder_depends_on_what_the_films_depend_on():
    one = read_sweep(["-m", SEEDS, "video=gif"])
    assert one.keys == ("face.seed",)
    assert [part.name for part in one.parts] == ["face.seed=0", "face.seed=1", "face.seed=2"]
    assert one.parts[1].settings[:2] == ("face.seed=1", "video=gif")
    elsewhere = ["launcher=slurm", "paths.outputs=there", "resume=false"]
    assert read_sweep([SEEDS, "video=gif", *elsewhere]).naming == one.naming
    others = [["video=png"], ["video=gif", "video.fps=25"], ["video=gif", "~directions"]]
    assert all(read_sweep([SEEDS, *other]).naming != one.naming for other in others)
    assert read_sweep([SEEDS, "name=mine"]).naming == ()


def test_names_of_films_are_told_apart_and_harmless():
    values = ["/etc/passwd", "../x", "-etc-passwd", "a" * 300, "a" * 301, "ä", "ö"]
    names = [name_part([f"face.path={value}", "video=gif"], ["face.path"]) for value in values]
    assert len(set(names)) == len(names)
    assert all(len(name) < 100 and name.isascii() and "/" not in name for name in names)


def test_a_sweep_without_anything_that_varies_is_told():
    with pytest.raises(ValueError, match="several values for many runs"):
        read_sweep(["-m", "face.seed=3"])


@pytest.fixture
def sweep(run, monkeypatch):
    """Runs films; gives the exit code, what was printed to stderr, and their folder."""
    # Plots take longer than all else here.
    quick = functools.partial(film.save_scorecard, with_report=False)
    monkeypatch.setattr(film, "save_scorecard", quick)

    def call(*settings: str) -> tuple[int, str, Path]:
        code, errors = run("-m", *settings, "track.emotions=[calm,anger]")
        return code, errors, run.folder

    return call


def collect(folder: Path, monkeypatch, capsys) -> tuple[list[dict], list[dict], str]:
    monkeypatch.setattr(sys, "argv", ["collect_scores", f"folder={folder}"])
    collect_scores.main()
    tables = []
    for name in ("scores.csv", "failures.csv"):
        with (folder / name).open(encoding="utf-8") as file:
            tables.append(list(csv.DictReader(file)))
    with Image.open(folder / "scores.png") as picture:
        assert picture.width > 500
    return (*tables, capsys.readouterr().out)


def test_the_same_command_makes_what_is_missing(
    sweep, tmp_path, tiny_generator, monkeypatch, capsys
):
    generator = load_generator(tiny_generator)
    paths = [tmp_path / f"face{number}.npz" for number in range(3)]
    for path in (paths[0], paths[2]):
        save_latents(path, torch.zeros(1, generator.num_layers, generator.w_dim))
    faces = ("face=latents", "face.path=" + ",".join(map(str, paths)))
    code, errors, folder = sweep(*faces)
    # The second film fails, and the third is made all the same.
    assert code == 1 and "face1.npz" in errors
    films = [folder / part.name for part in load_parts(folder)]
    states = [find_outcome(path).state for path in films]
    assert states == ["finished", "failed", "finished"]
    rows, failures, said = collect(folder, monkeypatch, capsys)
    assert [row["face.path"] for row in rows] == [str(paths[0]), str(paths[2])]
    assert [row["film"] for row in failures] == [films[1].name]
    assert "face1.npz" in failures[0]["reason"] and "2 finished, 1 failed" in said
    save_latents(paths[1], torch.zeros(1, generator.num_layers, generator.w_dim))
    before = [(path / "film.json").stat().st_mtime_ns for path in (films[0], films[2])]
    code, errors, _ = sweep(*faces)
    assert code == 0, errors
    assert [(path / "film.json").stat().st_mtime_ns for path in (films[0], films[2])] == before
    assert not list((folder / ".attempts").iterdir())
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {
        ".attempts",
        *(path.name for path in films),
    }


def test_a_fault_of_ours_ends_its_film_alone(sweep, monkeypatch):
    whole, calls = film.draw_sheet, []

    def fail_once(*arguments):
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("a fault")
        return whole(*arguments)

    monkeypatch.setattr(film, "draw_sheet", fail_once)
    code, errors, folder = sweep("face.seed=1,2")
    assert code == 1 and "Traceback" in errors and len(calls) == 2
    assert find_outcome(folder / "face.seed=1").reason == "RuntimeError: a fault"
    assert find_outcome(folder / "face.seed=2").state == "finished"


def test_settings_that_no_film_could_have_end_the_sweep_before_it_begins(sweep):
    code, errors, folder = sweep(SEEDS, "video.nonsense=3")
    assert code == 1 and errors.count("\n") == 1
    assert not folder.exists()


def test_what_has_become_of_a_film(tmp_path):
    folder, note = tmp_path / "face.seed=1", find_note(tmp_path / "face.seed=1")
    assert find_outcome(folder).state == "missing"
    Attempt("node7", 77).save(note)
    assert find_outcome(folder).reason == "killed, process 77 on node7"
    (tmp_path / "log").write_text("first\nslurmstepd: error: out of memory\n\n")
    Attempt("node7", 77, str(tmp_path / "log")).save(note)
    found = find_outcome(folder)
    assert (found.state, found.reason) == ("stopped", "slurmstepd: error: out of memory")
    with own_folder(folder):
        assert find_outcome(folder).state == "running"
    note.unlink()
    (folder / ".unfinished").mkdir()
    assert find_outcome(folder).state == "stopped"
    (folder / "film.json").write_text("{}")
    assert find_outcome(folder).state == "finished"


def test_a_longer_sweep_in_the_same_folder_adds_its_films(tmp_path):
    read_sweep(["face.seed=1,2"]).save(tmp_path)
    read_sweep(["face.seed=2,3"]).save(tmp_path)
    assert [part.name[-1] for part in load_parts(tmp_path)] == ["1", "2", "3"]
    (tmp_path / "sweep.json").write_text(json.dumps({"format": "x", "parts": []}))
    with pytest.raises(ValueError, match=r"sweep\.json: needs the list of a sweep"):
        load_parts(tmp_path)


def test_a_cluster_runs_films(run, monkeypatch):
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    assert entry.is_sweep() is False
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    code, errors = run("-m", "launcher=local", "face.seed=1,2", "track.emotions=[calm,anger]")
    assert code == 0, errors
    assert all((run.folder / f"face.seed={seed}" / "video.mp4").is_file() for seed in (1, 2))
