import json
import shutil
import sys

import numpy as np
import pytest

from scripts import score_acd
from synth.scorecard import load_scorecard
from synth.video import write_video


@pytest.fixture
def run(tmp_path, tiny_generator, tiny_directions, monkeypatch, capsys):
    """Runs the script's main; gives its exit code, stdout and stderr."""

    def call(*overrides: str) -> tuple[int, str, str]:
        base = ["generator=file", f"generator.path={tiny_generator}", "name=acd", "render=exact"]
        base += [f"directions.path={tiny_directions}", f"paths.outputs={tmp_path}"]
        base += ["scorecard=none", "faces=2", "expressions=[anger,fear]", "frames=4"]
        monkeypatch.setattr(sys, "argv", ["score_acd", *base, *overrides])
        try:
            score_acd.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    return call


def list_videos(tmp_path) -> list[str]:
    return sorted(file.stem for file in (tmp_path / "acd" / "videos").glob("*.json"))


def test_protocol_scores_every_face_with_every_expression(run, tmp_path):
    code, page, error = run()
    assert code == 0, error
    assert list_videos(tmp_path) == ["000000_anger", "000000_fear", "000001_anger", "000001_fear"]
    card = load_scorecard(tmp_path / "acd" / "videos" / "000001_fear.json")
    assert (card.frame_count, card.seed, card.native_resolution_px) == (4, 1, 32)
    assert card.generator_name == "tiny" and len(card.generator_sha256) == 64
    assert card.flicker_mean is not None
    table = json.loads((tmp_path / "acd" / "acd.json").read_text())
    assert set(table["groups"]) == {"anger", "fear", "all"}
    assert table["groups"]["all"]["video_count"] == 4
    assert table["groups"]["all"]["frame_count"] == 16
    assert "without video compression" in page and "0.167" in page


def test_a_stopped_run_is_taken_up_again(run, tmp_path):
    run()
    folder = tmp_path / "acd" / "videos"
    kept, lost = folder / "000000_anger.json", folder / "000001_fear.json"
    before, lost_text = kept.stat().st_mtime_ns, lost.read_text()
    lost.unlink()
    assert run()[0] == 0
    assert kept.stat().st_mtime_ns == before
    assert lost.read_text() == lost_text  # the same seed gives the same numbers
    assert run("faces=3")[0] == 0
    assert len(list_videos(tmp_path)) == 6
    assert kept.stat().st_mtime_ns == before


def test_other_settings_do_not_mix_with_what_is_there(run, tmp_path):
    run()
    code, _, error = run("intensity=0.5")
    assert code == 1 and "settings.json" in error and error.count("\n") == 1
    assert run("intensity=0.5", "name=half")[0] == 0
    strong = load_scorecard(tmp_path / "acd" / "videos" / "000000_fear.json")
    weak = load_scorecard(tmp_path / "half" / "videos" / "000000_fear.json")
    assert strong != weak


def test_files_are_scored_as_they_are(run, tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    write_video(tmp_path / "a.mp4", [frames])
    (tmp_path / "other").mkdir()
    shutil.copy(tmp_path / "a.mp4", tmp_path / "other" / "a.mp4")
    code, page, error = run(f"videos=[{tmp_path}/a.mp4,{tmp_path}/other/a.mp4]", "generator.path=x")
    assert code == 0, error
    assert load_scorecard(tmp_path / "acd" / "a.json").frame_count == 5
    names = {file.name for file in (tmp_path / "acd").iterdir()}
    assert names == {f"{n}.{s}" for n in ("a", "a_2") for s in ("json", "md", "png")} | {
        "acd.json", "acd.md"
    }  # fmt: skip
    assert "compression included" in page


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["videos=[nothing.mp4]"], "nothing.mp4"),
        (["videos=[]"], "videos=[]"),
        (["expressions=[rage]"], "rage"),
        (["faces=0"], "faces=0"),
        (["frames=1"], "frames=1"),
        (["directions.path=null"], "fit_directions"),
    ],
)
def test_mistakes_are_one_line(run, overrides, told):
    code, _, error = run(*overrides)
    assert code == 1
    assert error.startswith("error: ") and error.count("\n") == 1
    assert told in error


def test_a_broken_file_is_named(run, tmp_path):
    (tmp_path / "bad.mp4").write_text("no film")
    code, _, error = run(f"videos=[{tmp_path}/bad.mp4]")
    assert code == 1 and "bad.mp4" in error
