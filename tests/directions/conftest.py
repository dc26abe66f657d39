"""Latents in which six emotions are moved along known axes."""

import numpy as np
import pytest
from known_axes import STEP, WIDTH

from directions.fitting.samples import LabelledLatents


@pytest.fixture(scope="session")
def axes() -> np.ndarray:
    square = np.random.default_rng(3).normal(size=(WIDTH, WIDTH))
    return np.linalg.qr(square)[0][:6]


@pytest.fixture(scope="session")
def labelled(axes) -> LabelledLatents:
    random = np.random.default_rng(0)
    emotions = random.integers(0, 7, 6000)
    intensities = np.where(emotions == 0, 0.0, random.uniform(0.3, 1.0, 6000))
    latents = random.normal(size=(6000, WIDTH))
    moved = emotions > 0
    latents[moved] += STEP * intensities[moved, None] * axes[emotions[moved] - 1]
    return LabelledLatents(latents, emotions, intensities, np.arange(6000) // 4)
