"""The main job end to end on a tiny random generator: what it leaves, and how it fails."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from child_processes import take_sigint
from PIL import Image

from synth.emotions import Emotion
from synth.faces.face import Face
from synth.faces.latents import load_latents, save_latents
from synth.film.recording import Recording
from synth.generators import load_generator
from synth.motion.direction_sets import load_directions, save_directions
from synth.motion.emotion_track import load_track, parse_track
from synth.scores.scorecard import Scorecard, load_scorecard
from synth.storage.assets import hash_file
from synth.video.provenance import MARK
from synth.video.writing import probe_video, read_frames

REPOSITORY = Path(__file__).resolve().parents[2]
RESULTS = {
    "video.mp4",
    "contact_sheet.png",
    "scorecard.json",
    "scorecard.md",
    "scorecard.png",
    "track.yaml",
    "latents.npz",
    "config.yaml",
    "film.json",
}
#: The same command and seed give the same bytes.
REPRODUCIBLE = ("video.mp4", "latents.npz", "track.yaml", "contact_sheet.png", "config.yaml")


def test_a_run_leaves_its_folder_complete(run, tiny_generator):
    code, _ = run("face.seed=3", "track.emotions=[calm,anger,happiness]")
    assert code == 0
    assert run.list_results() == RESULTS
    facts = probe_video(run.folder / "video.mp4")
    assert facts.frame_count == 12  # three ways of 3 in-between frames each, and their ends
    generator = load_generator(tiny_generator)
    w_plus = load_latents(run.folder / "latents.npz", generator)
    face = Face.random(generator, 3).rows
    assert torch.equal(w_plus[0], face) and torch.equal(w_plus[1], face)
    offset = torch.linalg.vector_norm((w_plus[2] - face)[:8])
    assert 0 < offset <= 6.0 and torch.equal(w_plus[2, 8:], face[8:])
    track = load_track(run.folder / "track.yaml")
    assert track == parse_track(["calm", "anger", "happiness"], gap=0.5, loop=True)
    config = yaml.safe_load((run.folder / "config.yaml").read_text())
    assert config["face"]["seed"] == 3
    with Image.open(run.folder / "contact_sheet.png") as sheet:
        assert sheet.width > 3 * 32


def test_a_generator_that_is_the_expected_file(run, tiny_generator):
    sha256 = hash_file(tiny_generator).upper()
    assert run("track.emotions=[calm]", f"generator.expected_sha256={sha256}")[0] == 0
    assert run.list_results() == RESULTS


@pytest.mark.parametrize("marked", [True, False])
def test_every_picture_and_page_of_a_run_is_marked_or_none(run, marked):
    assert run("track.emotions=[calm]", f"video.marked={marked}")[0] == 0
    bearers = {
        name for name in run.list_results() if MARK.encode() in (run.folder / name).read_bytes()
    }
    everything = {"video.mp4", "contact_sheet.png", "scorecard.md", "scorecard.png"}
    assert bearers == (everything if marked else set())


def test_the_same_command_gives_the_same_bytes(run):
    def read_results() -> dict[str, bytes]:
        return {name: (run.folder / name).read_bytes() for name in REPRODUCIBLE}

    def load_card() -> Scorecard:
        return load_scorecard(run.folder / "scorecard.json")

    command = ("track.emotions=[calm,fear]", "face.seed=5")
    assert run(*command)[0] == 0
    first, card = read_results(), load_card()
    assert run(*command)[0] == 0
    assert read_results() == first
    again = load_card()
    assert dataclasses.replace(again, render_time_s=card.render_time_s) == card
    assert run("track.emotions=[calm,fear]", "face.seed=6")[0] == 0
    assert read_results()["video.mp4"] != first["video.mp4"]


def test_the_scorecard_tells_how_long_the_film_took(run):
    started_s = time.monotonic()
    assert run("track.emotions=[calm,fear]")[0] == 0
    passed_s = time.monotonic() - started_s
    card = load_scorecard(run.folder / "scorecard.json")
    assert card.render_time_s is not None and 0 < card.render_time_s < passed_s
    assert f"{card.render_time_s:.1f} s" in (run.folder / "scorecard.md").read_text()


def test_the_track_of_a_run_can_be_played_again(run, tmp_path):
    assert run("track.emotions=[calm,{emotion: fear, time: 1.0, easing: cubic}]")[0] == 0
    first = (run.folder / "video.mp4").read_bytes()
    kept = tmp_path / "kept.yaml"
    kept.write_bytes((run.folder / "track.yaml").read_bytes())
    assert run("track=file", f"track.path={kept}")[0] == 0
    assert (run.folder / "video.mp4").read_bytes() == first


def test_frames_show_the_keyframes_at_their_times(run, tiny_generator):
    assert run("track.emotions=[calm,surprise]", "track.loop=false", "video=png")[0] == 0
    frames = np.concatenate(list(read_frames(run.folder / "frames")))
    generator = load_generator(tiny_generator)
    w_plus = load_latents(run.folder / "latents.npz", generator)
    images = generator.synthesis(w_plus[1:]).permute(0, 2, 3, 1)
    expected = (images * 127.5 + 127.5).clamp(0, 255).numpy()
    assert len(frames) == 5
    assert np.abs(frames[0] - expected[0]).max() < 1.5
    assert np.abs(frames[-1] - expected[1]).max() < 1.5


@pytest.mark.parametrize("video", ["webm", "gif", "png"])
def test_other_kinds_of_video(run, video):
    code, _ = run("track.emotions=[calm,fear]", f"video={video}", "video.fps=8")
    assert code == 0
    name = {"webm": "video.webm", "gif": "video.gif", "png": "frames"}[video]
    assert run.list_results() == RESULTS - {"video.mp4"} | {name}


def test_a_walk_needs_no_directions(run):
    assert run("directions.path=null", "motion=walk", "motion.count=3")[0] == 0
    assert run.list_results() == RESULTS
    frames = np.concatenate(list(read_frames(run.folder / "video.mp4")))
    assert len(frames) == 12


def test_a_walk_through_saved_faces(run, tiny_generator, tmp_path):
    generator = load_generator(tiny_generator)
    faces = torch.randn(2, generator.num_layers, generator.w_dim)
    save_latents(tmp_path / "faces.npz", faces)
    assert run("motion=walk", f"motion.latents={tmp_path / 'faces.npz'}")[0] == 0
    saved = load_latents(run.folder / "latents.npz", generator)
    assert torch.equal(saved[1:], faces)


def test_emotions_without_directions_tell_the_command_that_fits_them(run):
    code, error = run("directions.path=null")
    assert code == 1
    assert error.startswith("error: needs emotion directions fitted for generator tiny")
    assert "python -m scripts.fit_directions generator=file generator.path=" in error
    assert "motion=walk" in error
    assert not (run.folder / "video.mp4").exists()


def test_a_calm_track_needs_no_directions(run):
    assert run("directions.path=null", "track.emotions=[calm]")[0] == 0


def test_a_face_that_shows_an_emotion_is_calmed_first(
    run, tmp_path, tiny_generator, tiny_directions
):
    generator, fitted = load_generator(tiny_generator), load_directions(tiny_directions)
    face = Face.random(generator).rows
    smile = fitted.directions[Emotion.HAPPINESS].vector
    excess = 0.25
    levels = {Emotion.HAPPINESS: float((face * smile).sum()) - excess}
    path = tmp_path / "knows_calm.safetensors"
    save_directions(path, dataclasses.replace(fitted, calm_levels=levels))
    command = ("track.emotions=[calm]", f"directions.path={path}", "mask=none")
    assert run(*command, "directions.calm_first=false")[0] == 0
    assert torch.equal(load_latents(run.folder / "latents.npz", generator)[1], face)
    assert run(*command)[0] == 0
    original, calm = load_latents(run.folder / "latents.npz", generator)
    assert torch.equal(original, face)  # what is saved as the face can be filmed again
    torch.testing.assert_close(calm, face - excess * smile, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("rows", "fill", "message"),
    [(10, 0.0, r"needs W\+ of shape \[faces, 8, 24\]"), (8, np.nan, r"needs finite W\+")],
)
def test_latents_that_do_not_fit(run, tmp_path, rows, fill, message):
    np.savez(tmp_path / "bad.npz", w=np.full((1, rows, 24), fill, np.float32))
    code, error = run("face=latents", f"face.path={tmp_path / 'bad.npz'}")
    assert code == 1
    assert error.startswith(f"error: {tmp_path / 'bad.npz'}: ")


def test_an_output_folder_that_is_a_file(run, tmp_path):
    (tmp_path / "outputs").write_text("in the way")
    code, error = run()
    assert code == 1
    assert error.startswith("error: ") and str(tmp_path / "outputs") in error
    assert (tmp_path / "outputs").read_text() == "in the way"


def start_long_run(run) -> subprocess.Popen:
    """A film of hours in a process of its own; returns once a segment is finished."""
    command = [sys.executable, "-m", "scripts.generate_video", *run.base, "track.hold=999"]
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=take_sigint,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    deadline = time.monotonic() + 120
    while not any(run.folder.glob(".unfinished/segments/[0-9]*")):
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.05)
    return process


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_leaves_no_half_file(run, sent, code):
    process = start_long_run(run)
    os.kill(process.pid, sent)
    _, error = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in error
    assert run.list_results() == {".unfinished"}
    assert not [path for path in run.folder.rglob("*") if ".part" in path.name]


def stop(recording):
    """Stands for Ctrl-C when all frames are drawn."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["run", "run/${now:%H-%M-%S-%f}"])
