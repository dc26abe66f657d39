"""docs/motions.md: its commands make a tune and a film of it, its tables name what there is."""

import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml
from scipy.io import wavfile

from scripts import make_tune
from scripts.constructors import CONFIGS
from synth.motion.sound.categories import KINDS
from synth.motion.sound.turns import SILENCES
from synth.sound.inflections import EXTREMA
from synth.video.sound_reading import probe_sound
from synth.video.writing import probe_video

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "motions.md").read_text(encoding="utf-8")


def list_settings(script):
    """The settings of each command of a script, in order."""
    lines = re.findall(rf"^    python -m scripts\.{script} (.*)$", TEXT, re.MULTILINE)
    return [shlex.split(line) for line in lines]


@pytest.fixture
def tune(tmp_path, monkeypatch, capsys):
    """The page's own tune, where the page's commands look for it."""
    monkeypatch.chdir(tmp_path)
    (settings,) = list_settings("make_tune")
    monkeypatch.setattr(sys, "argv", ["make_tune", *settings])
    make_tune.main()
    assert "bars at 112" in capsys.readouterr().out
    return tmp_path / settings[0]


@pytest.mark.filterwarnings("ignore:.*has no faster form")
@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_pages_commands_make_films_of_its_tune(number, tune, run):
    settings = list_settings("generate_video")[number]
    assert "motion=sound" in settings
    run.base = [entry for entry in run.base if not entry.startswith("track.")]
    code, error = run(*settings, "video.fps=4", "motion.turns.least_gap_s=3")
    assert code == 0, error
    assert {"video.mp4", "sound.png", "contact_sheet.png"} <= run.list_results()
    seconds = wavfile.read(tune)[1].size / 22_050
    assert probe_video(run.folder / "video.mp4").frame_count == round(seconds * 4) + 1
    assert probe_sound(run.folder / "video.mp4").duration_s == pytest.approx(seconds, abs=0.3)
    track = yaml.safe_load((run.folder / "track.yaml").read_text())["sound"]
    assert track["tempo_bpm"] == pytest.approx(112, rel=0.02)
    assert len(track["at"]) >= 5 and any(entry.get("cut") for entry in track["at"])


def test_a_wrong_file_is_one_line_before_a_generator_is_loaded(tmp_path, run):
    for name, content in (("none.wav", None), ("text.wav", b"no sound\n" * 99)):
        if content:
            (tmp_path / name).write_bytes(content)
        run.base = [entry for entry in run.base if not entry.startswith("track.")]
        settings = ["motion=sound", f"motion.path={tmp_path / name}", "generator.path=missing.pkl"]
        code, error = run(*settings)
        assert code != 0 and name in error and error.count("\n") == 1
        assert "video.mp4" not in run.list_results()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("motion.cast.categories=[hapiness]", "happiness"),
        ("motion.seconds=0", "seconds"),
        ("motion.drive.loudness=loud", "loudness"),
        ("motion.cast.kind=classes", "classes"),
    ],
)
def test_a_wrong_setting_is_one_line(setting, message, tune, run):
    run.base = [entry for entry in run.base if not entry.startswith("track.")]
    code, error = run("motion=sound", f"motion.path={tune}", setting)
    assert code != 0 and message in error and error.count("\n") == 1


def test_the_tables_name_all_motions_and_options():
    listed = set(re.findall(r"^\| `(\w+)`", TEXT.split("## Sound")[0], re.MULTILINE))
    assert listed == {file.stem for file in (CONFIGS / "motion").glob("*.yaml")} - {"own"}
    for name in (*KINDS, *SILENCES, *EXTREMA):
        assert f"`{name}`" in TEXT
    for name in re.findall(r"motion\.(?:turns|drive|cast|spectrogram)\.(\w+)", TEXT):
        assert f"  {name}:" in (CONFIGS / "motion" / "sound.yaml").read_text(encoding="utf-8")


def test_a_tune_that_cannot_be_written_is_one_line(tmp_path, monkeypatch, capsys):
    for words in (["tune.mp3"], [str(tmp_path / "a.wav"), "--bars", "0"]):
        monkeypatch.setattr(sys, "argv", ["make_tune", *words])
        with pytest.raises(SystemExit):
            make_tune.main()
        assert capsys.readouterr().err.count("\n") == 1
