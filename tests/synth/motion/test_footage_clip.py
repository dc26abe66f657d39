"""What is read out of footage: points, cuts, latents, windows of classes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from footage_clips import SceneClassifier
from footage_motion_samples import KINDS, Faces, read

from synth.generators.bounded_normal import extend_normal, truncate_normal
from synth.motion.footage.classes import (
    Labels,
    Voter,
    join_labels,
    label_emotions,
)
from synth.motion.footage.clip import Clip, sample_points
from synth.motion.footage.latents import LatentSettings, draw_start, make_latents

# What is read out of a clip


def test_a_clip_is_read_to_a_frame_with_its_cut(clips):
    clip = read(clips["cut"])
    assert clip.points.shape == (60, 12) and clip.duration_s == pytest.approx(2.4)
    assert clip.shots.tolist() == [0] * 25 + [1] * 35
    assert [(shot.start, shot.stop) for shot in clip.list_shots()] == [(0, 25), (25, 60)]
    assert clip.steps[-1] == 0, "a cut is no movement"
    moving = read(clips["pan"])
    assert (np.diff(moving.steps[:20]) > 0).all() and (np.diff(moving.steps[21:]) == 0).all()


def test_a_picture_has_a_point_for_each_number_and_no_grain():
    flat = np.full((90, 160, 3), 200, np.uint8)
    flat[:, :80] = 40
    for count in (1, 12, 128, 140, 512):
        points = sample_points(flat, count)
        assert points.shape == (count,)
        assert count == 1 or set(points.tolist()) >= {40, 200}
    grain = np.random.default_rng(0).normal(128, 20, (480, 640, 1)).clip(0, 255).astype(np.uint8)
    assert sample_points(grain.repeat(3, 2), 140).std() < 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_still_scene_stays_still_and_a_cut_jumps(clips, kind):
    clip = read(clips["cut"])
    z = make_latents(clip, 12, LatentSettings(kind=kind))(np.arange(60))
    assert np.abs(z).max() <= 2
    moves = np.abs(np.diff(z, axis=0)).max(1)
    assert moves[24] > 0.5
    assert np.delete(moves, 24).max() < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_the_latent_moves_while_the_camera_does(clips, kind):
    clip = read(clips["pan"])
    latents = make_latents(clip, 12, LatentSettings(kind=kind, smoothing_s=0))
    moves = np.abs(np.diff(latents(np.arange(40)), axis=0)).max(1)
    assert (moves[:18] > 1e-3).mean() > 0.9 and moves[21:].max() < 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_any_frame_can_be_asked_for_alone(kind):
    random = np.random.default_rng(0)
    steps = np.cumsum(random.uniform(0, 1, 600))
    shots = np.repeat([0, 1], 300)
    points = random.integers(0, 255, (600, 5)).astype(np.uint8)
    clip = Clip(np.arange(600) / 25, shots, points, steps, 24.0)
    latents = make_latents(clip, 5, LatentSettings(kind=kind))
    whole = latents(np.arange(600))
    for frames in ([599], [255, 256, 257], [301, 3]):
        np.testing.assert_allclose(latents(np.array(frames)), whole[frames], atol=1e-12)


def test_noise_is_multiplied_step_by_step_and_turns_back_at_two():
    """Brute force, with a step of movement in each frame: z' = z u (1 + v), or z / (u (1 + v))."""
    count, z_dim = 700, 6
    clip = Clip(
        np.arange(count) / 25,
        np.zeros(count, np.int64),
        np.zeros((count, z_dim), np.uint8),
        np.arange(count, dtype=float),
        28.0,
    )
    settings = LatentSettings(kind="noise", seed=3)
    found = make_latents(clip, z_dim, settings)(np.arange(count))
    z, ways = draw_start(3, 0, z_dim)
    np.testing.assert_allclose(found[0], np.sign(z) * np.abs(z).clip(0.1, 2))
    grown = np.abs(np.log(np.abs(found[1:] / found[:-1])))
    turned = (np.diff(np.sign(np.diff(np.abs(found), axis=0)), axis=0) != 0).any(1)
    plain = ~np.r_[turned, False] & ~np.r_[False, turned]
    # Between the turns every step multiplies by 1.01 to 1.01 * 1.05, up or down.
    assert grown[plain].min() >= np.log(1.01) - 1e-9
    assert grown[plain].max() <= np.log(1.01 * 1.05) + 1e-9
    assert turned.sum() > z_dim and np.abs(found).max() <= 2 and np.abs(found).min() >= 0.1 - 1e-9
    first = np.abs(found[1] / found[0])
    assert ((first > 1) == (ways > 0)).mean() > 0.8


