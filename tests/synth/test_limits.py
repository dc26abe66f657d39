"""Settings above nothing: what is refused, and that records use it."""

from dataclasses import dataclass

import pytest

from studio.settings import Limits
from synth.generators.config import StyleGAN2Config
from synth.limits import check_positive


@dataclass(frozen=True)
class Record:
    steps: object = 1
    rate: object = 0.5


def test_what_is_above_nothing_passes():
    check_positive(Record(), "steps", "rate")


@pytest.mark.parametrize("value", [0, -1, 0.0, float("nan"), float("inf"), True, None, "1"])
def test_other_values_are_named(value):
    with pytest.raises(ValueError, match=r"needs steps .*got steps="):
        check_positive(Record(steps=value), "steps", "rate")


def test_records_refuse_them():
    with pytest.raises(ValueError, match="needs channel_max of at least 1"):
        StyleGAN2Config(channel_max=0)
    with pytest.raises(ValueError, match="needs upload_s above 0"):
        Limits(upload_s=0.0)
    Limits(free_bytes=0)
