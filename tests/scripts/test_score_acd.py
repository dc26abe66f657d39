import dataclasses
import json
import shutil
import sys

import numpy as np
import pytest

from scripts import score_acd
from synth.emotions import Emotion
from synth.faces.face import Face
from synth.film.rendering import render_frames
from synth.generators import load_generator
from synth.motion.direction_sets import load_directions, save_directions
from synth.motion.emotion_track import EmotionEvent, EmotionTrack
from synth.motion.interpolation import KeyframePath
from synth.motion.keyframes import make_emotion_keyframes
from synth.motion.masks import LayerMask
from synth.scores.scorecard import Scorecard, load_scorecard, score_frames
from synth.video.writing import write_video


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
    assert card.emotion_control is None and "linearity" not in page


def test_the_judge_is_asked_whether_expressions_are_shown(run, tmp_path):
    """The group's own file chooses it; without the observer, who needs models."""
    code, page, error = run("scorecard=dlib", "scorecard.observer=null", "faces=1")
    assert code == 0, error
    table = json.loads((tmp_path / "acd" / "acd.json").read_text())["groups"]
    found = {name: group["emotion_control"] for name, group in table.items()}
    assert {control["scorer"] for control in found.values()} == {"moodreel-judge"}
    assert set(found["fear"]["linearities"]) == {"fear"}
    mean = (found["fear"]["linearity"] + found["anger"]["linearity"]) / 2
    assert found["all"]["linearity"] == pytest.approx(mean, abs=2e-6)
    assert "seen by moodreel-judge" in page


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


def test_directions_that_were_fitted_again_do_not_mix(run, tmp_path, tiny_directions):
    run()
    fitted = load_directions(tiny_directions)
    moved, again = tmp_path / "moved.safetensors", tmp_path / "again.safetensors"
    shutil.copy(tiny_directions, moved)
    assert run(f"directions.path={moved}")[0] == 0  # the same set in another place
    save_directions(again, dataclasses.replace(fitted, card={"seed": "2"}))
    shutil.copy(again, moved)
    code, _, error = run(f"directions.path={moved}")
    assert code == 1 and "settings.json" in error


def test_videos_start_from_the_calm_face(run, tmp_path, tiny_generator, tiny_directions):
    generator, fitted = load_generator(tiny_generator), load_directions(tiny_directions)
    face = Face.random(generator, 0).rows
    smile = fitted.directions[Emotion.HAPPINESS].vector
    levels = {Emotion.HAPPINESS: float((face * smile).sum()) - 2.0}
    path = tmp_path / "knows_calm.safetensors"
    save_directions(path, dataclasses.replace(fitted, calm_levels=levels))
    one = (f"directions.path={path}", "faces=1", "expressions=[anger]", "mask=none")

    def score(name: str, *overrides: str) -> Scorecard:
        code, _, error = run(*one, f"name={name}", *overrides)
        assert code == 0, error
        return load_scorecard(tmp_path / name / "videos" / "000000_anger.json")

    calmed = score("calmed")
    assert calmed.flicker_mean != score("raw", "directions.calm_first=false").flicker_mean
    # The same film from a face that was calmed by hand.
    calm = face - 2.0 * smile
    track = EmotionTrack((EmotionEvent(Emotion.CALM, 0.0), EmotionEvent(Emotion.ANGER, 0.1)))
    mask = LayerMask(layer_stop=None)
    keyframes = make_emotion_keyframes(calm, track, fitted.directions, mask)
    frames = render_frames(generator, KeyframePath(keyframes), 30)
    assert score_frames(frames, 30, None).flicker_mean == pytest.approx(
        calmed.flicker_mean, abs=1e-3
    )


def test_expressions_can_be_written_as_in_a_track(run, tmp_path):
    code, _, error = run("expressions=[Anger,5,anger]", "faces=1")
    assert code == 0, error
    assert list_videos(tmp_path) == ["000000_anger", "000000_fear"]
    table = json.loads((tmp_path / "acd" / "acd.json").read_text())
    assert {k: g["video_count"] for k, g in table["groups"].items()} == {
        "anger": 1,
        "fear": 1,
        "all": 2,
    }


def test_files_are_scored_as_they_are(run, tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    write_video(tmp_path / "a.mp4", [frames])
    paths = [tmp_path / name for name in ("a.mp4", "all.mp4", "acd.mp4", "other/a.mp4")]
    (tmp_path / "other").mkdir()
    for path in paths[1:]:
        shutil.copy(paths[0], path)
    videos = ",".join(map(str, paths[:3]))
    code, page, error = run(f"videos=[{videos}]", "generator.path=x")
    assert code == 0, error
    assert "compression included" in page
    folder = tmp_path / "acd"
    table = json.loads((folder / "acd_files.json").read_text())
    counts = {name: group["video_count"] for name, group in table["groups"].items()}
    assert sorted(counts.values()) == [1, 1, 1, 3] and counts["all"] == 3
    # A later command on another file of the same name leaves the first one's card.
    assert run(f"videos=[{paths[3]}]")[0] == 0
    cards = sorted(folder.glob("files/*.json"))
    assert [card.name.rsplit("-", 1)[0] for card in cards] == [
        "a.mp4",
        "a.mp4",
        "acd.mp4",
        "all.mp4",
    ]
    assert all(load_scorecard(card).frame_count == 5 for card in cards)
    assert all(card.with_suffix(suffix).is_file() for card in cards for suffix in (".md", ".png"))
    assert {file.name for file in folder.iterdir()} == {"files", "acd_files.json", "acd_files.md"}


def test_scoring_files_leaves_the_protocols_table(run, tmp_path):
    run("faces=1")
    before = (tmp_path / "acd" / "acd.json").read_bytes()
    frames = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    write_video(tmp_path / "acd.mp4", [frames])
    assert run(f"videos=[{tmp_path}/acd.mp4]")[0] == 0
    assert (tmp_path / "acd" / "acd.json").read_bytes() == before
    assert run("faces=1")[0] == 0


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["videos=[nothing.mp4]"], "nothing.mp4"),
        (["videos=[]"], "videos=[]"),
        (["expressions=[rage]"], "rage"),
        (["faces=0"], "faces=0"),
        (["frames=1"], "frames=1"),
        (["faces=two"], "needs a whole number for faces; got 'two'"),
        (["fps=0"], "needs frames per second above 0"),
        (["psi=half"], "needs a number for psi"),
        (["videos=a.mp4"], "needs a list of texts or null for videos; got 'a.mp4'"),
        (["expressions=anger"], "needs a list for expressions"),
        (["scorecard.face_stride=0", "generator.path=nowhere.pkl"], "needs a face stride of 1"),
        (["render.batch_size=0", "generator.path=nowhere.pkl"], "needs a batch of at least 1"),
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
