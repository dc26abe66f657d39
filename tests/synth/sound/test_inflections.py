"""Algorithm 1 of GANterpretations against a reading of it line by line, and on made sounds."""

import numpy as np
import pytest
from sound_samples import make_bursts, make_pitch_steps

from synth.sound.hearing import SpectrogramSettings, hear
from synth.sound.inflections import compute_alphas, find_inflections, measure_strengths, thin_out


def read_algorithm_1(variation, length, threshold, signs):
    """Lines 3 to 14 as they stand, with lists; only t whose windows are whole."""
    columns = len(variation) + 1
    points = [0]
    for t in range(length + 1, columns - 1 - length):
        before = variation[t - 1 - length : t - 1]
        after = variation[t + 1 : t + 1 + length]
        assert len(before) == len(after) == length
        above_before = variation[t] - sum(before) / length
        above_after = variation[t] - sum(after) / length
        if (above_before > 0) - (above_before < 0) != (above_after > 0) - (above_after < 0):
            continue
        if abs(above_before) <= threshold or abs(above_after) <= threshold:
            continue
        if (1 if above_before > 0 else -1) in signs:
            points.append(t)
    points.append(columns - 1)
    alphas = [0.0]
    for start, stop in zip(points, points[1:]):  # noqa: B905, RUF007
        total = sum(variation[start:stop])
        running = 0.0
        for t in range(start, stop):
            running += variation[t]
            alphas.append(running / total)
    return points, alphas


@pytest.mark.parametrize("extrema", ["peaks", "troughs", "both"])
@pytest.mark.parametrize(("length", "threshold"), [(1, 0.0), (3, 0.4), (12, 0.9), (40, 0.2)])
def test_algorithm_1_is_the_papers(extrema, length, threshold):
    variation = np.random.default_rng(length).gamma(2.0, 0.5, 300)
    signs = {"peaks": {1}, "troughs": {-1}, "both": {1, -1}}[extrema]
    points, alphas = read_algorithm_1(variation.tolist(), length, threshold, signs)
    found = find_inflections(variation, length, threshold, extrema)
    assert found.tolist() == points
    assert len(points) > 4 or (extrema, threshold) == ("troughs", 0.9), "too quiet to be a test"
    np.testing.assert_allclose(compute_alphas(variation, found), alphas, atol=1e-12)


def test_a_sound_shorter_than_its_windows_has_its_ends_alone():
    assert find_inflections(np.ones(20), 10, 0.0).tolist() == [0, 20]
    assert find_inflections(np.ones(1), 1, 0.0).tolist() == [0, 1]


def test_nothing_at_all_counts_where_none_is_asked_for():
    variation = np.random.default_rng(0).gamma(2.0, 0.5, 300)
    assert find_inflections(variation, 5, 0.0, "none").tolist() == [0, 300]


def test_alpha_rises_to_one_and_evenly_where_nothing_changes():
    variation = np.concatenate([[1.0, 0.0, 3.0], np.zeros(4)])
    alphas = compute_alphas(variation, [0, 3, 7])
    np.testing.assert_allclose(alphas, [0, 0.25, 0.25, 1, 0.25, 0.5, 0.75, 1])


def test_the_stronger_of_two_near_inflections_stays():
    times_s, strengths = [1.0, 1.4, 3.0, 3.2, 9.8], [2.0, 5.0, 3.0, 3.0, 9.0]
    assert thin_out(times_s, strengths, 0.5, end_s=10.0) == [1, 2]
    assert thin_out(times_s, strengths, 0.1, end_s=10.0) == [0, 1, 2, 3, 4]
    random = np.random.default_rng(1)
    times = np.sort(random.uniform(0, 60, 500))
    kept = times[thin_out(times, random.uniform(0, 1, 500), 0.7, end_s=60.0)]
    gaps = np.diff([0.0, *kept, 60.0])
    assert gaps.min() >= 0.7 and gaps.max() < 2.2, "as close as they may be, no gap left open"


@pytest.mark.parametrize("scale", ["log", "magnitude", "power"])
@pytest.mark.parametrize(("window", "hop"), [(256, 128), (512, 128), (1024, 512)])
def test_a_step_of_pitch_is_found_within_a_hop(scale, window, hop):
    wave, steps_s = make_pitch_steps()
    settings = SpectrogramSettings(window=window, hop=hop, scale=scale)
    assert find_strongest(wave, settings, len(steps_s)) == pytest.approx(
        steps_s,
        abs=max(hop, window / 2) / settings.rate_hz,  # one hop for the defaults
    )


def test_bursts_of_noise_are_found_within_a_hop():
    at_s = np.array([0.8, 1.7, 2.31, 4.0, 5.05])
    settings = SpectrogramSettings()
    found = find_strongest(make_bursts(at_s, 6.0), settings, len(at_s))
    assert found == pytest.approx(at_s, abs=settings.hop / settings.rate_hz)


def find_strongest(wave, settings, count):
    """Seconds of the strongest peaks that are 0.3 s apart."""
    heard = hear([wave], settings)
    strengths = measure_strengths(heard.variation, round(0.2 * settings.columns_per_s), "peaks")
    times_s = heard.change_times_s
    found = np.flatnonzero(strengths > 0.5)
    kept = thin_out(times_s[found], strengths[found], 0.3, heard.duration_s)
    best = sorted(kept, key=lambda k: -strengths[found][k])[:count]
    return np.sort(times_s[found][best])
