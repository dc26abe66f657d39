"""motion=footage through the main job: length and sound are the clip's; docs' commands compose."""

import re
import shlex
from pathlib import Path

import av
import numpy as np
import pytest
import yaml
from footage_clips import draw_pan, draw_still
from footage_samples import write_clip
from hydra import compose, initialize_config_dir

from scripts.constructors import CONFIGS
from synth.video.reading import probe_video

PAGE = Path(__file__).resolve().parents[2] / "docs" / "motions-footage.md"
pytestmark = pytest.mark.filterwarnings("ignore:.*has no faster form")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    frames = draw_still(0, 20) + draw_pan(1, 27)
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames, audio_s=1.9)


def read_sound(path):
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)


def test_length_and_sound_are_the_clips(run, clip):
    follow = ("motion=footage", f"motion.path={clip}", "motion.classes.kind=none", "video.fps=10")
    code, error = run(*follow)
    assert code == 0, error
    film = run.folder / "video.mp4"
    assert probe_video(film).frame_count == 19  # 47 frames of 25 a second
    assert np.abs(read_sound(film)).max() > 0.1
    record = yaml.safe_load((run.folder / "track.yaml").read_text())["footage"]
    assert (record["frames"], record["shots"], record["classes"]["kind"]) == (47, 2, "none")
    code, error = run(*follow, "motion.sound=false", "motion.latents.kind=noise")
    assert code == 0 and read_sound(film) is None


def test_a_silent_clip_and_a_film_without_room_for_sound(run, clip, tmp_path):
    mute = write_clip(tmp_path / "mute.mp4", draw_pan(0, 12))
    follow = ("motion=footage", "motion.classes.kind=none")
    code, error = run(*follow, f"motion.path={mute}")
    assert code == 0 and read_sound(run.folder / "video.mp4") is None, error
    code, error = run(*follow, f"motion.path={clip}", "video=gif")
    assert code == 1 and "needs a film ending in .mp4 or .webm" in error


def test_a_clip_without_any_face_is_one_line(run, clip):
    code, error = run(
        "motion=footage", f"motion.path={clip}", "judge@motion.emotions.scorer=bundled"
    )
    assert code == 1 and error.count("\n") == 1
    assert "needs a face somewhere, since the film's classes are emotions" in error


def list_commands() -> list[str]:
    text = PAGE.read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(r"^    python -m scripts\.generate_video (.*)$", text, re.M)


@pytest.mark.parametrize("command", list_commands())
def test_the_commands_of_the_page_compose(command):
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        config = compose("generate_video", shlex.split(command))
    if "motion=footage" in command:
        assert config.motion._target_ == "synth.motion.footage.motion.FootageMotion"


def test_the_page_names_every_kind():
    text = PAGE.read_text(encoding="utf-8")
    for word in ("frame", "noise", "sin", "things", "emotions", "none", "auto"):
        assert f"`{word}`" in text
    assert len(list_commands()) >= 3
