"""Fast ways give the same pictures; what cannot be had is told and replaced."""

import warnings

import pytest
import torch

from synth.generators import acceleration
from synth.generators.acceleration import accelerate, choose_dtype
from synth.generators.base import Generator
from synth.generators.inference import AccelerationWarning
from synth.generators.stylegan2 import StyleGAN2


def test_an_accelerated_generator_is_a_generator(generator: StyleGAN2) -> None:
    fast = accelerate(generator, "fp32", "off")
    assert isinstance(fast, Generator)
    assert (fast.name, fast.sha256, fast.num_layers, fast.resolution) == ("small", "abc", 6, 16)
    z = torch.randn(2, 8)
    assert torch.equal(fast.mapping(z, truncation_psi=0.5), generator.mapping(z, None, 0.5))


def test_inference_mode_of_the_caller_does_not_matter(generator: StyleGAN2) -> None:
    w_plus = torch.randn(1, 6, 8)
    with torch.inference_mode():
        fast = accelerate(generator, "fp32", "off")
        inside = fast.synthesis(w_plus * 1)
    outside = fast.synthesis(w_plus)
    assert torch.equal(inside, outside)
    assert not outside.is_inference()


def test_precision_follows_the_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert choose_dtype("auto", gpu) == torch.float16
    assert choose_dtype("bf16", gpu) == torch.bfloat16
    monkeypatch.setattr(acceleration, "has_fast_bfloat16", lambda: True)
    assert choose_dtype("auto", cpu) == choose_dtype("bf16", cpu) == torch.bfloat16
    monkeypatch.setattr(acceleration, "has_fast_bfloat16", lambda: False)
    assert choose_dtype("auto", cpu) == torch.float32
    for wish in ("bf16", "fp16"):
        with pytest.warns(AccelerationWarning, match=wish):
            assert choose_dtype(wish, cpu) == torch.float32


@pytest.mark.parametrize(("wish", "count"), [("bf16", 1), ("fp16", 1), ("fp32", 0), ("auto", 0)])
def test_a_processor_without_half_precision_says_so_once(
    generator: StyleGAN2, monkeypatch: pytest.MonkeyPatch, wish: str, count: int
) -> None:
    monkeypatch.setattr(acceleration, "has_fast_bfloat16", lambda: False)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        fast = accelerate(generator, wish, "off", "cpu")
        for _ in range(2):
            found = fast.synthesis(torch.ones(1, 6, 8))
    messages = [str(entry.message) for entry in told]
    assert messages == count * [
        f"precision {wish} gives way to fp32: this processor does not multiply it natively"
    ]
    torch.testing.assert_close(
        found, generator.synthesis(torch.ones(1, 6, 8)), atol=1e-5, rtol=1e-5
    )


def test_unknown_wishes_are_refused(generator: StyleGAN2) -> None:
    with pytest.raises(ValueError, match="precision"):
        accelerate(generator, "int8")
    with pytest.raises(ValueError, match="compile"):
        accelerate(generator, compile="yes")


def test_another_generator_is_used_as_it_is() -> None:
    other = torch.nn.Identity()
    for name in ("z_dim", "w_dim", "num_layers", "resolution", "name", "sha256"):
        setattr(other, name, 1)
    other.mapping = other.synthesis = lambda *arguments: None
    with pytest.warns(AccelerationWarning, match="Identity"):
        assert accelerate(other) is other


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_gives_the_same_pictures(generator: StyleGAN2) -> None:
    w_plus = torch.randn(2, 6, 8)
    exact = generator.synthesis(w_plus, noise_mode="random", noise_seed=3)
    for compile in ("off", "on"):
        fast = accelerate(generator, "auto", compile, device="cuda")
        found = fast.synthesis(w_plus.cuda(), noise_mode="random", noise_seed=3).cpu()
        assert (found - exact).abs().max() < 0.02 * exact.abs().max()
