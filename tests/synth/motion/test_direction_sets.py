"""Direction sets survive the disk, fit their generator, and say what is wrong when they do not."""

import dataclasses
import hashlib
import json
import warnings

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from directions.exchange import export_direction, import_direction
from synth.emotions import Emotion
from synth.motion import direction_sets as store
from synth.motion.direction_sets import (
    DirectionSet,
    load_directions,
    load_directions_for,
    save_directions,
)
from synth.motion.directions import Direction

LAYERS, W_DIM = 6, 10


class FlatGenerator:
    """As much of a generator as the look-up of directions needs."""

    z_dim, w_dim, num_layers, resolution = W_DIM, W_DIM, LAYERS, 16
    name, sha256 = "flat", "ab" * 32

    def mapping(self, z, class_weights=None, truncation_psi=1.0, truncation_cutoff=None):
        raise NotImplementedError

    def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
        raise NotImplementedError


def make_set(seed=0, sha256=FlatGenerator.sha256, layers=LAYERS) -> DirectionSet:
    random = torch.Generator().manual_seed(seed)
    directions = {
        emotion: Direction.from_vector(torch.randn(layers, W_DIM, generator=random), 3.25 + emotion)
        for emotion in Emotion
        if emotion is not Emotion.CALM
    }
    levels = {emotion: -0.5 * emotion for emotion in directions}
    return DirectionSet(directions, "flat", sha256, levels, {"licence": "MIT", "samples": "4000"})


def test_round_trip_keeps_every_bit_and_the_card(tmp_path):
    saved = make_set()
    save_directions(tmp_path / "set.safetensors", saved)
    loaded = load_directions(tmp_path / "set.safetensors")
    assert loaded.directions.keys() == saved.directions.keys()
    for emotion, direction in saved.directions.items():
        assert torch.equal(loaded.directions[emotion].vector, direction.vector)
        assert loaded.directions[emotion].coefficient == direction.coefficient
    assert (loaded.generator_name, loaded.generator_sha256) == ("flat", FlatGenerator.sha256)
    assert loaded.card == saved.card
    assert loaded.calm_levels == saved.calm_levels
    assert loaded.shape == (LAYERS, W_DIM)


def test_half_precision_files_are_read(tmp_path):
    path = tmp_path / "half.safetensors"
    direction = make_set().directions[Emotion.FEAR]
    metadata = {"format": store.FORMAT, "coefficients": json.dumps({"fear": 2.0})}
    metadata |= {"generator_name": "g", "generator_sha256": "s"}
    save_file({"fear": direction.vector.half()}, str(path), metadata)
    torch.testing.assert_close(
        load_directions(path).directions[Emotion.FEAR].vector, direction.vector, rtol=0, atol=1e-3
    )


def test_bundled_directions_are_found_by_the_generators_sha256(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "BUNDLED_FOLDER", tmp_path)
    save_directions(tmp_path / "a.safetensors", make_set(0, sha256="cd" * 32))
    with pytest.raises(ValueError, match=r"flat \(sha256 abababababab\).*scripts\.fit_directions"):
        load_directions_for(FlatGenerator())
    mine = make_set(1)
    save_directions(tmp_path / "b.safetensors", mine)
    found = load_directions_for(FlatGenerator())
    assert torch.equal(
        found.directions[Emotion.ANGER].vector, mine.directions[Emotion.ANGER].vector
    )


def test_directions_given_by_path_must_have_the_generators_shape(tmp_path):
    save_directions(tmp_path / "fits.safetensors", make_set())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fits = load_directions_for(FlatGenerator(), tmp_path / "fits.safetensors")
    assert fits.shape == (6, 10)
    assert fits.sha256 == hashlib.sha256((tmp_path / "fits.safetensors").read_bytes()).hexdigest()
    save_directions(tmp_path / "wider.safetensors", make_set(layers=LAYERS + 2))
    with pytest.raises(ValueError, match=r"shape \(6, 10\) for generator flat; got \(8, 10\)"):
        load_directions_for(FlatGenerator(), tmp_path / "wider.safetensors")


def test_directions_of_another_generator_are_used_with_a_warning(tmp_path):
    path = tmp_path / "foreign.safetensors"
    save_directions(path, dataclasses.replace(make_set(sha256="cd" * 32), generator_name="round"))
    told = r"foreign\.safetensors.* round \(sha256 cdcdcdcdcdcd\) .* flat \(sha256 abababababab\)"
    with pytest.warns(UserWarning, match=told):
        foreign = load_directions_for(FlatGenerator(), path)
    assert foreign.shape == (6, 10)


