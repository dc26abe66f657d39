"""The training loop of the small networks: Adam, warm-up, cosine; can be stopped at any time.

Everything random in a step is drawn from the seed and the step's number, so a run that was stopped
and went on ends with the same weights as one that was not. The run folder holds state.pt (written
whole every few minutes) and log.csv with held-out figures.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import trange

from synth.generators.memory import reuse_freed_memory
from synth.learning.run_log import append_row
from synth.learning.run_state import STATE_FILE, load_state, save_state
from synth.storage.run_settings import keep_settings, replace_settings

#: Of a step's number: pictures [batch, 3, n, n] and what the network should say of them, a tensor
#: or whatever `FindLoss` understands.
DrawBatch = Callable[[int], tuple[Tensor, Any]]
FindLoss = Callable[[Tensor, Any], Tensor]
Measure = Callable[[nn.Module], Mapping[str, float]]


@dataclass(frozen=True)
class FitPlan:
    """How long and how fast: steps of `batch` pictures, `rate` the highest learning rate."""

    steps: int
    batch: int
    rate: float
    seed: int = 0
    weight_decay: float = 1e-2
    save_every_s: float = 120.0


def fit_network(
    network: nn.Module,
    draw_batch: DrawBatch,
    find_loss: FindLoss,
    measure: Measure,
    plan: FitPlan,
    folder: Path,
) -> dict[str, float]:
    """Train `network` in place, where it lies, to the end of the plan; -> its held-out figures.

    Goes on from the folder's state. Raises ValueError when that is of another plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reuse_freed_memory()
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=0.0, betas=(0.9, 0.99), weight_decay=plan.weight_decay, fused=True
    )
    start = _load_state(folder, network, optimizer, plan)
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    saved_s = time.monotonic()
    progress = trange(start, plan.steps, initial=start, total=plan.steps, mininterval=10)
    with ThreadPoolExecutor(1) as reader:
        upcoming = reader.submit(draw_batch, start)
        for step in progress:
            images, target = upcoming.result()
            upcoming = reader.submit(draw_batch, step + 1)
            loss = _take_step(network, optimizer, find_loss, images, target, _find_rate(plan, step))
            if step % 50 == 0:
                progress.set_postfix(loss=f"{loss.item():.4f}")
            if time.monotonic() - saved_s > plan.save_every_s:
                _save_state(folder, network, optimizer, plan, step + 1)
                _report(folder, network, measure, step + 1)
                saved_s = time.monotonic()
    _save_state(folder, network, optimizer, plan, plan.steps)
    return _report(folder, network, measure, plan.steps)


def seed_for(seed: int, step: int) -> torch.Generator:
    """The source of everything random in one step."""
    return torch.Generator().manual_seed(seed * 1_000_003 + step)


def _take_step(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    find_loss: FindLoss,
    images: Tensor,
    target: Any,
    rate: float,
) -> Tensor:
    network.train()
    for group in optimizer.param_groups:
        group["lr"] = rate
    with torch.autocast(images.device.type, torch.bfloat16):
        output = network(images)
    loss = find_loss(output.float(), target)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.detach()


def _find_rate(plan: FitPlan, step: int) -> float:
    """Up within a twentieth of the steps, then down half a cosine."""
    warm = min(1.0, (step + 1) / max(1, plan.steps // 20))
    return plan.rate * warm * (0.505 + 0.495 * math.cos(math.pi * step / plan.steps))


@torch.no_grad()
def _report(folder: Path, network: nn.Module, measure: Measure, step: int) -> dict[str, float]:
    figures = dict(measure(network.eval()))
    append_row(folder, {"step": step, **figures})
    return figures


def _describe(plan: FitPlan) -> dict[str, Any]:
    return {key: value for key, value in asdict(plan).items() if key != "save_every_s"}


def _save_state(
    folder: Path, network: nn.Module, optimizer: torch.optim.Optimizer, plan: FitPlan, step: int
) -> None:
    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    save_state(folder / STATE_FILE, state)


def _load_state(
    folder: Path, network: nn.Module, optimizer: torch.optim.Optimizer, plan: FitPlan
) -> int:
    """Take up state.pt where there is one; -> the steps already taken."""
    device = next(network.parameters()).device
    state = load_state(folder / STATE_FILE, device)
    if state is None:
        replace_settings(folder / "plan.json", _describe(plan))
        return 0
    keep_settings(folder / "plan.json", _describe(plan))
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    return state["step"]
