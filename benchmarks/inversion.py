"""How soon a picture is found in W+: the plain recipe against ours, in one run.

    python -m benchmarks.inversion                    # config F, all 1000 plain steps: hours on CPU
    python -m benchmarks.inversion --steps 20         # the plain recipe squeezed into 20 steps
    python -m benchmarks.inversion --size bundled     # the generator that ships, 60 s a picture
    python -m benchmarks.inversion --size bundled --batches 1 2 4 8   # throughput

Target and network: a picture that the network drew itself, of a z that neither way is told; config
F has random weights. Both ways minimise the same perceptual distance and nothing else (but for the
regularisers that belong to a recipe), on the same cores, each in a process of its own. Ours gets a
tenth of the plain way's time (`--share`), or `--budget` seconds. The time to reach is when a
picture at full resolution at least as close as the plain way's last had been measured.

With fewer than 1000 plain steps its schedule is squeezed: the loss it ends with is that of a
shorter run, only its time a step is that of a full one, and the table says so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from benchmarks.plain_projection import project_plainly
from benchmarks.synthesis import make_generator, read_peak_bytes
from embed.inversion.invert import InversionAids, invert
from embed.inversion.likeness import find_psnr_db
from embed.inversion.result import InversionStep
from embed.inversion.settings import InversionSettings
from embed.networks.perceptual import (
    FaceLoss,
    LpipsLoss,
    PerceptualLoss,
    fetch_lpips_loss,
    load_face_loss,
)
from embed.networks.vgg16 import DEPTHS, Vgg16
from synth.generators import load_bundled_generator
from synth.generators.memory import reuse_freed_memory
from synth.generators.stylegan2 import StyleGAN2
from synth.judging.perceptual import BUNDLED_PERCEPTUAL, PerceptualNetwork
from synth.types import to_frames

FULL_STEPS = 1000
LOSSES = ("bundled", "lpips", "random-vgg", "random-small")
#: Standard deviation that pictures of a random network are scaled to.
PICTURE_DEVIATION = 0.4


@dataclass(frozen=True)
class Progress:
    """What one process found: seconds and smallest loss so far after each step, and the end."""

    seconds: list[float]
    losses: list[float]
    total_s: float
    final: float
    peak_bytes: int
    figures: dict[str, float] = field(default_factory=dict)


def make_network(size: str) -> StyleGAN2:
    """The bundled generator, or config F with random weights and pictures within [-1, 1]."""
    if size == "bundled":
        return load_bundled_generator()
    generator = make_generator("config-f")
    with torch.no_grad():
        deviation = float(generator.synthesis(draw_w_plus(generator, 1, 99), resolution=64).std())
        for name, parameter in generator.named_parameters():
            if "torgb.weight" in name:
                parameter.mul_(PICTURE_DEVIATION / deviation)
    return generator


def make_perceptual(name: str) -> PerceptualLoss:
    """One of LOSSES; random ones take the same time and need no file."""
    torch.manual_seed(0)
    if name == "bundled":
        return load_face_loss()
    if name == "lpips":
        return fetch_lpips_loss()
    if name == "random-small":
        return FaceLoss(PerceptualNetwork().eval().requires_grad_(False))
    network = Vgg16().eval().requires_grad_(False)
    for parameter in network.parameters():
        if parameter.ndim == 4:
            torch.nn.init.kaiming_normal_(parameter)
        else:
            parameter.zero_()
    return LpipsLoss(network, [torch.full((row[-1],), 0.2) for row in DEPTHS])


def draw_w_plus(generator: StyleGAN2, count: int, seed: int) -> Tensor:
    """W+ of random z, truncated to 0.7 as faces usually are."""
    z = torch.randn(count, generator.z_dim, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return generator.mapping(z, truncation_psi=0.7)


def draw_targets(generator: StyleGAN2, count: int, seed: int) -> Tensor:
    """Pictures of the generator's own [count, 3, n, n], within [-1, 1]."""
    rows = draw_w_plus(generator, count, seed)
    with torch.no_grad():
        pictures = [generator.synthesis(row).clamp(-1, 1) for row in rows.split(1)]
    return torch.cat(pictures)