@pytest.mark.parametrize("norm", [0.2, 1.0, 17.0])
def test_npy_keeps_the_change_of_intensity_one(tmp_path, norm):
    vector = torch.nn.functional.normalize(torch.randn(LAYERS * W_DIM), dim=0) * norm
    array = vector.reshape(LAYERS, W_DIM).numpy()
    np.save(tmp_path / "in.npy", array)
    direction = import_direction(tmp_path / "in.npy", coefficient=8.0)
    assert torch.linalg.vector_norm(direction.vector) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(direction.vector * direction.coefficient, 8 * array, atol=1e-4)
    export_direction(tmp_path / "out.npy", direction)
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), 8 * array, atol=1e-4)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((LAYERS, W_DIM)), "not zero"),
        (np.full((LAYERS, W_DIM), np.nan), "finite"),
        (np.ones(W_DIM), "needs a direction of shape"),
        (np.ones((LAYERS, W_DIM), dtype=int), "needs a direction of shape"),
        (np.array([{}]), "needs an array of numbers"),
    ],
)
def test_npy_files_that_are_no_direction_are_named(tmp_path, array, message):
    np.save(tmp_path / "bad.npy", array)
    with pytest.raises(ValueError, match=message) as caught:
        import_direction(tmp_path / "bad.npy")
    assert "bad.npy" in str(caught.value)


@pytest.mark.parametrize(
    ("tensors", "metadata", "message"),
    [
        ({}, {"format": "other"}, "needs format"),
        ({"fear": torch.ones(2, 3)}, {}, "norm 1; got norm"),
        ({"fer": torch.ones(2, 3)}, {}, "got 'fer'; did you mean 'fear'"),
        ({"anger": torch.eye(1)}, {}, "needs an entry 'anger'"),
        ({"fear": torch.full((2, 3), float("nan"))}, {}, "norm 1; got norm nan"),
        ({"fear": torch.eye(1)}, {"coefficients": '{"fear": "much"}'}, "much"),
        ({"fear": torch.eye(1)}, {"coefficients": '{"fear": -1}'}, "coefficient above 0"),
        ({"fear": torch.eye(1)}, {"coefficients": "{"}, "Expecting"),
        ({"calm": torch.eye(1)}, {"coefficients": '{"calm": 1}'}, "needs no direction for calm"),
        ({"fear": torch.eye(1)}, {"calm_levels": '{"fear": NaN}'}, "needs finite calm levels"),
        ({"fear": torch.eye(1)}, {"calm_levels": '["fear"]'}, "items"),
        ({}, {}, "needs at least one direction"),
    ],
)
def test_files_that_are_no_set_are_named(tmp_path, tensors, metadata, message):
    path = tmp_path / "bad.safetensors"
    complete = {"format": store.FORMAT, "coefficients": '{"fear": 1.0}'}
    complete |= {"generator_name": "g", "generator_sha256": "s"} | metadata
    save_file(tensors, str(path), complete)
    with pytest.raises(ValueError, match=message) as caught:
        load_directions(path)
    assert str(path) in str(caught.value)


def test_truncated_and_missing_files_are_named(tmp_path):
    path = tmp_path / "set.safetensors"
    save_directions(path, make_set())
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ValueError, match=r"set\.safetensors: needs an intact"):
        load_directions(path)
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors"):
        load_directions(tmp_path / "none.safetensors")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "set.safetensors"
    save_directions(path, make_set())
    before = path.read_bytes()

    def fail(tensors, name, metadata):
        raise OSError("disk full")

    monkeypatch.setattr(store, "save_file", fail)
    with pytest.raises(OSError, match="disk full"):
        save_directions(path, make_set(1))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["set.safetensors"]


def test_places_where_no_set_can_be_written_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"set\.pt: needs a name ending in \.safetensors"):
        save_directions(tmp_path / "set.pt", make_set())
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(OSError, match=r"folder\.safetensors: needs a file's name"):
        save_directions(tmp_path / "folder.safetensors", make_set())
    assert [file.name for file in tmp_path.iterdir()] == ["folder.safetensors"]
