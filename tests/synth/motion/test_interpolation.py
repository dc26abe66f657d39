"""Paths through keyframes: properties that hold for every mode, then those of each mode."""

import dataclasses

import pytest
import torch

from synth.motion.interpolation import KeyframePath, compute_halving_share, follow_arc
from synth.motion.keyframes import Keyframes
from synth.motion.paths import (
    EASINGS,
    LatentPath,
    compute_gap_s,
    count_frames,
    iterate_frame_times,
)

LAYERS, W_DIM = 5, 7


def make_keyframes(count=4, seed=0, hold=0.0, loop=False, start=0.0, **changes) -> Keyframes:
    random = torch.Generator().manual_seed(seed)
    gaps = torch.rand(count, generator=random, dtype=torch.float64) + 0.3
    times = [start]
    for gap in gaps[:-1].tolist():
        times.append(times[-1] + hold + gap)
    keyframes = Keyframes(
        w_plus=torch.randn(count, LAYERS, W_DIM, generator=random),
        times_s=tuple(times),
        holds_s=(hold,) * count,
        labels=tuple(map(str, range(count))),
        easings=(None,) * count,
        closing_s=float(gaps[-1]) if loop else None,
    )
    return dataclasses.replace(keyframes, **changes)


def times(*seconds: float) -> torch.Tensor:
    return torch.tensor(seconds, dtype=torch.float64)


def estimate_velocity(path: LatentPath, at_s: float, step_s: float) -> torch.Tensor:
    here, there = path(times(at_s, at_s + step_s)).double()
    return (there - here) / step_s


@pytest.mark.parametrize("mode", EASINGS)
@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_path_passes_through_keyframes_exactly(mode, loop, count):
    keyframes = make_keyframes(count, loop=loop, start=0.5)
    path = KeyframePath(keyframes, mode)
    assert isinstance(path, LatentPath)
    torch.testing.assert_close(path(times(*keyframes.times_s)), keyframes.w_plus, rtol=0, atol=0)


@pytest.mark.parametrize("mode", EASINGS)
@pytest.mark.parametrize("loop", [False, True])
def test_holds_stay_bit_for_bit(mode, loop):
    keyframes = make_keyframes(hold=0.4, loop=loop)
    path = KeyframePath(keyframes, mode)
    for k, start_s in enumerate(keyframes.times_s):
        held = path(start_s + times(0.0, 0.1, 0.25, 0.399))
        assert torch.equal(held, keyframes.w_plus[k].expand_as(held))


@pytest.mark.parametrize("mode", EASINGS)
def test_an_open_path_stays_at_its_ends(mode):
    keyframes = make_keyframes(start=1.0)
    path = KeyframePath(keyframes, mode)
    before, after = path(times(0.0, path.duration_s + 3))
    assert torch.equal(before, keyframes.w_plus[0])
    assert torch.equal(after, keyframes.w_plus[-1])


@pytest.mark.parametrize("mode", EASINGS)
@pytest.mark.parametrize("hold", [0.0, 0.3])
def test_loops_repeat_and_close_without_a_jump(mode, hold):
    path = KeyframePath(make_keyframes(loop=True, hold=hold), mode)
    asked = torch.linspace(0.01, path.duration_s - 0.01, 50, dtype=torch.float64)
    torch.testing.assert_close(path(asked), path(asked + path.duration_s), rtol=0, atol=1e-5)
    before, after = path(times(path.duration_s - 1e-7, path.duration_s))
    torch.testing.assert_close(before, after, rtol=0, atol=1e-4)
    assert torch.equal(after, path.keyframes.w_plus[0])


@pytest.mark.parametrize("mode", EASINGS)
def test_every_mode_is_continuous(mode):
    path = KeyframePath(make_keyframes(hold=0.1, loop=True), mode, halving_s=0.1)
    frames = path(torch.arange(0, path.duration_s, 1e-3, dtype=torch.float64))
    steps = (frames[1:] - frames[:-1]).abs().amax()
    assert steps < 0.1  # a jump would be of the size of the keyframes' differences, about 3


