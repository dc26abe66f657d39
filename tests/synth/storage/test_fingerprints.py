"""Equal values have equal fingerprints, and nothing else has."""

import functools
from dataclasses import dataclass, field

import numpy as np
import torch

from synth.storage.fingerprints import hash_arrays, hash_value


@dataclass
class Record:
    size: int
    seen: list = field(default_factory=list, compare=False)


def make_stage(level):
    def stage(frames):
        return frames + level

    return stage


def test_equal_values_are_equal_and_others_are_not(tmp_path):
    file = tmp_path / "a"
    file.write_text("one")
    values = [
        None, True, 1, 1.0, "1", b"1", [1], [[1]], [[1], 2], [[1, 2]], {"a": 1}, {1},
        torch.ones(2), np.ones(2),
        torch.ones(2, dtype=torch.bfloat16), torch.ones(1, 2), Record(1), Record(2), make_stage(1),
        make_stage(2), functools.partial(make_stage, 1), Record, file, torch.nn.Linear(2, 2),
    ]  # fmt: skip
    hashes = [hash_value(value) for value in values]
    assert len(set(hashes)) == len(values)
    assert hashes == [hash_value(value) for value in values]
    assert hash_value(Record(1, ["seen"])) == hash_value(Record(1))
    assert hash_value(make_stage(1)) == hash_value(make_stage(1))


def test_files_count_by_content_and_circles_end(tmp_path):
    for name in "ab":
        (tmp_path / name).write_text("one")
    assert hash_value(tmp_path / "a") == hash_value(tmp_path / "b")
    (tmp_path / "b").write_text("two")
    assert hash_value(tmp_path / "a") != hash_value(tmp_path / "b")
    circle: list = [1]
    circle.append(circle)
    assert hash_value(circle) == hash_value(circle)


def test_chunks_do_not_matter():
    numbers = np.arange(12.0).reshape(6, 2)
    assert hash_arrays([numbers]) == hash_arrays([numbers[:4], numbers[4:]])
    assert hash_arrays([numbers]) != hash_arrays([numbers[::-1]])
