"""The one place where Keras is imported: it chooses its backend once, when it is first imported.

PyTorch unless KERAS_BACKEND says otherwise; every file here runs on TensorFlow as well. `seeded` is
how trainings draw at random.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "torch")
# Keras imports TensorFlow, where there is one, to save and load, and TensorFlow logs a lot.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if os.environ["KERAS_BACKEND"] != "tensorflow":
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # of which it informs at any level

import keras as _keras

#: Untyped: Keras's own annotations name every backend's tensors at once.
keras: Any = _keras

__all__ = ["keras", "seeded"]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, whatever Keras draws comes from `seed`; afterwards NumPy, Python and PyTorch go on
    where they were.

    Keras's layers (initial weights, dropout on PyTorch, shuffling) draw from the process's shared
    generators: another thread that draws from them meanwhile would still change the result.
    """
    torch: Any = sys.modules.get("torch")
    before = random.getstate(), np.random.get_state(), torch.get_rng_state() if torch else None
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        if torch:
            torch.set_rng_state(before[2])
