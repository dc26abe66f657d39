"""Write a tune that nobody owns, to try films of sound with.

    python -m scripts.make_tune tune.wav
    python -m scripts.make_tune long.wav --bars 64 --bpm 96

Out: a .wav of 16 bits, one channel, in which everything happens that `motion=sound` listens to: it
whispers, gets a melody, then drums, stops, and comes back louder. The same numbers give the same
bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy.io import wavfile

from scripts.reporting import reporting_errors, say
from synth.sound.tune import RATE_HZ, make_tune
from synth.storage.atomic import check_output_path, write_atomically


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="the .wav to write")
    parser.add_argument("--bars", type=int, default=8, help="of four beats")
    parser.add_argument("--bpm", type=float, default=112.0, help="beats a minute")
    parser.add_argument("--seed", type=int, default=0, help="another melody")
    a = parser.parse_args()
    with reporting_errors():
        check_output_path(a.out, ".wav")
        wave = make_tune(a.bars, a.bpm, a.seed)
        with write_atomically(a.out) as temporary:
            wavfile.write(temporary, RATE_HZ, np.round(wave * 32767).astype(np.int16))
        say(f"{a.out}: {len(wave) / RATE_HZ:.1f} s, {a.bars} bars at {a.bpm:g} beats a minute")


if __name__ == "__main__":
    main()
