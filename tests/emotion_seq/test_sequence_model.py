"""The network: shapes, learning, stopping and going on, the same file on TensorFlow, sampling."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from small_sequences import SHORT, SMALL

from emotion_seq.keras_files import load_keras_file, save_keras_file
from emotion_seq.model import (
    START,
    ModelSettings,
    encode_sequences,
    make_model,
    predict_steps,
    remake_model,
)
from emotion_seq.predict import (
    KIND,
)
from emotion_seq.sequences import make_sequence
from emotion_seq.train import STATE_FILE, TrainSettings, train_model

REPOSITORY = Path(__file__).resolve().parents[2]


#: What a card says of the network that `trained` is.
SIZES = {"settings": {"network": asdict(SMALL)}}
WIRINGS = pytest.mark.parametrize("shortcuts", [False, True])


@WIRINGS
def test_there_are_four_lstm_layers_each_with_dropout_and_seven_classes(shortcuts):
    model = make_model(ModelSettings(shortcuts=shortcuts))
    kinds = [type(layer).__name__ for layer in model.layers]
    assert (kinds.count("LSTM"), kinds.count("Dropout")) == (4, 4)
    assert model.get_layer("logits").units == 7


@WIRINGS
def test_only_shortcuts_show_emotions_to_the_output(shortcuts):
    """With LSTM layers that say nothing, a plain stack knows only which emotion is forbidden."""
    model = make_model(replace(SMALL, shortcuts=shortcuts))
    for layer in model.layers:
        if type(layer).__name__ == "LSTM":
            layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
    histories = [[2, 0], [5, 0]]
    steps = encode_sequences([make_sequence([*history, 1]) for history in histories])
    first, second = predict_steps(model, steps)[0][:, 2]
    assert np.allclose(first, second, atol=1e-6) != shortcuts


@WIRINGS
@pytest.mark.parametrize("embedding", [0, 5])
def test_odds_sum_to_one_and_never_repeat(embedding, shortcuts):
    steps = encode_sequences([make_sequence([0, 1, 0, 3, 6]), make_sequence([2, 4])])
    shape = replace(SMALL, embedding=embedding, shortcuts=shortcuts)
    odds, timing = predict_steps(make_model(shape), steps)
    assert odds.shape == (2, 5, 7) and timing.shape == (2, 5, 7, 4)
    assert np.allclose(odds.sum(2), 1, atol=1e-5)
    there = steps.emotions[0, 1:]
    assert odds[0, np.arange(1, 5), there].max() < 1e-6
    assert odds[0, 0].min() > 0.01  # at the start anything may come


def test_what_comes_later_changes_nothing_before():
    model = make_model(SMALL)
    one, other = make_sequence([0, 1, 2, 3, 4]), make_sequence([0, 1, 2, 5, 0])
    a, b = (predict_steps(model, encode_sequences([s]))[0][0] for s in (one, other))
    assert np.allclose(a[:4], b[:4], atol=1e-6)
    assert not np.allclose(a[4], b[4], atol=1e-4)


def test_encoding_begins_with_the_start_and_pads_the_end():
    steps = encode_sequences([make_sequence([3, 1]), make_sequence([0, 1, 2])])
    assert steps.emotions[0].tolist() == [START, 3, START]
    assert steps.next_emotions[1].tolist() == [0, 1, 2]
    assert steps.weights.tolist() == [[1, 1, 0], [1, 1, 1]]
    assert steps.after_first.tolist() == [[False, True, False], [False, True, True]]


def test_training_lowers_the_loss(trained):
    rows = trained[1]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[-1]["dev_loss"] < rows[0]["dev_loss"]


def test_the_same_seed_gives_the_same_weights_whatever_was_drawn_before(trained, splits, tmp_path):
    np.random.random(7)
    torch.rand(3)
    again, _ = train_model(splits, tmp_path / "again", SHORT, SMALL)
    for one, other in zip(again.get_weights(), trained[0].get_weights(), strict=True):
        assert (one == other).all()
    other_seed, _ = train_model(splits, tmp_path / "other", replace(SHORT, seed=1), SMALL)
    pairs = zip(other_seed.get_weights(), again.get_weights(), strict=True)
    assert any((one != other).any() for one, other in pairs)


def test_training_leaves_the_random_numbers_of_others_alone(splits, tmp_path):
    np.random.seed(5)
    torch.manual_seed(5)
    expected = np.random.random(), float(torch.rand(()))
    np.random.seed(5)
    torch.manual_seed(5)
    train_model(splits, tmp_path, replace(SHORT, epochs=1), SMALL)
    assert (np.random.random(), float(torch.rand(()))) == expected


def test_a_stopped_training_goes_on_to_the_same_weights(trained, splits, tmp_path, monkeypatch):
    from emotion_seq import train

    calls = []

    def stop_in_the_second_epoch(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return measure(*arguments)

    measure = train.measure_loss
    monkeypatch.setattr(train, "measure_loss", stop_in_the_second_epoch)
    with pytest.raises(KeyboardInterrupt):
        train_model(splits, tmp_path, SHORT, SMALL)
    monkeypatch.setattr(train, "measure_loss", measure)
    model, rows = train_model(splits, tmp_path, SHORT, SMALL)
    assert len(rows) == 3
    for one, other in zip(model.get_weights(), trained[0].get_weights(), strict=True):
        assert (one == other).all()


def test_a_folder_of_another_run_is_refused(splits, tmp_path):
    settings = replace(SHORT, epochs=1)
    train_model(splits, tmp_path, settings, SMALL)
    with pytest.raises(ValueError, match=STATE_FILE):
        train_model(splits, tmp_path, replace(settings, rate=0.5), SMALL)


def test_training_stops_early_with_the_best_weights(splits, tmp_path):
    wild = TrainSettings(epochs=30, batch=16, rate=0.5, patience=2)
    model, rows = train_model(splits, tmp_path, wild, SMALL)
    losses = [row["dev_loss"] for row in rows]
    assert len(losses) < 30 and int(np.argmin(losses)) == len(losses) - 3
    from emotion_seq.train import measure_loss

    best, _ = measure_loss(model, encode_sequences(splits.dev), wild.timing_weight)
    assert best == pytest.approx(min(losses), abs=1e-4)


def test_a_file_gives_back_model_and_card(trained, tmp_path):
    path = tmp_path / "m.keras"
    save_keras_file(path, trained[0], KIND, {"data": "drawn", **SIZES})
    model, card = load_keras_file(path, KIND, remake_model)
    steps = encode_sequences([make_sequence([0, 1, 4])])
    assert np.allclose(predict_steps(model, steps)[0], predict_steps(trained[0], steps)[0])
    assert card == {"data": "drawn", "kind": KIND, **SIZES}
    with pytest.raises(ValueError, match=r"m\.keras.*another-kind"):
        load_keras_file(path, "another-kind", remake_model)


def test_a_broken_file_is_one_clear_error(tmp_path):
    path = tmp_path / "broken.keras"
    path.write_bytes(b"PK not a zip")
    with pytest.raises(ValueError, match=r"broken\.keras"):
        load_keras_file(path, KIND, remake_model)
    with pytest.raises(FileNotFoundError, match=r"none\.keras"):
        load_keras_file(tmp_path / "none.keras", KIND, remake_model)


ON_TENSORFLOW = """
import json, sys
import numpy as np
from emotion_seq.keras_backend import keras
assert keras.backend.backend() == "tensorflow", keras.backend.backend()
from emotion_seq.keras_files import load_keras_file
from emotion_seq.measuring.process import make_process
from emotion_seq.model import ModelSettings, encode_sequences, predict_steps, remake_model
from emotion_seq.predict import KIND
from emotion_seq.sequences import make_sequence, split_by_film
from emotion_seq.train import TrainSettings, train_model
model, card = load_keras_file(sys.argv[1], KIND, remake_model)
odds, timing = predict_steps(model, encode_sequences([make_sequence([0, 1, 4, 0])]))
splits = split_by_film(make_process().draw(40, 0))
_, rows = train_model(splits, sys.argv[2], TrainSettings(epochs=2, batch=16, rate=1e-2),
                      ModelSettings(units=4))
print(json.dumps([odds.tolist(), timing.tolist(), [row["dev_loss"] for row in rows]]))
"""


@pytest.mark.slow
def test_the_same_file_is_read_and_trained_on_tensorflow(trained, tmp_path):
    if find_spec("tensorflow") is None:
        pytest.skip("needs TensorFlow; try pip install moodreel[tensorflow]")
    path = tmp_path / "m.keras"
    save_keras_file(path, trained[0], KIND, SIZES)
    found = subprocess.run(
        [sys.executable, "-c", ON_TENSORFLOW, str(path), str(tmp_path / "run")],
        env={"KERAS_BACKEND": "tensorflow", "PATH": "", "PYTHONPATH": str(REPOSITORY)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr[-2000:]
    odds, timing, losses = json.loads(found.stdout.splitlines()[-1])
    mine = predict_steps(trained[0], encode_sequences([make_sequence([0, 1, 4, 0])]))
    assert np.allclose(odds, mine[0], atol=1e-5)
    assert np.allclose(timing, mine[1], atol=1e-4)
    assert losses[1] < losses[0]
