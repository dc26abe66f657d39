"""Command lines that nobody means end with one clear line, and change nothing on the screen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import exchange_directions, generate_video, invert
from scripts.entry import check_choices, dropping_empty, explain_launcher
from scripts.reporting import say
from synth.generators import load_generator
from synth.generators.native import save_generator

REPOSITORY = Path(__file__).resolve().parents[2]
ESCAPE = "\x1b[31mred\x1b]0;title\x07"


@pytest.fixture
def call(tmp_path, tiny_generator, monkeypatch, capsys):
    """Runs a script's main; gives its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(script, *overrides: str) -> tuple[int, str, str]:
        base = ["generator=file", f"generator.path={tiny_generator}"]
        name = script.__name__.split(".")[-1]
        options = [entry for entry in overrides if entry.startswith("-")]
        settings = [entry for entry in overrides if entry not in options]
        monkeypatch.setattr(sys, "argv", [name, *options, *base, *settings])
        try:
            script.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    return run


def check_one_line(code: int, error: str, words: str) -> None:
    assert code == 1
    assert error.startswith("error: ") and error.count("\n") == 1 and "\x1b" not in error
    assert words in error


@pytest.mark.parametrize("launcher", ["launcher=nope", "launcher=../track/file"])
def test_a_launcher_that_is_not_there(call, launcher):
    code, _, error = call(invert, "-m", launcher, "photos=x", "shard=1/2,2/2")
    check_one_line(code, error, "launcher")


def test_a_launcher_of_others_that_is_not_installed(call):
    code, _, error = call(invert, "-m", "hydra/launcher=joblib", "photos=x", "shard=1/2,2/2")
    check_one_line(code, error, "Could not find 'hydra/launcher/joblib'")


def test_a_launcher_that_is_no_launcher(call):
    arguments = ["-m", "hydra.launcher._target_=os.system", "photos=x", "shard=1/2,2/2"]
    code, _, error = call(invert, *arguments)
    check_one_line(code, error, "needs a launcher whose jobs run to their end; got RuntimeError")


def test_an_option_that_an_optional_group_lacks_is_told():
    check_choices({"launcher": None, "launcher@elsewhere": "local", "hydra/launcher": "joblib"})
    with pytest.raises(ValueError, match="needs launcher among local, slurm; got nope"):
        check_choices({"launcher": "nope"})


def test_what_ended_a_sweep_keeps_its_own_sentence():
    mistake = ValueError("needs a photo")
    assert explain_launcher(mistake) is mistake
    told = explain_launcher(RuntimeError("no srun\nTraceback"))
    assert "got RuntimeError: no srun; try" in str(told)


@pytest.mark.parametrize(
    ("setting", "words"),
    [("face.seed=-1", "needs a seed from 0"), ("experiment=nosuch", "needs experiment among")],
)
def test_a_run_that_fails_before_it_writes_leaves_no_folder(call, tmp_path, setting, words):
    code, _, error = call(generate_video, setting)
    check_one_line(code, error, words)
    assert not [path for path in (tmp_path / "outputs").rglob("*") if path.name != "video"]


def test_a_folder_that_the_user_named_is_never_taken_away(call, tmp_path):
    (tmp_path / "mine").mkdir()
    code, _, error = call(generate_video, "face.seed=-1", "paths.run=mine")
    check_one_line(code, error, "needs a seed from 0")
    assert (tmp_path / "mine").is_dir()
    with pytest.raises(ValueError, match="early"), dropping_empty(tmp_path / "mine"):
        raise ValueError("early")
    assert (tmp_path / "mine").is_dir()


def test_a_run_that_fails_keeps_what_is_in_its_folder(tmp_path):
    folder = tmp_path / "2026-01-31_23-59-59"
    folder.mkdir()
    film = folder / "film.mp4"
    film.touch()
    with pytest.raises(ValueError, match="late"), dropping_empty(folder):
        raise ValueError("late")
    assert film.exists()
    film.unlink()
    with pytest.raises(ValueError, match="early"), dropping_empty(folder):
        raise ValueError("early")
    assert not folder.exists()


@pytest.mark.slow
def test_jobs_of_a_launcher_read_their_settings(tmp_path, tiny_generator):
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "note.png").write_text("no picture")
    command = [sys.executable, "-m", "scripts.invert", "-m", "launcher=local", f"photos={photos}"]
    command += ["generator=file", f"generator.path={tiny_generator}", "shard=1/2,2/2"]
    command += [f"paths.outputs={tmp_path / 'out'}", "inversion.finder=null"]
    command += ["inversion.observer=null", "name=run"]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    journals = sorted(path.name for path in (tmp_path / "out" / "run").glob("journal-*.jsonl"))
    assert journals == ["journal-1-of-2.jsonl", "journal-2-of-2.jsonl"]


@pytest.mark.parametrize(
    "setting",
    ["coefficient=" + "[" * 3000 + "]" * 3000, "coefficient=" + "{a:" * 3000 + "1" + "}" * 3000],
)
def test_settings_that_are_nested_without_end(call, setting):
    code, _, error = call(exchange_directions, "source=x.safetensors", setting)
    check_one_line(code, error, "not nested so deeply")


def test_numbers_without_end(call):
    code, _, error = call(exchange_directions, "source=x.safetensors", "coefficient=" + "9" * 5000)
    check_one_line(code, error, "at most 4300 digits")


def test_escapes_in_names_do_not_reach_the_screen(call, tmp_path, tiny_generator):
    code, _, error = call(exchange_directions, f'source="{ESCAPE}.safetensors"')
    check_one_line(code, error, "?[31mred")
    path = tmp_path / "named.safetensors"
    save_generator(path, load_generator(tiny_generator), ESCAPE, {})
    (tmp_path / "theirs").mkdir()
    import numpy as np

    np.save(tmp_path / "theirs" / f"anger {ESCAPE}.npy", np.ones(24))
    code, printed, error = call(
        exchange_directions, f"generator.path={path}", "source=theirs", "out=set.safetensors"
    )
    assert code == 0, error
    assert "1 directions for ?[31mred" in printed
    assert "\x1b" not in printed + error


def test_what_is_said_keeps_its_lines_and_loses_its_controls(capsys):
    say("one\ttab\ntwo \x1b[2J\x07\x9b1m")
    assert capsys.readouterr().out == "one\ttab\ntwo ?[2J??1m\n"
