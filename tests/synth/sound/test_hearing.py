"""One pass over a sound: its series against plain readings of their definitions."""

import numpy as np
import pytest
from sound_samples import RATE_HZ, make_bursts, make_phrases, make_pitch_steps

from synth.sound.hearing import SpectrogramSettings, hear
from synth.sound.loudness import compute_loudness, find_silences
from synth.sound.pooling import PooledColumns

WAVE = make_bursts([0.5, 1.1, 1.9], 2.5)


def compute_power(wave, window, hop):
    """|DFT|^2 of Hann-windowed columns, both sides of the spectrum in one, full scale 1."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    count = 1 + (len(wave) - window) // hop
    columns = np.stack([wave[k * hop : k * hop + window] * hann for k in range(count)], 1)
    power = np.abs(np.fft.rfft(columns, axis=0)) ** 2 / hann.sum() ** 2
    power[1 : None if window % 2 else -1] *= 2
    return power


@pytest.mark.parametrize(("window", "hop"), [(256, 128), (400, 100)])
def test_variation_is_the_papers_line_2(window, hop):
    heard = hear([WAVE], SpectrogramSettings(window=window, hop=hop, scale="power"))
    power = compute_power(WAVE.astype(float), window, hop)
    expected = [np.mean(np.abs(power[:, i] - power[:, i + 1])) for i in range(power.shape[1] - 1)]
    np.testing.assert_allclose(
        heard.variation, np.array(expected) / np.mean(expected), rtol=2e-3, atol=1e-6
    )
    assert len(heard.level_db) == power.shape[1] == len(heard.column_times_s)
    assert heard.duration_s == pytest.approx(2.5)


def test_blocks_do_not_matter():
    rng = np.random.default_rng(0)
    long = np.tile(WAVE, 6)
    cuts = np.sort(rng.integers(0, len(long), 9))
    whole, parts = (
        hear(blocks, SpectrogramSettings()) for blocks in ([long], np.split(long, cuts))
    )
    for name in ("variation", "flux", "level_db"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-4, atol=1e-4)
    assert parts.picture.shape == whole.picture.shape


def test_loudness_is_in_decibels_of_full_scale():
    times_s = np.arange(RATE_HZ) / RATE_HZ
    for amplitude in (1.0, 0.1):
        heard = hear(
            [(amplitude * np.sin(2 * np.pi * 1000 * times_s)).astype(np.float32)],
            SpectrogramSettings(),
        )
        expected = (
            20 * np.log10(amplitude) - 3.01
        )  # a sine's mean square is half of its amplitude's
        assert np.median(heard.level_db) == pytest.approx(expected, abs=0.1)


def test_silences_are_found_where_they_are():
    phrases = [(0.5, 1.5), (2.25, 3.0), (3.1, 4.0)]
    heard = hear([make_phrases(phrases, 5.0)], SpectrogramSettings())
    silences = find_silences(heard.level_db, heard.column_times_s, 40, 0.3)
    got = [(s.start_s, s.end_s) for s in silences]
    hop_s = heard.settings.window / RATE_HZ
    for (start_s, end_s), expected in zip(got, [(0, 0.5), (1.5, 2.25), (4.0, 5.0)], strict=True):
        assert (start_s, end_s) == pytest.approx(expected, abs=2 * hop_s)
    loudness = compute_loudness(heard.level_db, heard.settings.columns_per_s)
    inside = np.interp([1.0, 2.0, 3.5], heard.column_times_s, loudness)
    assert inside[0] > 0.8 and inside[1] < 0.05 and inside[2] > 0.8


def test_half_an_hour_needs_little_memory_and_a_small_picture():
    import tracemalloc

    def stream():
        for _ in range(120):
            yield np.tile(WAVE, 6)  # 15 s

    tracemalloc.start()
    heard = hear(stream(), SpectrogramSettings())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert heard.duration_s == pytest.approx(1800)
    assert heard.picture.shape[1] <= 4800
    # The samples alone would be 159 MB, the spectrogram as much.
    assert peak < 60e6


@pytest.mark.parametrize("total", [5, 37, 40, 41, 100, 1000])
def test_pooled_columns_are_means_of_neighbours(total):
    columns = np.random.default_rng(total).random((3, total))
    pooled = PooledColumns(most=20)
    for part in np.array_split(columns, 7, axis=1):
        pooled.add(part)
    picture = pooled.collect()
    pool = 2 ** max(0, int(np.ceil(np.log2(total / 40))))
    expected = [columns[:, k : k + pool].mean(1) for k in range(0, total, pool)]
    assert picture.shape[1] <= 41
    np.testing.assert_allclose(picture, np.stack(expected, 1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": 2}, "window"),
        ({"hop": 300}, "hop"),
        ({"hop": 0}, "hop"),
        ({"rate_hz": 10}, "rate"),
        ({"scale": "loud"}, "scale"),
    ],
)
def test_sizes_that_make_no_spectrogram_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        SpectrogramSettings(**settings)


def test_a_sound_of_no_two_columns_is_refused():
    with pytest.raises(ValueError, match="at least"):
        hear([np.ones(300, np.float32)], SpectrogramSettings())
    with pytest.raises(ValueError, match="at least"):
        hear([], SpectrogramSettings())


def test_pitch_steps_alone_change_no_loudness():
    wave, _ = make_pitch_steps()
    heard = hear([wave], SpectrogramSettings())
    assert np.ptp(heard.level_db[5:-5]) < 3