def run_plain(options: argparse.Namespace) -> Progress:
    """The plain recipe in this process."""
    generator, perceptual = make_network(options.size), make_perceptual(options.perceptual)
    target = draw_targets(generator, 1, options.seed)
    reuse_freed_memory()
    seconds, losses = [], []
    started_s = time.perf_counter()

    def watch(step: int, distance: float) -> None:
        seconds.append(time.perf_counter() - started_s)
        losses.append(min(distance, losses[-1] if losses else distance))
        print(f"  plain {step + 1}: {distance:.4f}, {seconds[-1]:.0f} s", file=sys.stderr)

    _, final = project_plainly(
        generator, target, perceptual, options.steps, watch, options.stop_after
    )
    return Progress(seconds, losses, seconds[-1], final, read_peak_bytes())


def run_ours(options: argparse.Namespace) -> Progress:
    """Our inversion in this process, for as long as the budget lasts."""
    generator, perceptual = make_network(options.size), make_perceptual(options.perceptual)
    targets = draw_targets(generator, options.count, options.seed)
    reuse_freed_memory()
    seconds, losses = [], []

    def watch(step: InversionStep) -> None:
        seconds.append(step.elapsed_s)
        losses.append(float(step.best.mean()))
        if step.step % 10 == 0:
            loss = np.nanmean(step.losses)  # images that rest have none
            print(
                f"  ours {step.step} at {step.resolution}: {loss:.4f}, best at full "
                f"size {losses[-1]:.4f}, {step.elapsed_s:.0f} s",
                file=sys.stderr,
            )

    settings = InversionSettings(
        steps=options.our_steps,
        budget_s=options.budget,
        least_steps=0,
        learning_rate=options.learning_rate,
        optimiser=options.optimiser,
        precision=options.precision,
    )
    if not options.with_penalties:  # against the distance alone, as the plain recipe works
        settings = replace(settings, pixel_weight=0.0, distance_weight=0.0, row_weight=0.0)
    found = invert(generator, targets, perceptual, settings, aids=InversionAids(watch=watch))
    figures = {"steps": float(found.steps), "start": float(found.start_losses.mean())}
    if options.size == "bundled":
        pictures = torch.cat([generator.synthesis(row) for row in found.w_plus.split(1)])
        pairs = zip(to_frames(targets), to_frames(pictures), strict=True)
        ratios = [find_psnr_db(a, b) for a, b in pairs]
        figures["psnr_db"] = sum(ratios) / len(ratios)
        figures["worst_perceptual"] = float(found.perceptual.max())
    final = float(found.perceptual.mean())
    return Progress(seconds, losses, float(found.seconds), final, read_peak_bytes(), figures)


def run_child(options: argparse.Namespace, way: str, **changes: object) -> Progress:
    """This module's `way` in a fresh process."""
    entries = {**vars(options), **changes, "child": way}
    command = [sys.executable, "-m", "benchmarks.inversion", "--entries", json.dumps(entries)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"the run of {way} failed with code {done.returncode}")
    return Progress(**json.loads(done.stdout.strip().splitlines()[-1]))


def find_time_to(progress: Progress, loss: float) -> float | None:
    """Seconds until a loss was reached, None if it was not."""
    pairs = zip(progress.seconds, progress.losses, strict=True)
    reached = [seconds for seconds, found in pairs if found <= loss]
    if not reached and progress.final <= loss:
        return progress.total_s
    return reached[0] if reached else None


