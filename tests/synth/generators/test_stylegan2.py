"""StyleGAN2 against published outputs, against the textbook formulation, and its own promises."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.textbook import synthesize_textbook
from synth.generators import load_discriminator, load_generator
from synth.generators.base import Generator
from synth.generators.discriminator import append_minibatch_deviation
from synth.generators.resampling import filter_axis, smooth_transposed
from synth.generators.stylegan2 import Discriminator, StyleGAN2, StyleGAN2Config

TOLERANCE = 1e-4
SMALL = StyleGAN2Config(
    resolution=32, z_dim=24, w_dim=16, mapping_layers=2, channel_base=256, channel_max=16
)


@pytest.fixture(scope="module")
def small() -> StyleGAN2:
    return make_random(SMALL)


def make_random(config: StyleGAN2Config) -> StyleGAN2:
    """A network in which noise, biases and the mean latent matter, unlike in a fresh one."""
    torch.manual_seed(1)
    generator = StyleGAN2(config)
    with torch.no_grad():
        for name, parameter in generator.named_parameters():
            if name.endswith(("noise_strength", "bias")):
                parameter.add_(torch.randn_like(parameter) * 0.3)
        generator.mapping.w_avg.normal_()
    return generator


def assert_close(found: torch.Tensor, expected: np.ndarray | torch.Tensor) -> None:
    torch.testing.assert_close(found, torch.as_tensor(expected), atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("file", ["stylegan2_torch.pkl", "stylegan2_tf.pkl"])
def test_outputs_are_those_of_the_published_code(shared_assets: Path, file: str) -> None:
    generator = load_generator(shared_assets / "reference" / file)
    expected = np.load(shared_assets / "reference" / "torch_expected.npz")
    z, w_plus = torch.from_numpy(expected["z"]), torch.from_numpy(expected["w_plus"])
    assert_close(generator.mapping(z), expected["ws"])
    truncated = generator.mapping(z, truncation_psi=0.7)
    assert_close(truncated, expected["ws_psi07"])
    assert_close(generator.synthesis(truncated), expected["image"])
    assert_close(generator.synthesis(truncated, noise_mode="none"), expected["image_no_noise"])
    assert_close(generator.synthesis(w_plus), expected["image_w_plus"])


def test_outputs_are_those_of_rosinalitys_code(shared_assets: Path) -> None:
    generator = load_generator(shared_assets / "reference" / "stylegan2_rosinality.pt")
    expected = np.load(shared_assets / "reference" / "rosinality_expected.npz")
    z = torch.from_numpy(expected["z"])
    truncated = generator.mapping(z, truncation_psi=0.7)
    for found, name in ((generator.mapping(z), "ws"), (truncated, "ws_psi07")):
        rows = expected[name]
        assert_close(found, rows if rows.ndim == 3 else rows[:, None].repeat(found.shape[1], 1))
    assert_close(generator.synthesis(truncated), expected["image"])


def test_logits_are_those_of_the_published_code(shared_assets: Path) -> None:
    discriminator = load_discriminator(shared_assets / "reference" / "stylegan2_torch.pkl")
    expected = np.load(shared_assets / "reference" / "torch_expected.npz")
    assert_close(discriminator(torch.from_numpy(expected["image"])), expected["d_logit"])


@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        replace(SMALL, resolution=4),
        replace(SMALL, channels=(5, 7, 3, 2)),
        replace(SMALL, resolution=64, w_dim=8, channel_max=12),
    ],
)
def test_shared_kernels_equal_a_kernel_for_each_sample(config: StyleGAN2Config) -> None:
    generator = make_random(config)
    w_plus = torch.randn(3, config.num_layers, config.w_dim)
    with torch.no_grad():
        expected = synthesize_textbook(generator.synthesis, w_plus)
        assert expected.shape == (3, 3, config.resolution, config.resolution)
        assert_close(generator.synthesis(w_plus) / expected.std(), expected / expected.std())


def test_it_is_a_generator(small: StyleGAN2) -> None:
    assert isinstance(small, Generator)
    assert (small.num_layers, small.w_dim, small.resolution) == (8, 16, 32)


def test_psi_zero_gives_the_mean_and_cutoff_leaves_later_rows(small: StyleGAN2) -> None:
    z = torch.randn(2, 24)
    full = small.mapping(z)
    mean = small.mapping.w_avg
    assert torch.equal(small.mapping(z, truncation_psi=0.0), mean.expand(2, 8, 16))
    halved = small.mapping(z, truncation_psi=0.5, truncation_cutoff=3)
    torch.testing.assert_close(halved[:, :3], (full[:, :3] + mean) / 2)
    assert torch.equal(halved[:, 3:], full[:, 3:])


def test_each_row_reaches_the_picture(small: StyleGAN2) -> None:
    w_plus = torch.randn(1, 8, 16)
    with torch.no_grad():
        image = small.synthesis(w_plus)
        for layer in range(8):
            changed = w_plus.clone()
            changed[:, layer] += 1
            assert (small.synthesis(changed) - image).abs().max() > 1e-3, layer


def test_noise_is_fixed_by_its_seed_whatever_the_batch(small: StyleGAN2) -> None:
    w_plus = torch.randn(3, 8, 16)
    with torch.no_grad():
        first = small.synthesis(w_plus, noise_mode="random", noise_seed=5)
        alone = small.synthesis(w_plus[2:], noise_mode="random", noise_seed=5)
        other = small.synthesis(w_plus, noise_mode="random", noise_seed=6)
        free = small.synthesis(w_plus[:1].repeat(2, 1, 1), noise_mode="random")
    torch.testing.assert_close(first[2:], alone)
    assert (first - other).abs().max() > 1e-2
    assert (free[0] - free[1]).abs().max() > 1e-2


def test_noise_modes_differ_only_by_noise(small: StyleGAN2) -> None:
    silent = make_random(SMALL)
    for name, parameter in silent.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.zero_()
    w_plus = torch.randn(1, 8, 16)
    with torch.no_grad():
        none = small.synthesis(w_plus, noise_mode="none")
        assert torch.equal(none, silent.synthesis(w_plus, noise_mode="const"))
        assert (none - small.synthesis(w_plus)).abs().max() > 1e-2


def test_stopping_early_gives_the_network_of_the_lower_resolution(small: StyleGAN2) -> None:
    lower = StyleGAN2(replace(SMALL, resolution=8, channel_base=256))
    kept = {k: v for k, v in small.state_dict().items() if k in lower.state_dict()}
    lower.load_state_dict(kept)
    w_plus = torch.randn(2, 8, 16)
    with torch.no_grad():
        early = small.synthesis(w_plus, resolution=8)
        torch.testing.assert_close(early, lower.synthesis(w_plus[:, :4]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gradients_are_finite_and_reach_every_parameter(dtype: torch.dtype) -> None:
    generator = make_random(SMALL)
    discriminator = Discriminator(SMALL)
    generator.dtype = discriminator.dtype = dtype
    images = generator.synthesis(generator.mapping(torch.randn(4, 24)))
    assert images.dtype == torch.float32
    torch.nn.functional.softplus(-discriminator(images)).mean().backward()
    for network in (generator, discriminator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name
            assert parameter.grad.abs().max() > 0, name


def test_gradient_by_finite_differences(small: StyleGAN2) -> None:
    network = make_random(replace(SMALL, resolution=8)).double().synthesis
    network.dtype = torch.float64
    w = torch.randn(1, 4, 16, dtype=torch.float64)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    block = network.block_at(8)
    x = torch.randn(1, 16, 4, 4, dtype=torch.float64, requires_grad=True)
    row = w[:, 1].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: block.conv0(a, b, None), (x, row))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_stays_near_and_finite(small: StyleGAN2, dtype: torch.dtype) -> None:
    extreme = make_random(SMALL)
    with torch.no_grad():
        w_plus = torch.randn(2, 8, 16)
        exact = extreme.synthesis(w_plus)
        extreme.dtype = dtype
        assert (extreme.synthesis(w_plus) - exact).std() < 0.02 * exact.std()
        # Styles and kernels far beyond what half precision holds cancel in demodulation.
        for size in SMALL.resolutions[1:]:
            extreme.synthesis.block_at(size).conv0.weight.mul_(1e4)
        near = extreme.synthesis(w_plus)
    assert torch.isfinite(near).all()
    assert (near - exact).std() < 0.02 * exact.std()


def test_classes_change_the_latent_and_the_logit() -> None:
    config = replace(SMALL, c_dim=3)
    generator, discriminator = make_random(config), Discriminator(config)
    z = torch.randn(1, 24).repeat(3, 1)
    rows = generator.mapping(z, torch.eye(3))
    assert (rows[0] - rows[1]).abs().max() > 1e-2
    torch.testing.assert_close(rows[1:2], generator.mapping(z[:1], torch.eye(3)[1:2]))
    images = torch.randn(1, 3, 32, 32)
    logits = [discriminator(images, weights[None]) for weights in torch.eye(3)]
    assert not torch.allclose(logits[0], logits[1])


def test_last_mapping_layer_can_be_linear() -> None:
    z = torch.randn(64, 24)
    curved = make_random(SMALL)
    straight = StyleGAN2(replace(SMALL, mapping_last_linear=True))
    straight.load_state_dict(curved.state_dict())
    expected = torch.nn.functional.leaky_relu(straight.mapping(z), 0.2) * math.sqrt(2)
    torch.testing.assert_close(curved.mapping(z), expected)


@pytest.mark.parametrize("batch", [1, 2, 4, 6, 7])
def test_minibatch_deviation_is_that_of_interleaved_groups(batch: int) -> None:
    x = torch.randn(batch, 2, 4, 4)
    found = append_minibatch_deviation(x)
    size = max(n for n in (1, 2, 3, 4) if batch % n == 0)
    assert torch.equal(found[:, :2], x)
    for sample in range(batch):
        group = x[sample % (batch // size) :: batch // size].numpy()
        expected = np.sqrt(group.var(0) + 1e-8).mean()
        assert found[sample, 2].numpy() == pytest.approx(np.full((4, 4), expected), abs=1e-5)


def test_config_survives_json() -> None:
    for config in (StyleGAN2Config(), replace(SMALL, channels=(8, 4, 2, 1), c_dim=2)):
        assert StyleGAN2Config.from_json(config.to_json()) == config
    assert StyleGAN2Config().num_layers == 18
    assert [StyleGAN2Config().channels_at(r) for r in (4, 64, 128, 1024)] == [512, 512, 256, 32]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "JSON"),
        ("[]", "JSON object"),
        ('{"layers": 3}', "entries among"),
        ('{"resolution": 100}', "power of two"),
        ('{"resolution": 64, "channel_base": 32}', "at least one channel"),
        ('{"z_dim": 0}', "z_dim"),
        ('{"resolution": 8, "channels": [3]}', "channels for each"),
    ],
)
def test_configs_of_no_network_are_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        StyleGAN2Config.from_json(text)


def test_wrong_inputs_are_named(small: StyleGAN2) -> None:
    with pytest.raises(ValueError, match=r"batch, 8, 16"):
        small.synthesis(torch.randn(1, 18, 16))
    with pytest.raises(ValueError, match="24"):
        small.mapping(torch.randn(1, 25))
    with pytest.raises(ValueError, match="resolution among"):
        small.synthesis(torch.randn(1, 8, 16), resolution=24)
    with pytest.raises(ValueError, match="resolution"):
        Discriminator(SMALL)(torch.randn(1, 3, 16, 16))
    with pytest.raises(ValueError, match="dtype"):
        small.dtype = torch.int8


@pytest.mark.parametrize("size", [3, 5, 6])
def test_low_pass_and_its_gradient_are_those_of_shifted_slices(size):
    torch.manual_seed(0)
    x = torch.randn(2, 5, size, size, dtype=torch.float64, requires_grad=True)
    padded = torch.nn.functional.pad(x, (1, 1, 1, 1))
    slices = filter_axis(filter_axis(padded, 2, gain=2.0), 3, gain=2.0)
    found = smooth_transposed(x)
    assert torch.allclose(found, slices, atol=1e-12)
    weights = torch.randn_like(slices)
    (want,) = torch.autograd.grad((slices * weights).sum(), x)
    (got,) = torch.autograd.grad((found * weights).sum(), x)
    assert torch.allclose(got, want, atol=1e-12)
    assert torch.autograd.gradgradcheck(smooth_transposed, (x,))
