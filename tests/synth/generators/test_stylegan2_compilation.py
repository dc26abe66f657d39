"""Compiled networks draw the same pictures; where that cannot be, it is told and done without."""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from stylegan2_samples import SMALL_CONFIG

from synth.generators import accelerated_stylegan2
from synth.generators.acceleration import accelerate
from synth.generators.compilation import find_compiler_obstacle, is_worth_compiling
from synth.generators.inference import AccelerationWarning
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
def test_compiled_pictures_are_the_networks(tmp_path: Path) -> None:
    """In a process of its own, since code whose shapes are checked cannot be compiled."""
    script = """
import torch, warnings
from synth.generators.acceleration import accelerate
from synth.generators.compilation import keep_compiled_code
from synth.generators.inference import AccelerationWarning
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
keep_compiled_code()
warnings.simplefilter("error", AccelerationWarning)
config = StyleGAN2Config(
    resolution=8, z_dim=8, w_dim=8, mapping_layers=1, channel_base=64, channel_max=8
)
generator = StyleGAN2(config).requires_grad_(False)
for name, parameter in generator.named_parameters():
    if name.endswith(("noise_strength", "bias")):
        parameter.data.add_(torch.randn_like(parameter) * 0.3)
fast = accelerate(generator, "fp32", "on")
w_plus = torch.randn(5, 4, 8)
# The first call fixes the batch; five rows then take three runs, the last one filled up.
for rows in (w_plus[:2], w_plus):
    found, exact = fast.synthesis(rows), generator.synthesis(rows)
    torch.testing.assert_close(found, exact, atol=1e-4, rtol=0)
found = fast.synthesis(w_plus, noise_mode="random", noise_seed=1)
exact = generator.synthesis(w_plus, noise_mode="random", noise_seed=1)
torch.testing.assert_close(found, exact, atol=1e-4, rtol=0)
assert fast.compiled
"""
    repository = Path(__file__).parents[3]
    environment = {**os.environ, "MOODREEL_CACHE": str(tmp_path), "PYTHONPATH": str(repository)}
    environment.pop("TORCHINDUCTOR_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert any((tmp_path / "compiled").rglob("*.so"))


def test_a_failing_compiler_is_told_and_does_without(
    generator: StyleGAN2, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **options: object) -> torch.Tensor:
        raise RuntimeError("no room for compiled code")

    monkeypatch.setattr(torch, "compile", lambda module, **options: fail)
    monkeypatch.setattr(accelerated_stylegan2, "find_compiler_obstacle", lambda device: None)
    fast = accelerate(generator, "fp32", "on")
    w_plus = torch.randn(1, 6, 8)
    with pytest.warns(AccelerationWarning, match="no room for compiled code"):
        image = fast.synthesis(w_plus)
    torch.testing.assert_close(image, generator.synthesis(w_plus), atol=1e-4, rtol=0)
    assert not fast.compiled


@pytest.mark.skipif(sys.platform == "win32", reason="uses CXX")
def test_a_missing_compiler_is_told(generator: StyleGAN2, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.warns(AccelerationWarning, match="no-such-compiler"):
        fast = accelerate(generator, "fp32", "on")
    assert not fast.compiled


def test_short_jobs_are_not_compiled() -> None:
    large = StyleGAN2Config()
    assert not is_worth_compiling(large, 1)
    assert is_worth_compiling(large, 1000)
    assert not is_worth_compiling(large, None)
    assert not is_worth_compiling(SMALL_CONFIG, 1000)


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_no_memory_is_no_matter_of_compiling(generator, monkeypatch, error) -> None:
    def fail(*arguments):
        raise error

    monkeypatch.setattr(torch, "compile", lambda module, **options: fail)
    monkeypatch.setattr(accelerated_stylegan2, "find_compiler_obstacle", lambda device: None)
    fast = accelerate(generator, "fp32", "on")
    with warnings.catch_warnings(), pytest.raises(type(error)):
        warnings.simplefilter("error")
        fast.synthesis(torch.randn(1, 6, 8))
    assert fast.compiled


def test_only_a_cpu_needs_a_compiler_of_cpp(monkeypatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "no-such-compiler" in (find_compiler_obstacle(torch.device("cpu")) or "")
    assert find_compiler_obstacle(torch.device("cuda")) is None