def compare_ways(options: argparse.Namespace) -> str:
    """The plain recipe, then ours with a share of its time; the table in Markdown."""
    plain = run_child(options, "plain")
    budget_s = options.budget or plain.total_s * options.share
    ours = run_child(options, "ours", budget=budget_s)
    taken = len(plain.seconds)
    lines = [
        f"{options.size}, {options.perceptual} loss, {torch.get_num_threads()} threads",
        "",
        "| way | steps | s | s a step | perceptual loss at the end | peak GB |",
        "|---|---|---|---|---|---|",
    ]
    for name, run in (("plain", plain), ("ours", ours)):
        count = len(run.seconds)
        lines.append(
            f"| {name} | {count} | {run.total_s:.0f} | {run.total_s / max(1, count):.2f} "
            f"| {run.final:.4f} | {run.peak_bytes / 1e9:.2f} |"
        )
    reached_s = find_time_to(ours, plain.final)
    if reached_s is None:
        lines.append(f"\nOurs did not reach the plain way's loss in {budget_s:.0f} s.")
    else:
        ratio = plain.total_s / reached_s
        lines.append(
            f"\nOurs reached the plain way's loss in {reached_s:.1f} s: {ratio:.1f}x sooner."
        )
    if taken < FULL_STEPS:
        whole_s = plain.total_s / taken * FULL_STEPS
        lines.append(
            f"The plain way took {taken} steps instead of {FULL_STEPS}; all of them would take "
            f"{whole_s:.0f} s at this rate (extrapolated) and end with a smaller loss (unknown). "
            "The ratio above is at equal, measured losses; it says nothing of the full run's."
        )
    return "\n".join(lines)


def measure_bundled(options: argparse.Namespace) -> str:
    """Pictures of the bundled generator recovered in a budget each, for each size of batch."""
    lines = [
        f"bundled generator, {options.perceptual} loss, {torch.get_num_threads()} threads",
        "",
        "| batch | s | s a picture | steps | perceptual, mean | worst | PSNR dB | peak GB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for batch in options.batches:
        budget_s = None if options.our_steps else (options.budget or 60.0) * batch
        run = run_child(options, "ours", count=batch, budget=budget_s, with_penalties=True)
        figures = run.figures
        lines.append(
            f"| {batch} | {run.total_s:.1f} | {run.total_s / batch:.1f} | {figures['steps']:.0f} "
            f"| {run.final:.4f} | {figures['worst_perceptual']:.4f} | {figures['psnr_db']:.1f} "
            f"| {run.peak_bytes / 1e9:.2f} |"
        )
    return "\n".join(lines)


def read_options() -> argparse.Namespace:
    """The command line; a child gets everything as JSON."""
    usual = "bundled" if BUNDLED_PERCEPTUAL.is_file() else "random-vgg"
    parser = argparse.ArgumentParser(description="Time inversion.")
    parser.add_argument("--size", choices=("config-f", "bundled"), default="config-f")
    parser.add_argument("--perceptual", choices=LOSSES, default=usual)
    parser.add_argument("--steps", type=int, default=FULL_STEPS, help="of the plain recipe")
    parser.add_argument("--stop-after", type=int, help="plain steps to take of its schedule")
    parser.add_argument("--share", type=float, default=0.1, help="of the plain way's time for ours")
    parser.add_argument("--budget", type=float, help="seconds for ours, in place of the share")
    parser.add_argument("--our-steps", type=int, help="most steps of ours")
    parser.add_argument("--learning-rate", type=float, default=InversionSettings.learning_rate)
    parser.add_argument("--optimiser", choices=("adam", "lbfgs"), default="adam")
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto")
    parser.add_argument("--seed", type=int, default=1, help="of the picture to find")
    parser.add_argument("--count", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--with-penalties", action="store_true", help="equation 1 and penalties")
    parser.add_argument("--batches", type=int, nargs="+", default=[1])
    parser.add_argument("--child", choices=("plain", "ours"), help="one way only, as JSON")
    parser.add_argument("--entries", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.entries:
        options = argparse.Namespace(**json.loads(options.entries))
    return options


def main() -> None:
    """Print the table, or with `--child` one way's progress as a line of JSON."""
    options = read_options()
    if options.child:
        run = run_plain(options) if options.child == "plain" else run_ours(options)
        print(json.dumps(asdict(run)))
    elif options.size == "bundled":
        print(measure_bundled(options))
    else:
        print(compare_ways(options))


if __name__ == "__main__":
    main()