@pytest.mark.parametrize("loop", [False, True])
def test_cubic_has_no_corners_also_where_the_loop_closes(loop):
    keyframes = make_keyframes(loop=loop)
    keyframes = dataclasses.replace(keyframes, w_plus=keyframes.w_plus.double())
    path = KeyframePath(keyframes, "cubic")
    corners = [*keyframes.times_s[1:-1]] + ([path.duration_s, keyframes.times_s[-1]] * loop)
    for at_s in corners:
        arriving = estimate_velocity(path, at_s, -1e-6)
        leaving = estimate_velocity(path, at_s, 1e-6)
        torch.testing.assert_close(arriving, leaving, rtol=1e-3, atol=1e-3)
        assert leaving.abs().max() > 0.1  # smooth because it passes through, not because it stops
        linear = KeyframePath(keyframes, "linear")
        bend = estimate_velocity(linear, at_s, 1e-6) - estimate_velocity(linear, at_s, -1e-6)
        assert bend.abs().max() > 0.1  # the test would see a corner


def test_cubic_reproduces_uniform_motion():
    keyframes = make_keyframes(5)
    line = torch.tensor(keyframes.times_s)[:, None, None].expand(5, LAYERS, W_DIM)
    path = KeyframePath(dataclasses.replace(keyframes, w_plus=line), "cubic")
    asked = torch.linspace(keyframes.times_s[1], keyframes.times_s[-2], 40, dtype=torch.float64)
    torch.testing.assert_close(
        path(asked), asked.float()[:, None, None].expand(40, LAYERS, W_DIM), rtol=0, atol=1e-5
    )


