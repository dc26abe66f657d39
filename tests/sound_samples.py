"""Sounds made for tests, whose changes are known to the sample, and files of them."""

from pathlib import Path

import numpy as np
from scipy.io import wavfile

RATE_HZ = 22_050


def make_pitch_steps(seconds_each=1.0, hertz=(300, 1100, 500, 2000, 800), rate_hz=RATE_HZ):
    """Tones one after the other, phase unbroken, and the seconds at which the pitch changes."""
    count = round(seconds_each * rate_hz)
    steps = np.repeat(np.array(hertz, float), count)
    wave = 0.5 * np.sin(2 * np.pi * np.cumsum(steps) / rate_hz)
    return wave.astype(np.float32), np.arange(1, len(hertz)) * count / rate_hz


def make_bursts(at_s, duration_s, length_s=0.05, rate_hz=RATE_HZ, seed=0):
    """Noise that begins at these seconds, on a faint hum."""
    times_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    wave = 0.01 * np.sin(2 * np.pi * 200 * times_s)
    random = np.random.default_rng(seed)
    for start_s in at_s:
        start = round(start_s * rate_hz)
        part = wave[start : start + round(length_s * rate_hz)]
        part += 0.5 * random.uniform(-1, 1, len(part))
    return wave.astype(np.float32)


def make_clicks(bpm, duration_s, first_s=0.25, rate_hz=RATE_HZ):
    """Clicks at an even tempo, and their seconds."""
    at_s = np.arange(first_s, duration_s - 0.01, 60 / bpm)
    wave = np.zeros(round(duration_s * rate_hz), np.float32)
    for start_s in at_s:
        start = round(start_s * rate_hz)
        decay = np.exp(-np.arange(200) / 40) * np.sin(np.arange(200) * 0.7)
        wave[start : start + 200] += 0.8 * decay[: len(wave) - start]
    return wave, at_s


def make_phrases(phrases, duration_s, rate_hz=RATE_HZ):
    """A warbling voice within each (start, end) in seconds, nothing in between."""
    times_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    voice = 0.4 * np.sin(2 * np.pi * 180 * times_s + 3 * np.sin(2 * np.pi * 4 * times_s))
    heard = np.zeros(len(times_s), bool)
    for start_s, end_s in phrases:
        heard |= (times_s >= start_s) & (times_s < end_s)
    return (voice * heard).astype(np.float32)


def write_wav(path, wave, rate_hz=RATE_HZ) -> Path:
    """16 bits, one channel, or as many as the array has columns."""
    wavfile.write(path, rate_hz, np.round(wave * 32767).astype(np.int16))
    return Path(path)
