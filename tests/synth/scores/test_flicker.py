import numpy as np
import pytest

from synth.scores.flicker import FlickerMeter


def measure(frames: np.ndarray, chunk: int = 3) -> np.ndarray:
    meter = FlickerMeter()
    for start in range(0, len(frames), chunk):
        meter.add(frames[start : start + chunk])
    return meter.read()


def grey(levels: np.ndarray) -> np.ndarray:
    """Levels [frame, height, width] -> RGB frames."""
    return np.repeat(np.clip(levels, 0, 255).astype(np.uint8)[..., None], 3, axis=-1)


def test_still_clip_fade_and_moving_edge_are_exactly_zero():
    picture = np.random.default_rng(0).integers(0, 200, (1, 16, 16))
    still = np.repeat(picture, 6, axis=0)
    fade = picture + np.arange(0, 48, 8)[:, None, None]
    edge = np.stack([np.where(np.arange(40) < 3 * k, 220, 30)[None].repeat(9, 0) for k in range(8)])
    for clip in (still, fade, edge):
        values = measure(grey(clip))
        assert np.isnan(values[[0, -1]]).all()
        assert (values[1:-1] == 0).all()


def test_independent_noise_counts_by_its_deviation():
    noise = np.random.default_rng(0).normal(128, 10, (12, 64, 64))
    assert np.nanmean(measure(grey(np.round(noise)))) == pytest.approx(
        10 / np.sqrt(np.pi), rel=0.03
    )


def test_one_flash_counts_by_its_height_once():
    clip = np.full((7, 8, 8), 100)
    clip[3] += 40
    assert measure(grey(clip))[1:-1].tolist() == [0, 0, 40, 0, 0]
    clip[3] -= 80
    assert measure(grey(clip))[3] == 40


@pytest.mark.parametrize("chunk", [1, 2, 5, 20])
def test_chunks_do_not_matter(chunk):
    frames = np.random.default_rng(1).integers(0, 256, (11, 8, 8, 3), dtype=np.uint8)
    assert np.array_equal(measure(frames, chunk), measure(frames, 11), equal_nan=True)


def test_time_runs_either_way():
    frames = np.random.default_rng(1).integers(0, 256, (9, 8, 8, 3), dtype=np.uint8)
    assert np.array_equal(measure(frames), measure(frames[::-1])[::-1], equal_nan=True)


@pytest.mark.parametrize("count", [1, 2])
def test_short_clips_have_no_flicker_to_measure(count):
    assert np.isnan(measure(np.zeros((count, 4, 4, 3), np.uint8))).all()
