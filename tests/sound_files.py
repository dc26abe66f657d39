"""Small files of sound."""

import wave
from pathlib import Path

import numpy as np


def write_tone(path: Path) -> str:
    """Ten seconds of one tone as a WAV file; its path."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((np.sin(np.arange(80_000) / 5) * 9000).astype("<i2").tobytes())
    return str(path)