def test_linear_fills_evenly_with_32_in_between_frames():
    gap_s = compute_gap_s(fps=24.0)
    keyframes = make_keyframes(2, times_s=(0.0, gap_s))
    path = KeyframePath(keyframes)
    assert count_frames(path, fps=24.0) == 34
    frames = path(torch.cat(list(iterate_frame_times(path, 24.0, 5))))
    a, b = keyframes.w_plus
    expected = torch.stack([a + j / 33 * (b - a) for j in range(34)])
    torch.testing.assert_close(frames, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("fps", [10.0, 30.0])
def test_halving_halves_the_distance_to_the_end_in_each_frame(fps):
    steps = 8
    keyframes = make_keyframes(2, times_s=(0.0, steps / fps))
    path = KeyframePath(keyframes, "halving", halving_s=1 / fps)
    frames = path(torch.arange(steps + 1, dtype=torch.float64) / fps).double()
    distance = torch.linalg.vector_norm(frames - keyframes.w_plus[1].double(), dim=(1, 2))
    ratios = distance[1:-1] / distance[:-2]
    torch.testing.assert_close(ratios, torch.full_like(ratios, 0.5), rtol=0, atol=1e-4)
    assert distance[-1] == 0


@pytest.mark.parametrize("steps", [0.4, 1.0, 2.5, 33.0])
def test_halving_never_goes_back(steps):
    share = torch.linspace(0, 1, 200, dtype=torch.float64)
    done = compute_halving_share(share, torch.full_like(share, steps))
    assert done[0] == 0 and done[-1] == 1
    assert (done.diff() >= 0).all()


def test_smoothstep_starts_and_stops_gently():
    keyframes = make_keyframes(2)
    path = KeyframePath(keyframes, "smoothstep")
    end_s = keyframes.times_s[1]
    middle = estimate_velocity(path, end_s / 2, 1e-2).abs().max()
    assert estimate_velocity(path, 0.0, 1e-3).abs().max() < 0.02 * middle
    assert estimate_velocity(path, end_s, -1e-3).abs().max() < 0.02 * middle


def test_spherical_keeps_norms_and_moves_at_constant_angle():
    keyframes = make_keyframes(2)
    unit = torch.nn.functional.normalize(keyframes.w_plus, dim=-1) * 3
    path = KeyframePath(dataclasses.replace(keyframes, w_plus=unit), "spherical")
    frames = path(torch.linspace(0, keyframes.times_s[1], 21, dtype=torch.float64))
    norms = torch.linalg.vector_norm(frames, dim=-1)
    torch.testing.assert_close(norms, torch.full_like(norms, 3), rtol=0, atol=1e-5)
    cosines = (frames[1:] * frames[:-1]).sum(-1) / 9
    torch.testing.assert_close(cosines, cosines[:1].expand_as(cosines), rtol=0, atol=1e-5)


def test_spherical_goes_straight_where_no_arc_is_defined():
    a = torch.stack([torch.zeros(W_DIM), torch.ones(W_DIM), torch.ones(W_DIM)])[None]
    b = torch.stack([torch.ones(W_DIM), -torch.ones(W_DIM), torch.ones(W_DIM) * 2])[None]
    middle = follow_arc(a, b, torch.full((1, 1, 1), 0.25))
    assert torch.equal(middle, torch.lerp(a, b, 0.25))


@pytest.mark.parametrize("mode", EASINGS)
def test_rows_shared_by_all_keyframes_are_never_touched(mode):
    keyframes = make_keyframes(5, loop=True)
    shared = keyframes.w_plus.clone()
    shared[:, 2:] = shared[:1, 2:]
    path = KeyframePath(dataclasses.replace(keyframes, w_plus=shared), mode)
    frames = path(torch.linspace(0, path.duration_s, 101, dtype=torch.float64))
    assert torch.equal(frames[:, 2:], shared[:1, 2:].expand(101, -1, -1))
    assert not torch.equal(frames[:, :2], shared[:1, :2].expand(101, -1, -1))


def test_each_way_can_have_its_own_mode():
    keyframes = make_keyframes(3, easings=(None, "smoothstep", "halving"))
    path = KeyframePath(keyframes, "linear")
    first, second = keyframes.times_s[1] * 0.3, (keyframes.times_s[1] + keyframes.times_s[2]) / 2
    for mode, at_s in (("smoothstep", first), ("halving", second)):
        assert torch.equal(path(times(at_s)), KeyframePath(keyframes_of(mode), mode)(times(at_s)))


def keyframes_of(mode: str) -> Keyframes:
    return make_keyframes(3, easings=(mode,) * 3)


@pytest.mark.parametrize("mode", EASINGS)
def test_chunks_give_the_same_as_the_whole(mode):
    path = KeyframePath(make_keyframes(loop=True, hold=0.1), mode)
    whole = path(torch.arange(count_frames(path, 30.0), dtype=torch.float64) / 30)
    chunks = [path(chunk) for chunk in iterate_frame_times(path, 30.0, 7)]
    assert max(map(len, chunks)) == 7
    # A sine may differ in its last bit with the place in the vector it is computed in.
    torch.testing.assert_close(torch.cat(chunks), whole, rtol=0, atol=1e-6)


def test_frames_of_a_loop_show_the_seam_once():
    open_path = KeyframePath(make_keyframes(2, times_s=(0.0, 1.0)))
    loop = KeyframePath(make_keyframes(2, times_s=(0.0, 1.0), closing_s=1.0))
    still = KeyframePath(make_keyframes(1, times_s=(0.0,)))
    assert [count_frames(path, 10.0) for path in (open_path, loop, still)] == [11, 20, 1]


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), float("inf")])
def test_a_frame_rate_that_is_none_is_refused(fps):
    with pytest.raises(ValueError, match="needs frames per second"):
        count_frames(KeyframePath(make_keyframes()), fps)


def test_unknown_mode_and_halving_time_are_refused():
    with pytest.raises(ValueError, match="needs a halving time above 0"):
        KeyframePath(make_keyframes(), "halving", halving_s=0.0)
