"""The experiment with floating digits: its clips, its reader, its tables on tiny networks."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from benchmarks.pictures.comparison import WAYS, Comparison, Networks, fade, pick
from benchmarks.pictures.floating_digits import Glyphs, bounce, make_clip, make_still_frames
from benchmarks.pictures.joint_training import JointPlan
from benchmarks.pictures.reader import DigitReader, count_right
from benchmarks.pictures.strip import save_strip
from benchmarks.pictures.training import GENERATOR, PICTURES, PNET, Experiment, prepare
from embed.projection.pnet import load_pnet
from synth.generators import load_discriminator, load_generator


@pytest.fixture(scope="module")
def glyphs():
    return Glyphs.typical()


def test_what_floats_comes_back_from_the_border():
    at = bounce(np.array([30.0]), np.array([12.0]), np.array([0, 0.5, 1.0, 6.0]))
    assert at[:, 0].tolist() == [30, 36, 30, 30]


def test_a_clip_shows_two_digits_that_move_and_stay_apart(glyphs):
    clip = make_clip(glyphs, seed=3)
    assert clip.frames.shape == (25, 64, 64, 3)
    steps = np.linalg.norm(np.diff(clip.corners_px, axis=0), axis=2)
    assert steps.max() == pytest.approx(1, abs=1e-6)
    ink = clip.frames[..., 0].astype(float).sum((1, 2))
    assert ink.std() / ink.mean() < 0.02  # nothing is ever covered
    assert np.array_equal(make_clip(glyphs, seed=3).frames, clip.frames)


def test_the_reader_reads_true_clips(glyphs):
    reader = DigitReader()
    clips = [make_clip(glyphs, seed) for seed in range(4)]
    assert np.mean([count_right(reader.read(c.frames), c.digits) for c in clips]) > 0.95
    assert reader.read(np.zeros_like(clips[0].frames))[0] == ()
    assert count_right([(3, 3), (3, 8), ()], (8, 3)) == pytest.approx(0.5)


def test_pictures_of_a_clip_hold_its_ends_and_fade_into_each_other(glyphs):
    clip = make_clip(glyphs, seed=1)
    assert np.array_equal(pick(clip, 3), clip.frames[[0, 12, 24]])
    faded = fade(clip, 3)
    assert np.array_equal(faded[[0, 12, 24]], clip.frames[[0, 12, 24]])
    assert not np.array_equal(faded[6], clip.frames[6])


def test_fewer_than_two_digits_are_refused():
    with pytest.raises(ValueError, match=r"two digits or more, from 0 to 9; got \[3\]"):
        Glyphs.typical(digits=[3])


def test_hands_beyond_those_that_wrote_are_refused():
    with pytest.raises(ValueError, match="hands for each digit; got 1000"):
        Glyphs.typical(1000, range(10))
    assert len(make_still_frames(Glyphs.typical(2), 3, 0)) == 3


def test_the_experiment_trains_what_is_missing_and_measures(tmp_path, glyphs):
    tiny = replace(
        Experiment(),
        frames=40,
        channels=1,
        joint=JointPlan(steps=2, batch=4, hidden=8),
    )
    prepare(tmp_path, tiny)
    first = (tmp_path / PNET).stat().st_mtime_ns
    prepare(tmp_path, tiny)
    assert (tmp_path / PNET).stat().st_mtime_ns == first
    assert all((tmp_path / name).is_file() for name in PICTURES)
    generator = load_generator(tmp_path / GENERATOR)
    networks = Networks(
        generator,
        load_discriminator(tmp_path / GENERATOR),
        load_pnet(tmp_path / PNET, generator),
    )
    comparison = Comparison(networks, [make_clip(glyphs, 5)])
    torch.manual_seed(0)
    known = generator.mapping(torch.randn(5, 256))
    comparison._found = {(way, n): [known[:n]] for way in WAYS for n in (3, 5)}
    save_strip(tmp_path / "strip.png", comparison)
    assert cv2.imread(str(tmp_path / "strip.png")).shape == (296, 896, 3)
    tables = {title: compute() for title, compute in comparison.list_tables().items()}
    assert [len(rows) for rows in tables.values()] == [3, 6, 9, 5, 5]
    truth, black, faded = tables["films to compare with"]
    assert (truth.error, truth.right) == (0, 1)
    assert 0 < faded.error < black.error
