import pickle
import subprocess
import sys
from dataclasses import replace

import checkpoint_samples as samples
import numpy as np
import pytest
import torch

from synth.checkpoints import CheckpointError, read_tensors
from synth.generators import (
    load_discriminator,
    load_generator,
    load_native,
    load_with_card,
    save_generator,
)
from synth.generators.stylegan2 import StyleGAN2Config

PARITY = 1e-4


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))


def write_legacy_torch(path, value):
    torch.save(value, path, _use_new_zipfile_serialization=False)
    return path


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_nvidia_torch_pickles_of_every_protocol(tmp_path, protocol):
    generator, discriminator = samples.make_generator(), samples.make_discriminator()
    path = tmp_path / "network.pkl"
    samples.write_pickle(path, samples.nvidia_torch(generator, discriminator), protocol)
    loaded = load_generator(path)
    assert loaded.config == replace(samples.SMALL, conv_clamp=samples.CLAMP)
    samples.assert_same_weights(loaded, generator)
    samples.assert_same_weights(load_discriminator(path), discriminator)
    assert load_discriminator(path).config.conv_clamp == samples.CLAMP
    assert loaded.name == "network" and len(loaded.sha256) == 64
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_tensorflow_pickles(tmp_path, protocol):
    generator, discriminator = samples.make_generator(), samples.make_discriminator()
    path = samples.write_pickle(
        tmp_path / "network.pkl", samples.tensorflow(generator, discriminator), protocol
    )
    loaded = load_generator(path)
    assert loaded.config == samples.SMALL
    samples.assert_same_weights(loaded, generator)
    samples.assert_same_weights(load_discriminator(path), discriminator)


@torch.no_grad()
def test_clamped_networks_are_clamped(tmp_path):
    # Biases so large that what the layers give lies far beyond the bound.
    bounded = replace(samples.SMALL, conv_clamp=samples.CLAMP)
    generator, discriminator = samples.make_generator(bounded), samples.make_discriminator(bounded)
    for network in (generator, discriminator):
        for name, tensor in network.named_parameters():
            if name.endswith("bias") and "mapping" not in name:
                tensor.mul_(1e4)
    path = samples.write_pickle(
        tmp_path / "network.pkl", samples.nvidia_torch(generator, discriminator)
    )
    w_plus = torch.randn(2, generator.num_layers, generator.w_dim)
    image = load_generator(path).synthesis(w_plus)
    assert torch.equal(image, generator.synthesis(w_plus))
    logits = load_discriminator(path)(image)
    assert torch.equal(logits, discriminator(image))
    free = samples.make_generator()
    free.load_state_dict(generator.state_dict())
    assert not torch.allclose(free.synthesis(w_plus), image)
    free = samples.make_discriminator()
    free.load_state_dict(discriminator.state_dict())
    assert not torch.allclose(free(image), logits)


@pytest.mark.parametrize(("clamp", "judge_clamp"), [(256, 256), (np.float64(64), None), (None, 8)])
def test_each_tensorflow_network_has_its_own_clamp(tmp_path, clamp, judge_clamp):
    networks = samples.tensorflow(None, samples.make_discriminator(), clamp, judge_clamp)
    path = samples.write_pickle(tmp_path / "network.pkl", networks)
    assert load_generator(path).config.conv_clamp == clamp
    assert load_discriminator(path).config.conv_clamp == judge_clamp


@pytest.mark.parametrize("clamp", [0, -1, float("nan"), float("inf"), True, "256", [256], 10**70])
def test_clamps_that_are_no_bound_are_refused(tmp_path, clamp):
    path = samples.write_pickle(tmp_path / "network.pkl", samples.tensorflow(clamp=clamp))
    with pytest.raises(CheckpointError, match=r"network\.pkl: needs a conv_clamp above 0"):
        load_generator(path)


def test_layers_that_disagree_on_the_clamp_are_refused(tmp_path):
    module = samples.nvidia_module(
        samples.make_generator().state_dict(), "Generator", conv_clamp=samples.CLAMP / 2
    )
    path = samples.write_pickle(tmp_path / "network.pkl", {"G_ema": module, "D": None})
    with pytest.raises(CheckpointError, match="needs one conv_clamp in G_ema; got several"):
        load_generator(path)


@pytest.mark.parametrize("write", [samples.write_zip_torch, write_legacy_torch])
def test_rosinality_converted_and_training_checkpoints(tmp_path, write):
    generator, discriminator = samples.make_generator(), samples.make_discriminator()
    path = write(tmp_path / "network.pt", samples.rosinality(generator))
    samples.assert_same_weights(load_generator(path), generator)
    with pytest.raises(CheckpointError, match=r"network\.pt: needs a discriminator"):
        load_discriminator(path)
    path = write(tmp_path / "training.pt", samples.rosinality(generator, discriminator))
    loaded = load_with_card(path)
    assert "estimated" in loaded.card["notes"]
    generator.mapping.w_avg.copy_(loaded.generator.mapping.w_avg)
    samples.assert_same_weights(loaded.generator, generator)
    samples.assert_same_weights(load_discriminator(path), discriminator)


def test_estimated_mean_latent_is_the_mean_of_the_mapping(tmp_path):
    generator = samples.make_generator()
    checkpoint = samples.rosinality(generator)
    del checkpoint["latent_avg"]
    loaded = load_generator(samples.write_zip_torch(tmp_path / "network.pt", checkpoint))
    z = torch.randn(20_000, generator.z_dim, generator=torch.Generator().manual_seed(7))
    w = generator.mapping(z)[:, 0]
    error = (loaded.mapping.w_avg - w.mean(0)).abs() / w.std(0)
    assert error.max() < 0.06


