"""How many pictures a second the generator's training takes in on a CPU, stage by stage.

    python -m benchmarks.training
    python -m benchmarks.training --cores 2 --rounds 8 --markdown

For every stage of the plan `cpu` the step as it was (the whole batch through the module, every
operation on all cores) and the step as it is (`regression.Regression`: a part of the batch on each
core, large maps one sample at a time) take turns on the same random pictures, with the same
network, so that other work on the machine meets both. Told are pictures a second of the fastest
step and over all steps, and the ratio of the summed times; where one core's time goes, by kind of
operation, comes last.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from synth.generators.memory import reuse_freed_memory
from synth.generators.stylegan2 import StyleGAN2
from synth.generators.synthesis import NoiseSource
from synth.learning.losses import find_picture_loss, make_focus
from synth.workshop.training.batches import Reading
from synth.workshop.training.crew import Crew, give_gradients
from synth.workshop.training.ledger import count_cores, describe_machine
from synth.workshop.training.opponents import Opponents
from synth.workshop.training.patches import draw_patches
from synth.workshop.training.plans import FULL_CONFIG, PLANS, Stage, cut_config
from synth.workshop.training.regression import Regression

KINDS = ("convolution", "mul", "add", "sum", "leaky_relu", "copy", "cat")


def make_reading(stage: Stage, num_layers: int) -> Reading:
    """Random rows and pictures of one step."""
    random = torch.Generator().manual_seed(0)
    n = stage.resolution
    patches = None
    if stage.trunk:
        chance = np.random.default_rng(0)
        patches = draw_patches(chance, stage.batch * stage.patches, stage.patch, stage.trunk)
    return Reading(
        torch.randn(stage.batch, num_layers, 512, generator=random),
        torch.rand(stage.batch, 3, n, n, generator=random) * 2 - 1,
        patches,
        (0, 0, 1),
        {},
    )


class Steps:
    """Both steps of one stage on a network with random weights."""

    def __init__(self, stage: Stage, cores: int) -> None:
        torch.manual_seed(0)
        config = cut_config(FULL_CONFIG, stage.resolution)
        network = StyleGAN2(config).to(memory_format=torch.channels_last)  # pyright: ignore
        network.dtype = torch.bfloat16
        self.stage, self.cores, self.synthesis = stage, cores, network.synthesis
        self.reading = make_reading(stage, config.num_layers)
        self.optimizer = torch.optim.Adam(self.synthesis.parameters(), lr=1e-6, fused=True)
        self.opponents = Opponents(torch.device("cpu"))
        self.opponents.meet(stage)
        self.regression = Regression(self.synthesis, None, self.opponents, Crew(cores))

    def take_present(self) -> None:
        """A part of the batch on each core."""
        torch.set_num_threads(1)
        outcome = self.regression.compute(self.stage, self.reading)
        give_gradients(self.regression.parameters, outcome.gradients)
        self.optimizer.step()

    def take_before(self) -> None:
        """The whole batch at once, operations on all cores."""
        torch.set_num_threads(self.cores)
        focus = make_focus(self.stage.resolution)
        w_plus, target = self.reading.w_plus, self.reading.target
        if self.stage.trunk:
            loss = self._find_patch_loss(focus)
        else:
            output = self.synthesis(w_plus, "none", None, self.stage.resolution)
            loss = find_picture_loss(output, target, focus)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def _find_patch_loss(self, focus: torch.Tensor) -> torch.Tensor:
        stage, reading = self.stage, self.reading
        assert reading.patches is not None
        each, scale = stage.patches, stage.resolution // stage.trunk
        patches = reading.patches
        windows, places = patches.widen(stage.trunk)
        noise = NoiseSource("none", None, stage.batch)
        w_plus = reading.w_plus.repeat_interleave(each, 0)
        with torch.no_grad():
            x, image = self.synthesis.run_blocks(reading.w_plus, noise, None, None, 4, stage.trunk)
            x = windows.cut(x, 1).contiguous(memory_format=torch.channels_last)
            image = windows.cut(image, 1)
        noise = NoiseSource("none", None, len(w_plus))
        last = stage.resolution
        _, image = self.synthesis.run_blocks(w_plus, noise, x, image, 2 * stage.trunk, last)
        output = places.cut(image, scale)
        target = patches.cut(reading.target, scale)
        focus = patches.cut(focus.expand(stage.batch, -1, -1, -1), scale)
        return find_picture_loss(output, target, focus)


def time_in_turn(steps: Steps, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of each step: before, present."""
    times: tuple[list[float], list[float]] = ([], [])
    ways: tuple[Callable[[], None], ...] = (steps.take_before, steps.take_present)
    for turn in range(rounds + 1):
        for way, found in zip(ways, times, strict=True):
            start = time.perf_counter()
            way()
            if turn:
                found.append(time.perf_counter() - start)
    return times


def share_time(steps: Steps) -> str:
    """The shares of one core's time by kind of operation in the present step."""
    steps.regression = Regression(steps.synthesis, None, steps.opponents, Crew(1))
    with profile(activities=[ProfilerActivity.CPU]) as found:
        steps.take_present()
    spent: Counter[str] = Counter()
    for event in found.key_averages():
        kind = next((kind for kind in KINDS if kind in event.key), "else")
        spent[kind] += event.self_cpu_time_total
    total = sum(spent.values())
    return ", ".join(f"{kind} {100 * us / total:.0f} %" for kind, us in spent.most_common(6))


def main() -> None:
    """Print a table: pictures a second of each stage."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--plan", choices=sorted(PLANS), default="cpu")
    parser.add_argument("--cores", type=int, default=count_cores())
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--batch", type=int, help="other than the plan's")
    options = parser.parse_args()
    reuse_freed_memory()
    print(describe_machine(torch.device("cpu")))
    print("\n| stage | before: best, all | present: best, all | ratio of sums | where time goes |")
    print("|---|---|---|---|---|")
    stages = {stage.name: stage for stage in PLANS[options.plan]}
    for name, stage in stages.items():
        steps = Steps(replace(stage, batch=options.batch or stage.batch), options.cores)
        before, present = time_in_turn(steps, options.rounds)
        rates = [
            f"{steps.stage.batch / min(found):.1f}, {steps.stage.batch / np.mean(found):.1f}"
            for found in (before, present)
        ]
        ratio = sum(before) / sum(present)
        print(
            f"| {name} | {rates[0]} | {rates[1]} | {ratio:.2f} | {share_time(steps)} |", flush=True
        )


if __name__ == "__main__":
    main()
