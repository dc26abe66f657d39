"""The rate of a film that leaves it open: the clip's for a person in a clip, else the usual one."""

import numpy as np
import pytest
import yaml
from hydra import compose, initialize_config_dir

from scripts.building import build
from scripts.constructors import CONFIGS, find_constructors
from scripts.frame_rate import settle_frame_rate
from synth.video.reading import probe_video
from synth.video.writing import Encoding, write_video


def settle(*settings: str):
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        config = compose("generate_video", [*settings])
    settle_frame_rate(config, find_constructors("generate_video"))
    return config


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(path, [np.zeros((3, 16, 16, 3), np.uint8)], Encoding(12.5))
    return path


@pytest.mark.parametrize(
    ("settings", "fps"),
    [
        ([], 12.5),
        (["video=gif"], 12.5),
        (["video.fps=24"], 24),
        (["face=random"], 30),
        (["face=random", "video=gif"], 25),
    ],
)
def test_all_that_counts_in_frames_gets_the_same_rate(clip, settings, fps):
    face = [] if "face=random" in settings else ["face=video", f"face.path={clip}"]
    config = settle("track=lstm", *face, *settings)
    assert config.video.fps == config.gap_s.fps == config.track.fps == fps
    assert settle("track=video", "track.path=a.mp4", *face, *settings).track.fps == fps


def test_the_rate_of_television_is_kept_to_the_fraction(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(path, [np.zeros((3, 16, 16, 3), np.uint8)], Encoding(29.97))
    config = settle("face=video", f"face.path={path}")
    video = build(config.video, "video", find_constructors("generate_video"))
    assert video.describe_encoding().rate == Encoding(29.97).rate
    assert probe_video(path).fps == config.video.fps


def test_the_number_is_kept_with_the_film(run):
    run.base.remove("video.fps=8")
    code, errors = run("track.emotions=[calm,fear]", "video=gif")
    assert code == 0, errors
    assert probe_video(run.folder / "video.gif").fps == 25
    assert yaml.safe_load((run.folder / "config.yaml").read_text())["video"]["fps"] == 25