def test_channels_that_no_rule_describes(tmp_path):
    config = StyleGAN2Config(
        resolution=16, z_dim=12, w_dim=10, mapping_layers=2, channels=(8, 12, 4)
    )
    generator = samples.make_generator(config)
    path = samples.write_zip_torch(tmp_path / "narrow.pt", samples.rosinality(generator))
    loaded = load_generator(path)
    assert [loaded.config.channels_at(r) for r in (4, 8, 16)] == [8, 12, 4]
    samples.assert_same_weights(loaded, generator)


def test_classes_are_read_off_the_embedding(tmp_path):
    config = StyleGAN2Config(
        resolution=8, z_dim=12, w_dim=10, c_dim=3, mapping_layers=2, channel_base=64, channel_max=8
    )
    generator = samples.make_generator(config)
    path = samples.write_pickle(tmp_path / "classes.pkl", samples.nvidia_torch(generator))
    loaded = load_generator(path)
    assert (loaded.config.c_dim, loaded.config.z_dim) == (3, 12)
    samples.assert_same_weights(loaded, generator)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_storages_of_other_precision(tmp_path, dtype):
    generator = samples.make_generator()
    checkpoint = samples.rosinality(generator)
    checkpoint["g_ema"] = {name: t.to(dtype) for name, t in checkpoint["g_ema"].items()}
    loaded = load_generator(samples.write_zip_torch(tmp_path / "network.pt", checkpoint))
    for name, tensor in generator.state_dict().items():
        if name != "mapping.w_avg":
            assert torch.equal(loaded.state_dict()[name], tensor.to(dtype).float()), name


def test_tensors_of_any_dense_layout_are_read_right(tmp_path):
    base = torch.arange(120.0).reshape(2, 3, 4, 5)
    tensors = {
        "plain": base,
        "channels last": base.contiguous(memory_format=torch.channels_last),
        "transposed": base.permute(3, 0, 2, 1),
        "row": base[1],
        "empty": torch.zeros(0, 3),
        "scalar": torch.tensor(7),
        "flags": torch.tensor([True, False]),
    }
    for write in (samples.write_zip_torch, write_legacy_torch):
        found = read_tensors(write(tmp_path / "tensors.pt", tensors))
        for name, tensor in tensors.items():
            assert np.array_equal(found[name], tensor.numpy()), name


def test_latents_of_rosinalitys_projector(tmp_path):
    latent = torch.randn(18, 512)
    path = tmp_path / "photo.pt"
    torch.save({"photo.png": {"latent": latent, "noise": [torch.randn(1, 1, 4, 4)]}}, path)
    found = read_tensors(path)
    assert sorted(found) == ["photo.png/latent", "photo.png/noise/0"]
    assert np.array_equal(found["photo.png/latent"], latent.numpy())


def test_native_round_trip_and_half_precision(tmp_path):
    generator, discriminator = samples.make_generator(), samples.make_discriminator()
    path = tmp_path / "own.safetensors"
    save_generator(path, generator, "own faces", {"licence": "MIT"}, discriminator)
    loaded = load_native(path)
    assert loaded.name == "own faces" and loaded.card["licence"] == "MIT"
    samples.assert_same_weights(loaded.generator, generator)
    samples.assert_same_weights(load_discriminator(path), discriminator)
    save_generator(path, generator, "own faces", {}, dtype=torch.float16)
    halved = load_generator(path).state_dict()
    for name, tensor in generator.state_dict().items():
        assert torch.equal(halved[name], tensor.half().float()), name
    with pytest.raises(ValueError, match="config"):
        save_generator(path, generator, "own faces", {"config": "{}"})


def test_conversion_does_not_import_torch():
    code = "import sys, synth.checkpoints.child; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def largest_error(found, expected):
    return float((found - torch.from_numpy(expected)).abs().max())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("stylegan2_torch.pkl", "torch"),
        ("stylegan2_tf.pkl", "torch"),
        ("stylegan2_rosinality.pt", "rosinality"),
    ],
)
@torch.no_grad()
def test_parity_with_other_implementations(shared_assets, source, expected):
    path = shared_assets / "reference" / source
    arrays = np.load(shared_assets / "reference" / f"{expected}_expected.npz")
    generator = load_generator(path)
    truncated = generator.mapping(torch.from_numpy(arrays["z"]), truncation_psi=0.7)
    found = {
        "ws": generator.mapping(torch.from_numpy(arrays["z"])),
        "ws_psi07": truncated,
        "image": generator.synthesis(truncated),
    }
    if "w_plus" in arrays:
        found["image_no_noise"] = generator.synthesis(truncated, noise_mode="none")
        found["image_w_plus"] = generator.synthesis(torch.from_numpy(arrays["w_plus"]))
    if source == "stylegan2_torch.pkl":
        image = torch.from_numpy(arrays["image"])
        found["d_logit"] = load_discriminator(path)(image)
    errors = {name: largest_error(tensor, arrays[name]) for name, tensor in found.items()}
    print(source, {name: f"{error:.1e}" for name, error in errors.items()})
    assert max(errors.values()) < PARITY, errors


def test_samples_are_what_standard_tools_write():
    # The builders must write real pickles: Python's own reader takes those that name nothing odd.
    assert pickle.loads(samples.dump({"a": [1, (2.5, "x")]}, 4)) == {"a": [1, (2.5, "x")]}
