"""Refitting: what is up to date is skipped, what depends on a change is done, slices go on."""

from pathlib import Path

import pytest

from scripts.refit import ROOT, RefitStep, find_due, forget, list_steps, refit

COPY = "import sys, shutil; shutil.copyfile(sys.argv[1], sys.argv[2])"


def make_step(name: str, source: str, target: str) -> RefitStep:
    return RefitStep(name, (source,), (target,), (("-c", COPY, source, target),))


@pytest.fixture
def steps(tmp_path: Path) -> list[RefitStep]:
    (tmp_path / "docs").mkdir()
    (tmp_path / "a").write_text("1")
    return [make_step("first", "a", "b"), make_step("second", "b", "c")]


def name_due(root: Path, steps: list[RefitStep]) -> list[str]:
    return [step.name for step in find_due(root, steps)]


def test_steps_are_skipped_until_their_files_change(steps, tmp_path: Path):
    assert name_due(tmp_path, steps) == ["first", "second"]
    assert refit(tmp_path, steps, 1)
    assert (tmp_path / "c").read_text() == "1"
    assert name_due(tmp_path, steps) == []
    (tmp_path / "a").write_text("2")
    assert name_due(tmp_path, steps) == ["first", "second"]
    assert refit(tmp_path, steps, 1)
    assert (tmp_path / "c").read_text() == "2"
    (tmp_path / "c").write_text("by hand")
    assert name_due(tmp_path, steps) == ["second"]
    forget(tmp_path, steps[:1])
    assert "first" in name_due(tmp_path, steps)


def test_what_stays_the_same_makes_nothing_else_due(steps, tmp_path: Path):
    refit(tmp_path, steps, 1)
    (tmp_path / "b").unlink()
    assert refit(tmp_path, steps, 1)
    assert name_due(tmp_path, steps) == []


def test_without_time_nothing_begins(steps, tmp_path: Path):
    assert not refit(tmp_path, steps, -1)
    assert not (tmp_path / "b").exists()


def test_a_step_that_goes_on_is_stopped_in_time(tmp_path: Path):
    (tmp_path / "docs").mkdir()
    wait = (("-c", "import time; time.sleep(60)"),)
    assert not refit(tmp_path, [RefitStep("slow", (), (), wait, resumes=True)], 0.01)


@pytest.mark.parametrize(("now", "expected"), [("1", "goes on"), ("2", "begins anew")])
def test_what_was_stopped_goes_on_only_from_the_same_files(now: str, expected: str, tmp_path: Path):
    code = (
        "from pathlib import Path; run = Path('run'); has_begun = run.exists(); run.mkdir("
        "exist_ok=True); Path('b').write_text('goes on' if has_begun else 'begins anew'); "
        "exit(Path('fails').exists())"
    )
    step = RefitStep("slow", ("a",), ("b",), (("-c", code),), remove="run", resumes=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "a").write_text("1")
    (tmp_path / "fails").touch()
    with pytest.raises(ChildProcessError):
        refit(tmp_path, [step], 1)
    (tmp_path / "fails").unlink()
    (tmp_path / "a").write_text(now)
    assert refit(tmp_path, [step], 1)
    assert (tmp_path / "b").read_text() == expected


def test_a_failing_command_is_named(tmp_path: Path):
    (tmp_path / "docs").mkdir()
    with pytest.raises(ChildProcessError, match="bad"):
        refit(tmp_path, [RefitStep("bad", (), (), (("-c", "raise SystemExit(3)"),))], 1)


def test_the_real_steps_read_files_that_are_there():
    steps = list_steps(Path("faces"), Path("faces.npz"))
    made = {name for step in steps for name in step.outputs}
    for step in steps:
        for name in step.inputs:
            assert name.startswith("faces") or name in made or (ROOT / name).is_file(), name
