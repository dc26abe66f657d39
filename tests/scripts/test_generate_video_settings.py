"""Mistakes on the command line: one line and exit code 1, as early as they can be found."""

import re
from pathlib import Path

import pytest

from embed.networks import identity
from synth.storage.assets import AssetError


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["track.emotions=[calm,hapiness]"], "emotion 2.*did you mean 'happiness'"),
        (["track.emotions=[{emotion: fear, time: -1}]"], "needs a time of 0 s or more; got -1"),
        (
            ["track.emotions=[{emotion: fear, hold: 2},{emotion: calm, time: 1}]"],
            "needs emotion 2 .calm. to be reached after emotion 1",
        ),
        (["track.emotions=[]"], "needs at least one emotion"),
        (["mask.layer_stop=11"], "within the 8 rows of this W.; got rows up to 11"),
        (["mask=pose"], "within the 24 dimensions of this W.; got 256"),
        (["interpolation.easing=quadratic"], "needs an easing out of linear"),
        (["interpolation.in_between=-1"], "needs 0 or more in-between frames"),
        (["video.codec=nothing"], "needs a video codec"),
        (["video.crf=99"], "needs crf"),
        (["video.file=video.avi"], "needs an output named"),
        (["video.fps=0"], "needs fps from 0.01 to 1000|needs frames per second above 0"),
        (["render.precision=fp8"], "needs precision among"),
        (["render.batch_size=0"], "needs a batch of at least 1 frame"),
        (["render.device=toaster"], "needs a device of this computer; got 'toaster'"),
        (["face=nobody"], "Could not find 'face/nobody'"),
        (["face.sed=3"], "sed"),
        (["face.seed=-1"], "needs a seed from 0"),
        (["face=latents"], "needs a value for face.path; got none; try face.path=..."),
        (["face=latents", "face.path=nowhere.npz"], "nowhere.npz: needs a latents file"),
        (["generator.path=nowhere.pkl"], "nowhere.pkl: needs a checkpoint"),
        (
            [f"generator.expected_sha256={'0' * 63}a"],
            "tiny.safetensors: needs the file with sha256 0{63}a; got [0-9a-f]{64}; try",
        ),
        (["generator.expected_sha256=abc"], "needs a sha256 of 64 hexadecimal digits.*got 'abc'"),
        (["directions.path=nowhere.safetensors"], "nowhere.safetensors: needs a file"),
        (["track._target_=os.system"], "needs a _target_ among those that configs/ has for"),
    ],
)
def test_a_mistake_ends_with_one_line_and_no_video(run, overrides, message):
    code, error = run(*overrides)
    assert code == 1
    lines = [line for line in error.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and "Traceback" not in error
    assert re.search(message, lines[0])
    assert not run.list_results() & {"video.mp4", "contact_sheet.png", "scorecard.json"}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["face.seed=abc"], "needs a whole number for face.seed; got 'abc'"),
        (["face.seed=1.5"], "needs a whole number for face.seed; got 1.5"),
        (["face.seed=true"], "needs a whole number for face.seed; got True"),
        (["face.seed=[1,2]"], "needs a whole number for face.seed; got .1, 2."),
        (["face.psi=much"], "needs a number for face.psi; got 'much'"),
        (["face=latents", "face.path=5"], "needs text for face.path; got 5"),
        (["mask.layer_stop=all"], "needs a whole number or null for mask.layer_stop; got 'all'"),
        (["motion=walk", "motion.count=x"], "a whole number for motion.count; got 'x'"),
        (["motion=walk", "motion.loop=1"], "needs true or false for motion.loop; got 1"),
        (["video.fps=fast"], "needs a number or null for video.fps; got 'fast'"),
        (["video.fps=null", "face=video"], "needs a value for face.path; got none"),
        (["video.fps=null", "face=video", "face.path=no.mp4"], "found nothing at no.mp4"),
        (["video.crf=18.5"], "needs a whole number for video.crf; got 18.5"),
        (["video.size_px=big"], "needs a whole number or null for video.size_px; got 'big'"),
        (["video.marked=perhaps"], "needs true or false for video.marked; got 'perhaps'"),
        (["render.batch_size=two"], "needs a whole number or null for render.batch_size"),
        (["render.noise=loud"], "needs one of const, none, random for render.noise; got 'loud'"),
        (["interpolation.in_between=many"], "a whole number for interpolation.in_between"),
        (["interpolation.halving_s=soon"], "a number or null for interpolation.halving_s"),
        (["directions.path=7"], "needs text or null for directions.path; got 7"),
        (["directions.calm_first=maybe"], "needs true or false for directions.calm_first"),
        (["scorecard.face_stride=often"], "a whole number for scorecard.face_stride"),
        (["scorecard.face_stride=0"], "needs a face stride of 1 or more; got 0"),
        (["video.file=video.avi"], "needs an output named"),
        (["video.codec=nothing"], "needs a video codec"),
        (["video.crf=99"], "needs crf"),
        (["video.size_px=1"], "needs an output size of 2 to 16384 pixels"),
        (["render.batch_size=0"], "needs a batch of at least 1 frame"),
        (["render.precision=fp8"], "needs precision among"),
        (
            ["scorecard.observer={_target_: embed.networks.identity.DlibFaceEncoder}"],
            "needs the asset dlib-landmarks-68",
        ),
    ],
)
def test_what_needs_no_generator_is_found_before_one_is_loaded(
    run, overrides, message, monkeypatch
):
    monkeypatch.setattr(identity, "fetch_asset", refuse_landmarks)
    code, error = run("generator.path=nowhere.pkl", *overrides)
    assert code == 1
    assert error.startswith("error: ") and error.count("\n") == 1
    assert re.search(message, error), error
    assert not run.list_results()


def refuse_landmarks(name: str) -> Path:
    """As `fetch_asset` does on a computer that lacks one of the models."""
    if name == "dlib-landmarks-68":
        raise AssetError(f"needs the asset {name}; got no copy")
    return Path(name)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["identity_budget=0.35"], "needs a face encoder for identity_budget; got none"),
        (["identity_budget=little"], "needs a number or null for identity_budget"),
    ],
)
def test_a_budget_of_identity_needs_somebody_who_measures(run, overrides, message):
    code, error = run(*overrides)
    assert code == 1 and message in error
