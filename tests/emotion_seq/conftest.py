"""Sequences of a known process, and a small network that learned from them."""

import pytest
from small_sequences import SHORT, SMALL

from emotion_seq.measuring.process import make_process
from emotion_seq.sequences import split_by_film
from emotion_seq.train import train_model


@pytest.fixture(scope="session")
def splits():
    return split_by_film(make_process().draw(40, 0))


@pytest.fixture(scope="session")
def trained(splits, tmp_path_factory):
    return train_model(splits, tmp_path_factory.mktemp("whole"), SHORT, SMALL)