def test_grey_levels_as_the_source_has_them():
    points = np.array([[0, 255, 128, 51]] * 3, np.uint8)
    clip = Clip(np.arange(3) / 25, np.zeros(3, np.int64), points, np.zeros(3), 0.12)
    z = make_latents(clip, 4, LatentSettings(contrast=False))(np.array([1]))
    np.testing.assert_allclose(z[0], np.array([0, 255, 128, 51]) / 255 * 4 - 2)
    # With contrast, the same picture in another light is the same latent.
    settings = LatentSettings()
    bright = replace(clip, points=(points // 2 + 100).astype(np.uint8))
    one, other = (make_latents(c, 4, settings)(np.array([0])) for c in (clip, bright))
    np.testing.assert_allclose(one, other, atol=0.02)


# Classes


def brute_force_shares(numbers, shots, classes, blend):
    """Windows of each shot: (middle, shot, mean of its one-hot vectors)."""
    nodes = []
    for shot in sorted(set(shots)):
        frames = [k for k, other in enumerate(shots) if other == shot]
        for start in range(0, len(frames), blend):
            window = frames[start : start + blend]
            share = sum(np.eye(classes)[numbers[k]] for k in window) / len(window)
            nodes.append((np.mean(window) / 25, shot, share))
    return nodes


def test_windows_by_brute_force():
    random = np.random.default_rng(1)
    numbers, shots = random.integers(0, 4, 97), np.repeat([0, 1, 2], [45, 7, 45])
    clip = Clip(np.arange(97) / 25, shots, np.zeros((97, 1), np.uint8), np.zeros(97), 3.88)
    curve = join_labels(clip, Labels(numbers, np.ones(97), 4), 20)
    nodes = brute_force_shares(numbers, shots, 4, 20)
    np.testing.assert_allclose(curve.nodes_s, [node[0] for node in nodes])
    np.testing.assert_allclose(curve.shares, [node[2] for node in nodes], atol=1e-6)
    times_s = random.uniform(0, 3.84, 50)
    times_shots = shots[(times_s * 25).astype(int)]
    found = curve(times_s, times_shots)
    for time_s, shot, row in zip(times_s, times_shots, found, strict=True):
        own = [node for node in nodes if node[1] == shot]
        xs, rows = [node[0] for node in own], np.stack([node[2] for node in own])
        expected = [np.interp(time_s, xs, rows[:, k]) for k in range(4)]
        np.testing.assert_allclose(row, expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)


def test_ten_frames_have_one_class_and_never_over_a_cut():
    class Scripted:
        name, class_count = "scripted", 3

        def __init__(self):
            self.odds = np.random.default_rng(2).dirichlet([1, 1, 1], 57)
            self.at = 0

        def classify(self, pictures):
            self.at += len(pictures)
            return self.odds[self.at - len(pictures) : self.at]

    scripted = Scripted()
    voter, picture = Voter(scripted, 10, 8), np.zeros((8, 8, 3), np.uint8)
    shots = [0] * 33 + [1] * 24
    for shot in shots:
        voter.see(picture, shot)
    expected = []
    for shot in (0, 1):
        own = scripted.odds[[k for k, other in enumerate(shots) if other == shot]]
        for start in range(0, len(own), 10):
            group = own[start : start + 10]
            expected += [int(group.mean(0).argmax())] * len(group)
    assert voter.finish().numbers.tolist() == expected


@pytest.mark.parametrize("wrong", [np.ones((16, 5)), np.full((16, 3), np.nan)])
def test_a_class_out_of_range_is_told(wrong):
    classifier = SceneClassifier()
    classifier.classify = lambda pictures: wrong
    voter = Voter(classifier, 10, 8)
    with pytest.raises(ValueError, match=r"finite probabilities \[16, 3\] from scenes"):
        for _ in range(16):
            voter.see(np.zeros((8, 8, 3), np.uint8), 0)


def test_emotions_go_on_within_a_shot_and_faceless_shots_are_calm():
    shots = np.repeat([0, 1, 2], [5, 5, 5])
    clip = Clip(np.arange(15) / 10, shots, np.zeros((15, 1), np.uint8), np.zeros(15), 1.5)
    seen = Faces((0.2, 0, 2, 0.5), (0.3, 0, 6, 1.0), (1.2, 2, 1, 0.8)).read_emotions("", print)
    labels, faceless = label_emotions(clip, seen, 7)
    assert labels.numbers.tolist() == [2, 2, 2, 6, 6, *[0] * 5, *[1] * 5]
    assert faceless == [1]
    curve = join_labels(clip, labels, 5)
    np.testing.assert_allclose(curve.shares[0][[0, 2, 6]], [0.3, 0.3, 0.4], atol=1e-6)
    np.testing.assert_allclose(curve.shares[2][[0, 1]], [0.2, 0.8], atol=1e-6)


# Generators


def test_bounded_numbers_go_there_and_back():
    bounded = torch.linspace(-1.99, 1.99, 101)
    assert torch.allclose(truncate_normal(extend_normal(bounded)), bounded, atol=1e-5)
    assert torch.isfinite(extend_normal(torch.tensor([-2.0, 2.0]))).all()
