"""Fast ways give the same pictures; what cannot be had is told and replaced."""

import os
import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from synth.generators import acceleration, bundled, prepared
from synth.generators.acceleration import (
    AccelerationWarning,
    accelerate,
    choose_dtype,
    is_worth_compiling,
)
from synth.generators.base import Generator
from synth.generators.memory import reuse_freed_memory
from synth.generators.prepared import PreparedSynthesis
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.generators.winograd import WinogradConvolution, choose_winograd_tile

CONFIG = StyleGAN2Config(
    resolution=16, z_dim=8, w_dim=8, mapping_layers=1, channel_base=256, channel_max=32
)


@pytest.fixture(scope="module")
def generator() -> StyleGAN2:
    torch.manual_seed(2)
    generator = StyleGAN2(CONFIG, name="small", sha256="abc")
    for name, parameter in generator.named_parameters():
        if name.endswith(("noise_strength", "bias")):
            parameter.data.add_(torch.randn_like(parameter) * 0.3)
    return generator.requires_grad_(False)


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
    monkeypatch.setattr(prepared, "FOLDED_FROM", folded_from)
    fast = acceleration.AcceleratedStyleGAN2(generator, dtype, False, torch.device("cpu"))
    w_plus = torch.randn(3, 6, 8)
    exact = generator.synthesis(w_plus, noise_mode=mode, noise_seed=4)
    found = fast.synthesis(w_plus, noise_mode=mode, noise_seed=4)
    assert found.dtype == torch.float32
    assert (found - exact).abs().max() < tolerance * exact.abs().max()


def test_clamped_networks_stay_so() -> None:
    config = replace(CONFIG, conv_clamp=0.25)
    clamped = StyleGAN2(config).requires_grad_(False)
    w_plus = torch.randn(2, 6, 8)
    exact = clamped.synthesis(w_plus, resolution=4)
    assert exact.abs().max() == 0.25
    free = StyleGAN2(CONFIG).requires_grad_(False)
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
    generator = StyleGAN2(replace(CONFIG, channels=(16, 16, 256))).requires_grad_(False)
    fast = acceleration.AcceleratedStyleGAN2(generator, dtype, False, torch.device("cpu"))
    if choose_winograd_tile(256, 16, dtype) is not None:
        assert any(isinstance(module, WinogradConvolution) for module in fast.modules())
    w_plus = torch.randn(2, 6, 8)
    exact = generator.synthesis(w_plus)
    assert (fast.synthesis(w_plus) - exact).abs().max() < tolerance * exact.abs().max()


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


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
def test_compiled_pictures_are_the_networks(tmp_path: Path) -> None:
    """In a process of its own, since code whose shapes are checked cannot be compiled."""
    script = """
import torch, warnings
from synth.generators.acceleration import AccelerationWarning, accelerate, keep_compiled_code
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
    monkeypatch.setattr(acceleration, "find_compiler_obstacle", lambda device: None)
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


def test_short_jobs_are_not_compiled() -> None:
    large = StyleGAN2Config()
    assert not is_worth_compiling(large, 1)
    assert is_worth_compiling(large, 1000)
    assert not is_worth_compiling(large, None)
    assert not is_worth_compiling(CONFIG, 1000)


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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_freed_memory_is_kept() -> None:
    if not reuse_freed_memory():
        pytest.skip("the C library is not glibc")
    resource = pytest.importorskip("resource")
    for _ in range(2):
        torch.ones(2**24)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(2**24)
    # 64 MB are 16384 pages.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 1000


def test_prepared_networks_share_nothing_with_the_original(generator: StyleGAN2) -> None:
    network = PreparedSynthesis(generator.synthesis, torch.float32)
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    for tensor in network.buffers():
        tensor.zero_()
    for name, tensor in generator.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_networks_without_noise_add_none() -> None:
    quiet = StyleGAN2(CONFIG).requires_grad_(False)
    fast = acceleration.AcceleratedStyleGAN2(quiet, torch.float32, False, torch.device("cpu"))
    assert fast._make_noise("const", None, 2) == [None] * 5
    rows = torch.randn(2, 6, 8)
    torch.testing.assert_close(fast.synthesis(rows), quiet.synthesis(rows), atol=1e-5, rtol=0)


def test_missing_bundled_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "BUNDLED_WEIGHTS", tmp_path / "none.safetensors")
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors"):
        bundled.load_bundled_generator()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_gives_the_same_pictures(generator: StyleGAN2) -> None:
    w_plus = torch.randn(2, 6, 8)
    exact = generator.synthesis(w_plus, noise_mode="random", noise_seed=3)
    for compile in ("off", "on"):
        fast = accelerate(generator, "auto", compile, device="cuda")
        found = fast.synthesis(w_plus.cuda(), noise_mode="random", noise_seed=3).cpu()
        assert (found - exact).abs().max() < 0.02 * exact.abs().max()


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
    monkeypatch.setattr(acceleration, "find_compiler_obstacle", lambda device: None)
    fast = accelerate(generator, "fp32", "on")
    with warnings.catch_warnings(), pytest.raises(type(error)):
        warnings.simplefilter("error")
        fast.synthesis(torch.randn(1, 6, 8))
    assert fast.compiled


def test_only_a_cpu_needs_a_compiler_of_cpp(monkeypatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "no-such-compiler" in (acceleration.find_compiler_obstacle(torch.device("cpu")) or "")
    assert acceleration.find_compiler_obstacle(torch.device("cuda")) is None
