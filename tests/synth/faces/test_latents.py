"""Latents files: what is written is read back, and what does not fit the generator is named."""

import numpy as np
import pytest
import torch

from synth.devices import find_device
from synth.faces.face import RandomFace, SavedFace
from synth.faces.latents import load_latents, save_latents
from synth.faces.random_faces import map_seeds, sample_z

LAYERS, W_DIM, Z_DIM = 6, 10, 8


class LinearGenerator:
    """A generator whose mapping is a fixed matrix; it draws nothing."""

    z_dim, w_dim, num_layers, resolution = Z_DIM, W_DIM, LAYERS, 16
    name, sha256 = "linear", "ab" * 32

    def mapping(self, z, class_weights=None, truncation_psi=1.0, truncation_cutoff=None):
        w = z @ torch.linspace(-1, 1, Z_DIM * W_DIM).reshape(Z_DIM, W_DIM) * truncation_psi
        return w[:, None].expand(-1, LAYERS, -1)

    def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
        raise NotImplementedError


@pytest.fixture
def generator():
    return LinearGenerator()


def test_seeds_mean_the_same_z_as_in_nvidias_scripts():
    z = sample_z([5, 7], 512)
    assert z.dtype == torch.float32
    expected = np.random.RandomState(7).randn(1, 512).astype(np.float32)
    np.testing.assert_array_equal(z[1:].numpy(), expected)


def test_a_random_face_depends_on_seed_and_psi_only(generator):
    face = RandomFace(3, 0.5).prepare(generator).rows
    assert face.shape == (LAYERS, W_DIM)
    assert torch.equal(face, RandomFace(3, 0.5).prepare(generator).rows)
    assert not torch.equal(face, RandomFace(4, 0.5).prepare(generator).rows)
    torch.testing.assert_close(RandomFace(3, 1.0).prepare(generator).rows, 2 * face)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_out_of_range_are_refused(generator, seed):
    with pytest.raises(ValueError, match="needs a seed from 0"):
        RandomFace(seed).prepare(generator)


@pytest.mark.parametrize("psi", [3.0, float("nan")])
def test_psi_out_of_range_is_refused(generator, psi):
    with pytest.raises(ValueError, match="needs a truncation psi"):
        map_seeds([0], generator, psi)


def test_npz_round_trip_with_metadata(tmp_path, generator):
    w_plus = torch.randn(3, LAYERS, W_DIM)
    path = tmp_path / "faces.npz"
    save_latents(path, w_plus, {"labels": np.array(["a", "b", "c"]), "source": "test"})
    assert torch.equal(load_latents(path, generator), w_plus)
    with np.load(path, allow_pickle=False) as content:
        assert content["w"].dtype == np.float32
        assert content["labels"].tolist() == ["a", "b", "c"]
        assert str(content["source"]) == "test"
    again = tmp_path / "again.npz"
    save_latents(again, w_plus, {"labels": np.array(["a", "b", "c"]), "source": "test"})
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("suffix", [".npz", ".npy"])
@pytest.mark.parametrize("faces", [None, 1, 2])
def test_files_of_other_tools_are_read(tmp_path, generator, dtype, suffix, faces):
    shape = (LAYERS, W_DIM) if faces is None else (faces, LAYERS, W_DIM)
    array = np.random.default_rng(0).normal(size=shape).astype(dtype)
    path = tmp_path / f"face{suffix}"
    np.save(path, array) if suffix == ".npy" else np.savez(path, w=array)
    loaded = load_latents(path, generator)
    assert loaded.shape == (faces or 1, LAYERS, W_DIM)
    np.testing.assert_array_equal(loaded.numpy(), array.astype(np.float32).reshape(loaded.shape))


@pytest.mark.parametrize("old_layout", [False, True])
def test_latents_of_rosinalitys_projector_are_read(tmp_path, generator, old_layout):
    w_plus, w = torch.randn(2, LAYERS, W_DIM), torch.randn(2, W_DIM)
    for name, latents in (("rows", w_plus), ("one_w", w)):
        content = {
            f"{k}.png": {"img": torch.zeros(1, 3, 4, 4), "latent": latent, "noise": [latent]}
            for k, latent in enumerate(latents)
        }
        path = tmp_path / f"{name}.pt"
        torch.save(content, path, _use_new_zipfile_serialization=not old_layout)
    assert torch.equal(load_latents(tmp_path / "rows.pt", generator), w_plus)
    for row in load_latents(tmp_path / "one_w.pt", generator).unbind(dim=1):
        assert torch.equal(row, w)
    torch.save(w_plus, tmp_path / "plain.pt")
    assert torch.equal(load_latents(tmp_path / "plain.pt", generator), w_plus)


