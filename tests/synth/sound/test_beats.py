"""Onsets, pulses, tempo and beats of sounds whose times are known."""

import numpy as np
import pytest
from sound_samples import RATE_HZ, make_bursts, make_clicks

from synth.sound.beats import find_beats
from synth.sound.hearing import SpectrogramSettings, hear
from synth.sound.onsets import Onsets, compute_novelty, draw_pulses, find_onsets
from synth.sound.tune import make_tune


def listen(wave):
    heard = hear([wave], SpectrogramSettings())
    return compute_novelty(heard.flux, heard.settings.columns_per_s), heard.change_times_s


@pytest.mark.parametrize("bpm", [72, 100, 120, 137, 160])
def test_clicks_have_their_tempo_and_their_beats(bpm):
    wave, at_s = make_clicks(bpm, 20.0)
    beats = find_beats(*listen(wave))
    assert beats.tempo_bpm == pytest.approx(bpm, rel=0.02)
    assert len(beats.times_s) == len(at_s)
    assert np.abs(beats.times_s - at_s).max() < 0.02


def test_the_prior_chooses_between_octaves():
    wave, _ = make_clicks(180, 20.0)
    slow, fast = (find_beats(*listen(wave), prior_bpm=prior).tempo_bpm for prior in (80, 200))
    assert slow == pytest.approx(90, rel=0.02) and fast == pytest.approx(180, rel=0.02)


def test_a_played_tune_has_its_tempo():
    beats = find_beats(*listen(make_tune(bars=8, bpm=96)))
    assert beats.tempo_bpm == pytest.approx(96, rel=0.02)
    assert np.diff(beats.times_s) == pytest.approx(
        np.full(len(beats.times_s) - 1, 60 / 96), abs=0.05
    )


def test_noise_a_tone_and_single_hits_have_no_beat():
    noise = np.random.default_rng(0).normal(0, 0.1, 20 * RATE_HZ).astype(np.float32)
    tone = (0.5 * np.sin(np.arange(20 * RATE_HZ) * 0.1)).astype(np.float32)
    for wave in (noise, tone, make_bursts([3.1, 8.7], 20.0), make_clicks(120, 2.0)[0]):
        assert find_beats(*listen(wave)).tempo_bpm is None


def test_onsets_are_where_sounds_begin():
    at_s = np.array([0.5, 0.9, 1.2, 2.0, 2.75])
    novelty, times_s = listen(make_bursts(at_s, 3.5))
    onsets = find_onsets(novelty, times_s)
    assert onsets.times_s == pytest.approx(at_s, abs=2 * 128 / RATE_HZ)
    assert onsets.strengths.max() == pytest.approx(1) and onsets.strengths.min() > 0.5


def test_a_quiet_passage_has_its_onsets_too():
    at_s = np.arange(0.5, 12, 0.5)
    wave = make_bursts(at_s, 12.5) * np.where(
        np.arange(round(12.5 * RATE_HZ)) < 5.9 * RATE_HZ, 0.02, 1
    )
    onsets = find_onsets(*listen(wave.astype(np.float32)))
    quiet = onsets.times_s[onsets.times_s < 3.8]
    assert quiet == pytest.approx(at_s[at_s < 3.8], abs=0.012)


def test_a_pulse_halves_in_its_half_life_and_never_adds_up():
    onsets = Onsets(np.array([0.5, 0.55, 2.0]), np.array([0.6, 1.0, 0.3]))
    pulses = draw_pulses(onsets, half_life_s=0.2, duration_s=3.0, samples_per_s=1000)
    assert pulses[:500].max() == 0 and pulses.max() <= 1
    assert pulses[1000] / pulses[800] == pytest.approx(0.5, rel=1e-3)
    assert pulses[2040] == pytest.approx(0.3 * 0.5 ** (0.02 / 0.2), rel=0.02)
    assert len(draw_pulses(Onsets(np.zeros(0), np.zeros(0)), 0.2, 1.0, 100)) == 101


def test_the_same_numbers_give_the_same_tune():
    assert np.array_equal(make_tune(2, 120, 3), make_tune(2, 120, 3))
    assert not np.array_equal(make_tune(2, 120, 3), make_tune(2, 120, 4))
    assert np.abs(make_tune(2)).max() == pytest.approx(0.9)
    with pytest.raises(ValueError, match="bars"):
        make_tune(0)
