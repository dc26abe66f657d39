import collections
import contextlib
import pickle
import pickletools
import random

import checkpoint_samples as samples
import numpy as np
import pytest
import torch

from synth.checkpoints.errors import CheckpointError
from synth.checkpoints.numpy_records import read_bytes, read_number, read_numpy_array
from synth.checkpoints.pickle_machine import PickleLimits
from synth.checkpoints.pickle_reader import read_pickle
from synth.checkpoints.records import Global, Record, as_mapping


def make_value(rng: random.Random, depth: int = 0):
    """A random value of the types that pickles of data hold."""
    scalars = [
        lambda: None,
        lambda: rng.random() < 0.5,
        lambda: rng.choice([0, 1, -1, 255, 256, 65535, 65536, -(2**31), 2**31, 2**63, -(2**200)]),
        lambda: rng.choice([0.0, -1.5, float("inf"), 1e-300]),
        lambda: "".join(rng.choices("aé漢\U0001f600\n", k=rng.choice([0, 3, 300]))),
        lambda: rng.randbytes(rng.choice([0, 3, 300])),
    ]
    if depth > 3 or rng.random() < 0.4:
        return rng.choice(scalars)()
    size = rng.choice([0, 1, 2, 3, 4, 7])
    children = [make_value(rng, depth + 1) for _ in range(size)]
    keys = [rng.choice(["k", 7, 2.5, None, True]) for _ in range(size)]
    shared = [children, children]
    return rng.choice(
        [children, tuple(children), dict(zip(keys, children, strict=True)), shared, (children,)]
    )


def as_plain(value):
    """Views of the input, and protocol 2's calls for bytes, as bytes, through all containers."""
    if isinstance(value, (memoryview, Record)):
        return bytes(read_bytes(value))
    if isinstance(value, (list, tuple)):
        return type(value)(as_plain(item) for item in value)
    if isinstance(value, dict):
        return {key: as_plain(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("pickler", ["C", "Python"])
def test_data_reads_as_pickle_reads_it(protocol, pickler):
    rng = random.Random(protocol)
    for _ in range(300):
        value = make_value(rng)
        dumps = pickle.dumps if pickler == "C" else pickle._dumps
        raw = dumps(value, protocol)
        found, end = read_pickle(raw + b"more")
        assert end == len(raw)
        assert as_plain(found) == value


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i8", "u2", "?", ">f4", ">i4"])
def test_numpy_arrays_and_scalars(protocol, dtype):
    values = np.arange(24).reshape(2, 3, 4) % 2 if dtype == "?" else np.arange(24).reshape(2, 3, 4)
    array = values.astype(dtype)
    for version in (array, np.asfortranarray(array), array[0, 0, :0], array[1, 2, 3:]):
        record, _ = read_pickle(pickle.dumps(version, protocol))
        found = read_numpy_array(record)
        assert found.dtype == version.dtype and np.array_equal(found, version)
    record, _ = read_pickle(pickle.dumps(array[1, 2, 3], protocol))
    assert read_number(record) == array[1, 2, 3]


def test_globals_and_calls_are_kept_as_names():
    raw = samples.dump(
        samples.Call(samples.Name("training.dataset", "Images"), (1,), {"a": 2}, new=True), 4
    )
    record, _ = read_pickle(raw)
    assert isinstance(record, Record) and isinstance(record.callee, Global)
    assert (record.callee.module, record.callee.name) == ("training.dataset", "Images")
    assert (record.args, record.state) == ((1,), {"a": 2})


@pytest.mark.parametrize("protocol", [2, 4])
def test_ordered_dicts_are_mappings(protocol):
    value = collections.OrderedDict(a=1, b=[2])
    record, _ = read_pickle(pickle.dumps(value, protocol))
    assert as_mapping(record, "a test") == dict(value)


def test_every_truncation_is_an_error():
    for protocol in (2, 4):
        raw = samples.dump({"a": [1, 2.5, "text", b"bytes" * 60, (None, True)]}, protocol)
        for length in range(len(raw)):
            with pytest.raises(CheckpointError):
                read_pickle(raw[:length])


def test_changed_bytes_are_read_or_refused_but_never_fault():
    rng = random.Random(0)
    weights = {"a.weight": torch.zeros(3), "a.b.noise_const": torch.ones(2, 2)}
    raw = samples.dump({"G_ema": samples.nvidia_module(weights, "Generator")}, 4)
    refused = 0
    for _ in range(400):
        changed = bytearray(raw)
        for _ in range(rng.choice([1, 2, 8])):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        try:
            read_pickle(bytes(changed))
        except CheckpointError:
            refused += 1
    assert refused > 100


def test_random_opcodes_never_fault():
    rng = random.Random(1)
    codes = [op.code.encode("latin-1") for op in pickletools.opcodes]
    for _ in range(3000):
        body = b"".join(
            rng.choice(codes) + rng.randbytes(rng.choice([0, 0, 1, 4])) for _ in range(30)
        )
        with contextlib.suppress(CheckpointError):
            read_pickle(b"\x80\x04" + body + b".", allow_persistent_ids=rng.random() < 0.5)


@pytest.mark.parametrize(
    ("limits", "raw"),
    [
        (PickleLimits(opcodes=10), b"\x80\x02" + b"N0" * 20 + b"N."),
        (PickleLimits(stack=10), b"\x80\x02(" + b"N" * 20 + b"t."),
        (PickleLimits(memo=10), b"\x80\x04" + b"N\x940" * 20 + b"N."),
    ],
)
def test_limits_hold(limits, raw):
    read_pickle(raw)
    with pytest.raises(CheckpointError, match="at most 10"):
        read_pickle(raw, limits=limits)
