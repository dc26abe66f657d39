"""Nothing but weights is taken out of a .keras file, and no more of them than the network has."""

import io
import json
import time
import tracemalloc
import zipfile

import h5py
import numpy as np
import pytest

from emotion_seq.classifiers.four_layers import KIND, make_network
from emotion_seq.keras_backend import keras
from emotion_seq.keras_files import CARD, WEIGHTS, load_keras_file, save_keras_file
from emotion_seq.model import remake_model
from emotion_seq.predict import BUNDLED_MODEL
from emotion_seq.predict import KIND as SEQUENCES


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("keras") / "good.keras"
    network = make_network()
    for variable in network.weights:
        variable.assign(np.random.default_rng(1).normal(size=variable.shape) * 0.1)
    save_keras_file(path, network, KIND, {"data": "none"})
    return path, network


def make(card):
    return make_network()


def change(path, folder, **parts: bytes):
    """A copy of a .keras file with other content under some names, packed."""
    names = {"config": "config.json", "card": CARD, "weights": WEIGHTS}
    changed = {names[key]: content for key, content in parts.items()}
    copy = folder / "bad.keras"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w", 8) as target:
        for name in source.namelist():
            target.writestr(name, changed.get(name, source.read(name)))
    return copy


def hdf5(fill) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        fill(file)
    return buffer.getvalue()


def packed(file):
    data = file.create_dataset("layers/dense/vars/0", (1 << 30,), "f8", chunks=(1 << 20,))
    data[:4] = 1


def large(file):
    file.create_dataset("layers/dense/vars/0", data=np.zeros(1 << 22))


def outside(file):
    file["layers"] = h5py.ExternalLink("/etc/passwd", "/")


def around(file):
    file["layers"] = h5py.SoftLink("/")


def beside(file):
    file.create_dataset("layers/0", (4,), "f4", external=[("/etc/passwd", 0, 16)])


def text(file):
    file["layers"] = "text"


def test_the_network_is_the_one_that_keras_itself_reads(good, tmp_path):
    path, network = good
    faces = np.random.default_rng(2).normal(size=(3, 48, 48, 1)).astype(np.float32)
    expected = keras.ops.convert_to_numpy(network(faces, training=False))
    for read in (load_keras_file(path, KIND, make)[0], keras.models.load_model(path)):
        found = keras.ops.convert_to_numpy(read(faces, training=False))
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_sequence_model_that_ships_is_the_one_that_keras_itself_reads():
    ours, card = load_keras_file(BUNDLED_MODEL, SEQUENCES, remake_model)
    theirs = keras.models.load_model(BUNDLED_MODEL, compile=False)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert card["kind"] == SEQUENCES


def test_what_a_file_says_of_layers_is_not_followed(good, tmp_path):
    path, network = good
    lambda_layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": "x"}}
    path = change(path, tmp_path, config=json.dumps(lambda_layer).encode())
    found, _ = load_keras_file(path, KIND, make)
    np.testing.assert_array_equal(found.get_weights()[0], network.get_weights()[0])


@pytest.mark.parametrize("fill", [packed, large, outside, around, beside, text])
def test_weights_that_promise_more_than_the_network_has_are_refused(good, tmp_path, fill):
    path = change(good[0], tmp_path, weights=hdf5(fill))
    assert path.stat().st_size < 1 << 20
    tracemalloc.start()
    before = time.process_time()
    try:
        with pytest.raises(ValueError, match=r"bad\.keras: needs .*model\.weights\.h5 holds"):
            load_keras_file(path, KIND, make)
        assert tracemalloc.get_traced_memory()[1] < 300 << 20
        assert time.process_time() - before < 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "parts, message",
    [
        ({"card": b"[" * 100_000}, "deep nesting"),
        ({"card": b"[]"}, "it holds"),
        ({"card": b"\xff"}, "utf-8"),
        ({"card": bytes(1 << 21)}, "more than"),
        ({"weights": bytes(1 << 29)}, "more than"),
        ({"weights": b"no HDF5"}, "written by"),
        ({"weights": hdf5(lambda file: file.create_group("layers"))}, "written by"),
    ],
    ids=range(7),
)
def test_broken_files_are_one_sentence(good, tmp_path, parts, message):
    path = change(good[0], tmp_path, **parts)
    with pytest.raises(ValueError, match=rf"bad\.keras: needs .*{message}") as caught:
        load_keras_file(path, KIND, make)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "sizes", [{"units": 10**9}, {"layers": 10**6}, {"embedding": 10**9}, {"more": 1}, None]
)
def test_a_card_cannot_ask_for_a_huge_network(tmp_path, sizes):
    card = {"kind": SEQUENCES, "settings": {"network": sizes}}
    path = change(BUNDLED_MODEL, tmp_path, card=json.dumps(card).encode())
    with pytest.raises(ValueError, match=r"bad\.keras: needs"):
        load_keras_file(path, SEQUENCES, remake_model)
