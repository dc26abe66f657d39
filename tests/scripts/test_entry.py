"""Entry plumbing: what may be instantiated, and which exit code and line an error becomes."""

import pytest
import torch
from omegaconf import OmegaConf
from omegaconf.errors import MissingMandatoryValue
from scripts.setting_types import check_value

from scripts.entry import build, check_settings, choose_device, reporting_errors
from synth.faces.face import (
    RandomFace,
    SavedFace,
)
from synth.generators.base import NoiseMode
from synth.motion.masks import LayerMask


def test_targets_of_ours_are_built_with_their_settings():
    config = OmegaConf.create({"_target_": "synth.motion.masks.LayerMask", "layer_stop": 3})
    assert build(config) == LayerMask(layer_stop=3)
    assert build(config, dim_stop=7) == LayerMask(layer_stop=3, dim_stop=7)


def test_nested_targets_and_interpolations_are_resolved():
    config = OmegaConf.create(
        {
            "seed": 5,
            "faces": [
                {"_target_": "synth.faces.face.RandomFace", "seed": "${seed}"},
                {"_target_": "synth.faces.face.SavedFace", "path": "a.npz"},
            ],
        }
    )
    assert build(config) == {"seed": 5, "faces": [RandomFace(5), SavedFace("a.npz")]}


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.eval",
        "subprocess.run",
        "synth.storage.atomic.os.system",  # a way round a check of the prefix alone
        "synth.storage.atomic.os",
        "synth.faces.latents.np.load",
        "synth.faces.latents.Path",  # imported into a module of ours, but not ours
        "synth.motion.emotion_track.yaml.load",
        "scripts.entry.run_script",
        "synth.nothing.here",
        "synth.motion.emotion_track.nothing",
        "synth.motion.emotion_track.DEFAULT_GAP_S",
        "synthesis.evil",
        "",
        None,
    ],
)
def test_other_targets_are_refused(target):
    with pytest.raises(ValueError, match="needs a _target_ defined in synth, embed"):
        build({"_target_": target, "path": "x"})


def test_a_nested_foreign_target_is_refused_before_anything_runs(tmp_path):
    nested = {"_target_": "os.mkdir", "path": str(tmp_path / "made")}
    with pytest.raises(ValueError, match=r"got 'os\.mkdir'"):
        build({"_target_": "synth.faces.face.SavedFace", "path": nested})
    assert not (tmp_path / "made").exists()


def test_settings_that_the_target_does_not_take_are_named():
    with pytest.raises(ValueError, match=r"LayerMask takes; got an unexpected.*'rows'"):
        build({"_target_": "synth.motion.masks.LayerMask", "rows": 3})


@pytest.mark.parametrize(
    ("target", "settings"),
    [
        ("synth.faces.face.RandomFace", {"seed": 1, "psi": 1}),  # an int is as good as a float
        ("synth.motion.masks.LayerMask", {"layer_stop": None, "dim_stop": 4}),
        ("synth.faces.face.SavedFace", {"path": "a.npz", "index": 2}),
        ("synth.generators.load_bundled_generator", {"device": "cpu"}),
    ],
)
def test_values_of_the_right_kind_pass(target, settings):
    check_settings({"_target_": target, **settings})


@pytest.mark.parametrize(
    ("target", "settings", "message"),
    [
        ("synth.faces.face.RandomFace", {"seed": "abc"}, "a whole number for seed; got 'abc'"),
        ("synth.faces.face.RandomFace", {"seed": True}, "a whole number for seed; got True"),
        ("synth.faces.face.RandomFace", {"seed": 2.0}, "a whole number for seed; got 2.0"),
        ("synth.faces.face.RandomFace", {"seed": None}, "a whole number for seed; got None"),
        ("synth.faces.face.RandomFace", {"psi": "1"}, "a number for psi; got '1'"),
        ("synth.faces.face.SavedFace", {"path": 1}, "text for path; got 1"),
        ("synth.motion.walks.FaceWalk", {"loop": "yes"}, "true or false for loop; got 'yes'"),
        ("synth.motion.masks.LayerMask", {"dim_stop": "x"}, "a whole number or null for dim_stop"),
        ("synth.generators.load_bundled_generator", {"device": 0}, "text for device; got 0"),
        ("synth.checkpoints.load_generator", {"path": [1]}, "text for path; got .1."),
    ],
)
def test_values_of_another_kind_are_named(target, settings, message):
    with pytest.raises(ValueError, match=f"needs {message}"):
        build({"_target_": target, **settings})


def test_choices_and_lists_are_checked_too():
    check_value("noise", "none", NoiseMode)
    check_value("videos", ["a.mp4"], list[str] | None)
    with pytest.raises(ValueError, match="one of const, none, random for noise; got 'loud'"):
        check_value("noise", "loud", NoiseMode)
    with pytest.raises(ValueError, match="a list of texts or null for videos"):
        check_value("videos", [1], list[str] | None)


def test_missing_values_are_named_by_their_place():
    config = OmegaConf.create({"face": {"_target_": "synth.faces.face.SavedFace", "path": "???"}})
    with pytest.raises(MissingMandatoryValue, match=r"face\.path"):
        build(config.face)


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ValueError("needs 8 rows;\n  got 6"), 1, "error: needs 8 rows; got 6\n"),
        (OSError(28, "No space left on device", "a.mp4"), 1, "No space left on device: 'a.mp4'\n"),
        (KeyboardInterrupt(), 130, "error: interrupted"),
        (torch.OutOfMemoryError("no room"), 1, "error: not enough memory on the device: no room"),
    ],
)
def test_errors_become_one_line_and_an_exit_code(error, code, line, capsys, monkeypatch):
    monkeypatch.delenv("MOODREEL_DEBUG", raising=False)
    with pytest.raises(SystemExit) as caught, reporting_errors():
        raise error
    assert caught.value.code == code
    printed = capsys.readouterr().err
    assert line in printed
    assert printed.startswith("error: ") and printed.count("\n") == 1


def test_debugging_shows_the_traceback(capsys, monkeypatch):
    monkeypatch.setenv("MOODREEL_DEBUG", "1")
    with pytest.raises(SystemExit), reporting_errors():
        raise ValueError("needs more")
    assert "Traceback" in capsys.readouterr().err


def test_our_own_faults_keep_their_traceback():
    with pytest.raises(ZeroDivisionError), reporting_errors():
        print(1 / 0)


def test_devices():
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type in ("cpu", "cuda")
    for name in ("cuda:99", "toaster"):
        with pytest.raises(ValueError, match=f"needs a device of this computer; got '{name}'"):
            choose_device(name)
