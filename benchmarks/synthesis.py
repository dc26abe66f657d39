"""How fast W+ becomes a picture on this machine: textbook StyleGAN2 against ours, in one table.

    python -m benchmarks.synthesis                     # config F at 1024x1024, and the bundled size
    python -m benchmarks.synthesis --size bundled --repeats 20

Every way runs in a process of its own, one after another, with an empty folder for compiled code;
each compiled way runs twice, to show what a later run saves. The ways take turns for `--rounds`
rounds and the fastest picture counts, since other work on the machine only ever adds time. Where
that work does not cease, OMP_NUM_THREADS=1 and the processor's seconds tell more than the clock's.
Networks have random weights. PSNR is that of pictures scaled to a standard deviation of 0.5 in a
range of 2, against the textbook's. The limit is the time of all convolutions
at the rate of a large one (512 channels, 64x64), measured in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.textbook import synthesize_textbook
from synth.generators import load_bundled_generator
from synth.generators.acceleration import accelerate
from synth.generators.memory import reuse_freed_memory
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config

#: Precision, compilation and pictures computed at once.
WAYS = {
    "textbook": ("fp32", "off", 1),
    "ours fp32": ("fp32", "off", 1),
    "ours fp32 compiled": ("fp32", "on", 1),
    "ours bf16": ("bf16", "off", 1),
    "ours bf16 compiled": ("bf16", "on", 1),
    "ours bf16 compiled, 2 at once": ("bf16", "on", 2),
}


@dataclass(frozen=True)
class Measurement:
    """What one process found: seconds a picture, by the clock and of all processors, seconds to the
    first one, peak bytes."""

    best_s: float
    processor_s: float
    median_s: float
    first_s: float
    peak_bytes: int


def make_generator(size: str) -> StyleGAN2:
    """A network with random weights: config F, or one of the bundled generator's size."""
    torch.manual_seed(0)
    config = StyleGAN2Config() if size == "config-f" else load_bundled_generator().config
    generator = StyleGAN2(config)
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(0.1)
    return generator.eval().requires_grad_(False)


