"""The one place where Keras is imported: it chooses its backend once, when it is first imported.

PyTorch unless KERAS_BACKEND says otherwise; every file here runs on TensorFlow as well.
"""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")
# Keras imports TensorFlow, where there is one, to save and load, and TensorFlow likes to talk.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if os.environ["KERAS_BACKEND"] != "tensorflow":
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # of which it tells at any level

import keras as _keras

#: Untyped: Keras's own annotations name every backend's tensors at once.
keras: Any = _keras

__all__ = ["keras"]
