"""The command `moodreel`: jobs by short names, the same as their scripts."""

import importlib.util
import shlex
import subprocess
import sys

import pytest
from hydra import compose, initialize_config_dir

from scripts import moodreel
from scripts.constructors import CONFIGS
from scripts.moodreel import COMMANDS, find_command, format_help, make_settings


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_job_is_a_script_and_its_example_composes(name):
    command = COMMANDS[name]
    assert importlib.util.find_spec(f"scripts.{command.script}")
    assert command.purpose in format_help() and command.example in format_help()
    settings = make_settings(command, shlex.split(command.example))
    root = command.script
    if not (CONFIGS / f"{root}.yaml").is_file():
        # A project's file, and then settings of the film that it becomes.
        root, settings = "generate_video", settings[1:]
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        compose(root, settings)


@pytest.mark.parametrize(
    "path", ["me.jpg", "my photo (1).jpg", "a'b,c=.jpg", "x\\y.jpg", "x\\'y\\", "${a}\\${b}"]
)
def test_a_plain_first_word_is_the_file(path):
    word = path if "=" not in path else path.replace("=", "")
    settings = make_settings(COMMANDS["photo"], [word, "video.fps=8"])
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        config = compose("generate_video", settings)
    assert config.face.path == word and config.video.fps == 8


def test_plain_words_stand_for_settings_in_their_order():
    convert = COMMANDS["convert"]
    assert make_settings(convert, ["a b.pkl", "c.st", "sha256=ab"]) == [
        "source='a b.pkl'",
        "out='c.st'",
        "sha256=ab",
    ]
    assert make_settings(convert, ["out=c.st", "a.pkl"]) == ["out=c.st", "a.pkl"]
    assert make_settings(convert, ["--help", "a.pkl"]) == ["--help", "a.pkl"]


def test_an_unknown_job_is_told():
    with pytest.raises(ValueError, match=r"got 'vdeo'; try moodreel --help"):
        find_command("vdeo")


def test_help_needs_nothing_heavy():
    code = (
        "import sys; sys.argv = ['moodreel', '--help']\n"
        "from scripts.moodreel import main; main()\n"
        "assert not {'torch', 'hydra', 'keras'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "moodreel video" in done.stdout


def test_a_job_runs_by_its_short_name(run, monkeypatch, capsys):
    arguments = ["moodreel", "video", *run.base, "track.emotions=[calm]", "video=png"]
    monkeypatch.setattr(sys, "argv", arguments)
    moodreel.main()
    assert "frames" in run.list_results()


def test_mistakes_are_one_line(run, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["moodreel", "video", *run.base, "face.seed=x"])
    with pytest.raises(SystemExit) as stop:
        moodreel.main()
    error = capsys.readouterr().err
    assert stop.value.code == 1 and error.count("\n") == 1 and "face.seed" in error
