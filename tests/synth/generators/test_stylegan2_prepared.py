"""Laid out for inference, a network draws the same pictures."""

from dataclasses import replace

import pytest
import torch
from stylegan2_samples import SMALL_CONFIG

from synth.generators import accelerated_stylegan2
from synth.generators.accelerated_stylegan2 import AcceleratedStyleGAN2
from synth.generators.acceleration import accelerate
from synth.generators.inference import InferenceWish
from synth.generators.prepared import PreparedSynthesis
from synth.generators.stylegan2 import StyleGAN2
from synth.generators.winograd import WinogradConvolution, choose_winograd_tile


def lay_out(generator: StyleGAN2, dtype: torch.dtype) -> AcceleratedStyleGAN2:
    wish = InferenceWish(dtype, "off", torch.device("cpu"), None)
    return AcceleratedStyleGAN2(generator, wish, False)


@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [(torch.float32, 1e-5), (torch.bfloat16, 0.03), (torch.float16, 0.003)],
)
@pytest.mark.parametrize("mode", ["const", "none", "random"])
@pytest.mark.parametrize("folded_from", [4, 8, 32])
def test_prepared_pictures_are_the_networks(
    generator: StyleGAN2,
    monkeypatch: pytest.MonkeyPatch,
    dtype: torch.dtype,
    tolerance: float,
    mode: str,
    folded_from: int,
) -> None:
    """Whether the last layers take one sample at a time or not; all of them from 4."""
    monkeypatch.setattr(accelerated_stylegan2, "FOLDED_FROM", folded_from)
    fast = lay_out(generator, dtype)
    w_plus = torch.randn(3, 6, 8)
    exact = generator.synthesis(w_plus, noise_mode=mode, noise_seed=4)
    found = fast.synthesis(w_plus, noise_mode=mode, noise_seed=4)
    assert found.dtype == torch.float32
    assert (found - exact).abs().max() < tolerance * exact.abs().max()


def test_clamped_networks_stay_so() -> None:
    config = replace(SMALL_CONFIG, conv_clamp=0.25)
    clamped = StyleGAN2(config).requires_grad_(False)
    w_plus = torch.randn(2, 6, 8)
    exact = clamped.synthesis(w_plus, resolution=4)
    assert exact.abs().max() == 0.25
    free = StyleGAN2(SMALL_CONFIG).requires_grad_(False)
    free.load_state_dict(clamped.state_dict())
    exact = clamped.synthesis(w_plus)
    assert (exact - free.synthesis(w_plus)).abs().max() > 0.1
    fast = accelerate(clamped, "fp32", "off")
    torch.testing.assert_close(fast.synthesis(w_plus), exact, atol=1e-5, rtol=0)


@pytest.mark.parametrize("tile", [2, 4])
def test_winograd_equals_direct_convolution(tile: int) -> None:
    kernel = torch.randn(5, 7, 3, 3, dtype=torch.float64)
    convolution = WinogradConvolution(kernel, tile, torch.float64)
    x = torch.randn(2, 7, 12, 12, dtype=torch.float64)
    expected = torch.nn.functional.conv2d(x, kernel, padding=1)
    torch.testing.assert_close(convolution(x), expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-5), (torch.bfloat16, 0.06)])
def test_wide_networks_give_the_same_pictures(dtype: torch.dtype, tolerance: float) -> None:
    """Wide enough for Winograd's way in both types."""
    generator = StyleGAN2(replace(SMALL_CONFIG, channels=(16, 16, 256))).requires_grad_(False)
    fast = lay_out(generator, dtype)
    if choose_winograd_tile(256, 16, dtype) is not None:
        assert any(isinstance(module, WinogradConvolution) for module in fast.modules())
    w_plus = torch.randn(2, 6, 8)
    exact = generator.synthesis(w_plus)
    assert (fast.synthesis(w_plus) - exact).abs().max() < tolerance * exact.abs().max()


def test_live_pictures_are_the_same() -> None:
    """One by one, layers are laid out for one sample from an earlier one on."""
    config = replace(SMALL_CONFIG, resolution=64, channels=(8, 8, 8, 8, 8))
    generator = StyleGAN2(config).requires_grad_(False)
    live = accelerate(generator, "fp32", "off", one_by_one=True)
    usual = accelerate(generator, "fp32", "off")
    assert live.prepared.first_single < usual.prepared.first_single
    w_plus = torch.randn(2, config.num_layers, 8)
    exact = generator.synthesis(w_plus)
    for fast in (live, usual):
        torch.testing.assert_close(fast.synthesis(w_plus), exact, atol=1e-5, rtol=0)


def test_prepared_networks_share_nothing_with_the_original(generator: StyleGAN2) -> None:
    network = PreparedSynthesis(generator.synthesis, torch.float32)
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    for tensor in network.buffers():
        tensor.zero_()
    for name, tensor in generator.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_networks_without_noise_add_none() -> None:
    quiet = StyleGAN2(SMALL_CONFIG).requires_grad_(False)
    fast = lay_out(quiet, torch.float32)
    assert fast._make_noise("const", None, 2) == [None] * 5
    rows = torch.randn(2, 6, 8)
    torch.testing.assert_close(fast.synthesis(rows), quiet.synthesis(rows), atol=1e-5, rtol=0)
