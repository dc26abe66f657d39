"""Frames for tests of video files, and how alike two of them are."""

import hashlib
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[3]
FORMATS = ("clip.mp4", "clip.webm", "clip.gif", "frames")


def make_moving_frames(count: int, height: int = 64, width: int = 64) -> np.ndarray:
    """A smooth coloured pattern that drifts: what a face video is to an encoder."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    frames = []
    for k in range(count):
        phase = 2 * np.pi * k / 40
        waves = [np.sin(6 * x + phase), np.cos(5 * y - phase), np.sin(4 * (x + y) + phase)]
        frames.append(np.stack(waves, axis=-1) * 100 + 128)
    return np.stack(frames).astype(np.uint8)


def measure_psnr_db(a: np.ndarray, b: np.ndarray) -> float:
    error = np.mean((a.astype(float) - b.astype(float)) ** 2)
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


def split(frames: np.ndarray, chunk: int):
    return (frames[start : start + chunk] for start in range(0, len(frames), chunk))


def hash_files(path) -> str:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