def test_a_pt_file_without_latents_is_named(tmp_path, generator):
    torch.save({"a": torch.zeros(2), "b": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match=r"other\.pt: needs tensors called 'latent'"):
        load_latents(tmp_path / "other.pt", generator)
    torch.save(np.float64, tmp_path / "evil.pt")
    with pytest.raises(ValueError, match=r"evil\.pt"):
        load_latents(tmp_path / "evil.pt", generator)


def test_a_saved_face_is_chosen_by_its_number(tmp_path, generator):
    w_plus = torch.randn(3, LAYERS, W_DIM)
    save_latents(tmp_path / "faces.npz", w_plus)
    assert torch.equal(SavedFace(str(tmp_path / "faces.npz"), 2).prepare(generator).rows, w_plus[2])
    with pytest.raises(ValueError, match="face number from 0 to 2; got 3"):
        SavedFace(str(tmp_path / "faces.npz"), 3).prepare(generator)


def nan_at(*index):
    array = np.zeros((2, LAYERS, W_DIM), np.float32)
    array[index] = np.nan
    return array


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"w": np.zeros((1, LAYERS + 2, W_DIM), np.float32)},
            r"\[faces, 6, 10\].*got \[1, 8, 10\]",
        ),
        ({"w": np.zeros((1, LAYERS, W_DIM - 1), np.float32)}, r"got \[1, 6, 9\]"),
        ({"w": np.zeros((0, LAYERS, W_DIM), np.float32)}, r"got \[0, 6, 10\]"),
        ({"w": np.zeros(W_DIM, np.float32)}, r"got \[10\]"),
        ({"w": nan_at(1, 2, 3)}, r"needs finite W\+; got NaN or infinity at .* \[1, 2, 3\]"),
        ({"w": nan_at(0, 0, 0) + np.inf}, "needs finite"),
        ({"w": np.zeros((1, LAYERS, W_DIM), int)}, "floating-point latents; got int64"),
        ({"w": np.array([{}], dtype=object)}, "pickled objects"),
        ({"v": np.zeros((1, LAYERS, W_DIM), np.float32)}, "needs an array called 'w'; got v"),
    ],
)
def test_latents_that_do_not_fit_are_named(tmp_path, generator, arrays, message):
    path = tmp_path / "bad.npz"
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=message) as caught:
        load_latents(path, generator)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"\x93NUMPY\x01\x00\x76\x00{"])
def test_broken_files_are_named(tmp_path, generator, suffix, content):
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"broken{suffix}"):
        load_latents(path, generator)


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.99])
def test_truncated_files_are_named(tmp_path, generator, keep):
    for path in (tmp_path / "cut.npz", tmp_path / "cut.npy"):
        array = np.zeros((9, LAYERS, W_DIM), np.float32)
        np.savez(path, w=array) if path.suffix == ".npz" else np.save(path, array)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
        with pytest.raises(ValueError, match="cut"):
            load_latents(path, generator)


def test_a_header_that_promises_more_than_the_file_holds_takes_no_memory(tmp_path, generator):
    path = tmp_path / "huge.npy"
    header = np.lib.format.magic(1, 0)
    text = str({"descr": "<f4", "fortran_order": False, "shape": (10**9, LAYERS, W_DIM)})
    text = text.ljust(117) + "\n"
    path.write_bytes(header + len(text).to_bytes(2, "little") + text.encode())
    with pytest.raises(ValueError, match=r"huge\.npy"):
        load_latents(path, generator)


def test_missing_files_and_other_suffixes_are_named(tmp_path, generator):
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        load_latents(tmp_path / "none.npz", generator)
    with pytest.raises(ValueError, match=r"face\.jpg: needs latents as"):
        load_latents(tmp_path / "face.jpg", generator)
    with pytest.raises(ValueError, match=r"ending in \.npz"):
        save_latents(tmp_path / "face.npy", torch.zeros(1, LAYERS, W_DIM))


def test_a_generator_without_parameters_is_on_the_cpu(generator):
    assert find_device(generator) == torch.device("cpu")


def test_a_networks_device_is_that_of_its_weights():
    class Network(torch.nn.Linear, LinearGenerator):
        pass

    assert find_device(Network(2, 2, device="meta")) == torch.device("meta")