def test_the_same_command_goes_on(run, name):
    command = (f"name='{name}'", "face.seed=5", "track.emotions=[calm,fear]")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Recording, "join", stop)
        assert run(*command)[0] == 130
    (begun,) = {path.parent for path in run.folder.parent.rglob(".unfinished")}
    assert run("face.seed=6", *command[::2])[0] == (1 if name == "run" else 0)
    code, error = run(*command)
    assert code == 0, error
    assert (begun / "video.mp4").is_file()
    folders = {path.parent for path in run.folder.parent.rglob("film.json")}
    assert len(folders) == (1 if name == "run" else 2), "no folder of its own for the second run"
    if name == "run":
        before = (begun / "film.json").stat().st_mtime_ns
        assert run(*command)[0] == 0
        assert (begun / "film.json").stat().st_mtime_ns == before, "a film that is there is kept"
        assert run(*command, "resume=false")[0] == 0
        assert (begun / "film.json").stat().st_mtime_ns != before


def test_every_emotion_can_be_filmed(run):
    labels = ",".join(emotion.label for emotion in Emotion)
    assert run(f"track.emotions=[{labels}]", "interpolation=halving")[0] == 0


@pytest.mark.parametrize(
    ("file", "size_px"),
    [("stylegan2_torch.pkl", 64), ("stylegan2_tf.pkl", 64), ("stylegan2_rosinality.pt", 16)],
)
def test_a_walk_through_other_peoples_checkpoints(run, shared_assets, file, size_px):
    path = shared_assets / "reference" / file
    walk = ("directions.path=null", "motion=walk", "motion.count=2")
    code, error = run(f"generator.path={path}", *walk)
    assert code == 0, error
    facts = probe_video(run.folder / "video.mp4")
    assert (facts.width_px, facts.frame_count) == (size_px, 8)