def read_peak_bytes() -> int:
    """The largest size of this process in memory so far."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise OSError("needs Linux's /proc/self/status with VmHWM to measure memory")


def measure_way(size: str, way: str, repeats: int, image_path: Path | None) -> Measurement:
    """Time one way in this process; keeps the first picture at `image_path`."""
    generator = make_generator(size)
    precision, compile, batch = WAYS[way]
    with torch.inference_mode():
        w_plus = generator.mapping(torch.randn(1, generator.z_dim)).repeat(batch, 1, 1)
        start = time.perf_counter()
        if way == "textbook":
            image = synthesize_textbook(generator.synthesis, w_plus)
        else:
            fast = accelerate(generator, precision, compile)
            image = fast.synthesis(w_plus)
        first_s = time.perf_counter() - start
        times, processor_s = [], []
        for _ in range(repeats):
            start, began_s = time.perf_counter(), time.process_time()
            if way == "textbook":
                synthesize_textbook(generator.synthesis, w_plus)
            else:
                fast.synthesis(w_plus)
            times.append((time.perf_counter() - start) / batch)
            processor_s.append((time.process_time() - began_s) / batch)
    if image_path is not None:
        torch.save(image[:1].clone(), image_path)
    median_s = sorted(times)[len(times) // 2]
    return Measurement(min(times), min(processor_s), median_s, first_s, read_peak_bytes())


def measure_convolution_rate(dtype: torch.dtype, repeats: int = 10) -> float:
    """Floating-point operations a second of a 3x3 convolution, 512 channels, 64x64."""
    reuse_freed_memory()
    layout = torch.channels_last
    x = torch.randn(1, 512, 64, 64).to(dtype=dtype, memory_format=layout)
    kernel = torch.randn(512, 512, 3, 3).to(dtype=dtype, memory_format=layout)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        torch.nn.functional.conv2d(x, kernel, padding=1)
        best = min(best, time.perf_counter() - start)
    return 2 * 9 * 512 * 512 * 64 * 64 / best


def count_operations(config: StyleGAN2Config) -> int:
    """Floating-point operations of the convolutions of one picture, filters not counted."""
    total = 0
    for size in config.resolutions:
        out, pixels = config.channels_at(size), size * size
        total += 2 * pixels * (9 * out * out + out * config.img_channels)
        if size > 4:
            total += 2 * 9 * config.channels_at(size // 2) * out * pixels // 4
    return total


def compute_psnr(image: Tensor, reference: Tensor) -> float:
    """Peak signal to noise ratio in dB, pictures scaled to a standard deviation of 0.5."""
    error = (image - reference).double().square().mean() * (0.5 / reference.double().std()) ** 2
    return float(10 * torch.log10(4 / error.clamp_min(1e-30)))


def run_child(arguments: list[str], cache: Path) -> str:
    """Run this module in a fresh process; its last line of output."""
    environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": str(cache)}
    command = [sys.executable, "-m", "benchmarks.synthesis", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return done.stdout.strip().splitlines()[-1]


def run_ways(size: str, repeats: int, rounds: int, folder: Path) -> dict[str, list[Measurement]]:
    """Every way in turn, `rounds` times over (at least twice when compiled)."""
    results: dict[str, list[Measurement]] = {way: [] for way in WAYS}
    for turn in range(max(rounds, 2)):
        for way in WAYS:
            arguments = ["--child", way, "--size", size, "--repeats", str(repeats)]
            if turn == 0:
                arguments += ["--image", str(folder / f"{way}.pt")]
            line = run_child(arguments, folder / "compiled" / way.replace(" ", "-"))
            results[way].append(Measurement(**json.loads(line)))
            print(f"  round {turn + 1}: {way} {results[way][-1].best_s:.3f} s", file=sys.stderr)
    return results


def format_table(
    size: str,
    config: StyleGAN2Config,
    results: dict[str, list[Measurement]],
    rates: dict[str, float],
    folder: Path,
) -> str:
    """The table in Markdown, with the machine's limit below."""
    reference = torch.load(folder / "textbook.pt", weights_only=True)
    slowest = min(run.best_s for run in results["textbook"])
    most_work_s = min(run.processor_s for run in results["textbook"])
    lines = [
        f"{size}, {config.resolution}x{config.resolution}, {torch.get_num_threads()} threads",
        "",
        "| way | s a picture | times faster | processor s | times less | first picture, s "
        "| from cache, s | peak GB | PSNR dB | largest error |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for way, runs in results.items():
        best = min(run.best_s for run in runs)
        work_s = min(run.processor_s for run in runs)
        image = torch.load(folder / f"{way}.pt", weights_only=True)
        later = f"{min(run.first_s for run in runs[1:]):.1f}" if "compiled" in way else ""
        # The first run of a compiled way compiles; its memory is told too.
        peak = max(run.peak_bytes for run in runs) / 1e9
        error = float((image - reference).abs().max())
        psnr = "" if way == "textbook" else f"{compute_psnr(image, reference):.1f}"
        lines.append(
            f"| {way} | {best:.3f} | {slowest / best:.2f} | {work_s:.3f} "
            f"| {most_work_s / work_s:.2f} | {runs[0].first_s:.1f} | {later} | {peak:.2f} "
            f"| {psnr} | {error:.2g} |"
        )
    operations = count_operations(config)
    lines.append("")
    for name, rate in rates.items():
        lines.append(
            f"Limit {name}: {operations / 1e9:.1f} GFLOP at {rate / 1e9:.0f} GFLOP/s = "
            f"{operations / rate:.3f} s a picture"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the tables; `--child` measures one way and prints a line of JSON."""
    parser = argparse.ArgumentParser(description="Time synthesis.")
    parser.add_argument("--size", choices=("config-f", "bundled", "both"), default="both")
    parser.add_argument("--repeats", type=int, default=5, help="pictures timed in each process")
    parser.add_argument("--rounds", type=int, default=3, help="processes for each way")
    parser.add_argument("--child", choices=(*WAYS, "fp32", "bf16"), help=argparse.SUPPRESS)
    parser.add_argument("--image", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child in ("fp32", "bf16"):
        dtype = torch.float32 if options.child == "fp32" else torch.bfloat16
        print(measure_convolution_rate(dtype))
        return
    if options.child:
        found = measure_way(options.size, options.child, options.repeats, options.image)
        print(json.dumps(asdict(found)))
        return
    for size in ("config-f", "bundled") if options.size == "both" else (options.size,):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            results = run_ways(size, options.repeats, options.rounds, folder)
            rates = {kind: float(run_child(["--child", kind], folder)) for kind in ("fp32", "bf16")}
            print(format_table(size, make_generator(size).config, results, rates, folder))
            print(flush=True)


if __name__ == "__main__":
    main()
