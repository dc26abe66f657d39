"""Entry plumbing: what may be instantiated, and which exit code and line an error becomes."""

from dataclasses import dataclass
from fractions import Fraction

import pytest
import torch
from omegaconf import OmegaConf
from omegaconf.errors import MissingMandatoryValue

from scripts.building import Deferred, build, read_job
from scripts.constructors import Constructors, find_constructors
from scripts.kinds import check_value
from scripts.reporting import make_printable, reporting_errors
from synth.devices import choose_device
from synth.faces.face import FaceSource, RandomFace, SavedFace
from synth.generators.base import Generator, NoiseMode
from synth.motion.masks import LayerMask

VIDEO = find_constructors("generate_video")
FACE, MASK = "synth.faces.face.", "synth.motion.masks.LayerMask"


def test_targets_of_the_group_are_built_with_their_settings():
    config = OmegaConf.create({"_target_": MASK, "layer_stop": 3})
    assert build(config, "mask", VIDEO) == LayerMask(layer_stop=3)
    assert build(config, "mask", VIDEO, dim_stop=7) == LayerMask(layer_stop=3, dim_stop=7)


def test_nested_targets_and_interpolations_are_resolved():
    config = OmegaConf.create(
        {
            "seed": 5,
            "faces": [
                {"_target_": FACE + "RandomFace", "seed": "${seed}"},
                {"_target_": FACE + "SavedFace", "path": "a.npz"},
            ],
        }
    )
    assert build(config, "face", VIDEO) == {"seed": 5, "faces": [RandomFace(5), SavedFace("a.npz")]}


@pytest.mark.parametrize("name", ["face", "mask", "motion", "name", "nothing"])
@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.eval",
        "synth.storage.atomic.os.system",
        "synth.storage.atomic.write_text_atomically",  # ours, but no constructor of a setting
        "synth.faces.latents.np.load",
        "scripts.entry.run_script",
        "synth.nothing.here",
        "directions.labels.inverted.label_photos",  # of another script
        "",
        None,
    ],
)
def test_other_targets_are_refused(name, target):
    with pytest.raises(ValueError, match="needs a _target_ among those that configs/ has"):
        build({"_target_": target, "path": "x"}, name, VIDEO)


def test_a_constructor_belongs_to_its_group():
    for name, target in [("video", MASK), ("mask", FACE + "RandomFace"), ("name", MASK)]:
        with pytest.raises(ValueError, match=f"has for {name}"):
            build({"_target_": target}, name, VIDEO)
    assert MASK in VIDEO.list_for("motion.mask"), "a motion refers to the group mask"
    assert "embed.faces.landmarks.FaceFinder" in VIDEO.list_for("face.recipe.finder")


def test_a_constructor_of_ones_own_is_named_by_the_user(monkeypatch):
    own = {"_target_": "fractions.Fraction", "numerator": 1, "denominator": 3}
    with pytest.raises(ValueError, match="MOODREEL_EXTENSIONS"):
        build(own, "face", VIDEO)
    monkeypatch.setenv("MOODREEL_EXTENSIONS", "decimal.Decimal, fractions.Fraction")
    assert build(own, "face", VIDEO) == Fraction(1, 3)


def test_a_nested_foreign_target_is_refused_before_anything_runs(tmp_path):
    nested = {"_target_": "os.mkdir", "path": str(tmp_path / "made")}
    with pytest.raises(ValueError, match=r"got 'os\.mkdir'"):
        build({"_target_": FACE + "SavedFace", "path": nested}, "face", VIDEO)
    assert not (tmp_path / "made").exists()


def test_settings_that_the_target_does_not_take_are_named():
    with pytest.raises(ValueError, match=r"settings that mask takes; got an unexpected.*'rows'"):
        build({"_target_": MASK, "rows": 3}, "mask", VIDEO)


@pytest.mark.parametrize(
    ("name", "target", "settings", "message"),
    [
        ("face", FACE + "RandomFace", {"seed": "abc"}, "a whole number for face.seed; got 'abc'"),
        ("face", FACE + "RandomFace", {"seed": True}, "a whole number for face.seed; got True"),
        ("face", FACE + "RandomFace", {"seed": 2.0}, "a whole number for face.seed; got 2.0"),
        ("face", FACE + "RandomFace", {"psi": "1"}, "a number for face.psi; got '1'"),
        ("face", FACE + "SavedFace", {"path": 1}, "text for face.path; got 1"),
        ("motion", "synth.motion.walks.FaceWalk", {"loop": "y"}, "true or false for motion.loop"),
        ("mask", MASK, {"dim_stop": "x"}, "a whole number or null for mask.dim_stop"),
        ("video", "synth.film.settings.FilmSettings", {"render": 3}, "another kind of value for"),
    ],
)
def test_values_of_another_kind_are_named(name, target, settings, message):
    with pytest.raises(ValueError, match=f"needs {message}"):
        build({"_target_": target, **settings}, name, VIDEO)


def test_choices_and_lists_are_checked_too():
    check_value("noise", "none", NoiseMode)
    check_value("videos", ["a.mp4"], list[str] | None)
    with pytest.raises(ValueError, match="one of const, none, random for noise; got 'loud'"):
        check_value("noise", "loud", NoiseMode)
    with pytest.raises(ValueError, match="a list of texts or null for videos"):
        check_value("videos", [1], list[str] | None)


@dataclass(frozen=True)
class ExampleJob:
    """What a script asks of its configuration."""

    face: FaceSource
    count: int
    generator: Deferred[Generator]


def make_config(**changes):
    face = {"_target_": FACE + "SavedFace", "path": "a.npz"}
    generator = {"_target_": FACE + "RandomFace"}
    return OmegaConf.create({"face": face, "count": 3, "generator": generator, **changes})


GROUPS = {"face": {FACE + "SavedFace", MASK}, "generator": {FACE + "RandomFace"}}
ALLOWED = Constructors({name: frozenset(targets) for name, targets in GROUPS.items()})


def test_a_job_is_read_by_its_fields_and_late_parts_are_built_late():
    job = read_job(make_config(), ExampleJob, ALLOWED)
    assert (job.face, job.count) == (SavedFace("a.npz"), 3)
    assert job.generator.build(seed=4) == RandomFace(4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": "many"}, "needs a whole number for count; got 'many'"),
        ({"face": {"_target_": MASK}}, "needs another kind of value for face"),
        ({"face": "somebody"}, "needs another kind of value for face"),
    ],
)
def test_a_job_with_entries_of_another_kind(changes, message):
    with pytest.raises(ValueError, match=message):
        read_job(make_config(**changes), ExampleJob, ALLOWED)


def test_missing_values_are_named_by_their_place():
    config = make_config(face={"_target_": FACE + "SavedFace", "path": "???"})
    with pytest.raises(MissingMandatoryValue, match=r"face\.path"):
        read_job(config, ExampleJob, ALLOWED)


def test_names_cannot_write_on_the_screen_elsewhere():
    assert make_printable("a\x1b[2Jb\x07\n  c\x9b1m") == "a?[2Jb? c?1m"


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
