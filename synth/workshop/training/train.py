"""Training of the bundled generator: regression of synthesis to renders, one resolution at a time.

The target w* of every picture is known (`make_target_latents`), so synthesis is
trained on w* directly and the mapping network is fitted to w* by itself (`fit_mapping`). What
shows an emotion comes from the first 8 rows of W+ alone (`late_rows`).

Every stage trains the network up to one resolution with a cosine learning rate, weights kept at one
size (`unit_weights`); stages may add perceptual and adversarial terms (`opponents`), and the last
layers are trained on patches (`patches`).
All chance of a step comes from seed, stage and step (`batches`), and pictures come in passes
(`order`), so that a run that was stopped goes on as if it had not been. The run folder holds
state.pt (written whole every few minutes: stop at any time, the same command goes on), log.csv and
a sheet of held-out faces, renders above, per stage.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import Parameter

from synth.generators.memory import reuse_freed_memory
from synth.generators.stylegan2 import StyleGAN2
from synth.learning.losses import Distance
from synth.learning.rendered_faces import FaceDataset
from synth.learning.run_state import STATE_FILE, load_state, save_state
from synth.workshop.training.batches import BatchReader, Reading, Step
from synth.workshop.training.crew import Crew, give_gradients
from synth.workshop.training.late_rows import LateRows
from synth.workshop.training.ledger import Ledger, describe_machine
from synth.workshop.training.opponents import Opponents
from synth.workshop.training.plans import Stage
from synth.workshop.training.recipe import Machine, Recipe
from synth.workshop.training.regression import Regression
from synth.workshop.training.report import report_quality
from synth.workshop.training.unit_weights import UnitWeights

EMA_DECAY = 0.995
SAVE_EVERY_S, REPORT_EVERY_S = 240, 1200


class Trainer:
    """One run: network, average, optimiser and where in the plan it stands."""

    def __init__(
        self,
        open_data: Callable[[], FaceDataset],
        folder: Path,
        recipe: Recipe,
        machine: Machine | None = None,
        perceptual: Distance | None = None,
    ) -> None:
        """open_data: gives the data set as far as it is finished; asked again in every stage and
        session. perceptual: the distance that stages with a perceptual term add.

        Raises ValueError when the plan needs one and there is none.
        """
        if perceptual is None and any(stage.perceptual for stage in recipe.plan):
            raise ValueError(
                "needs a perceptual distance for this plan's last stages; got none; "
                "try training the perceptual network first (docs/training-the-generator.md)"
            )
        machine = machine or Machine()
        torch.manual_seed(recipe.seed)
        self.folder, self.recipe, self.plan = folder, recipe, recipe.plan
        self.device = torch.device(machine.device)
        self.crew = Crew(machine.workers if self.device.type == "cpu" else 1)
        self.perceptual = perceptual
        self.generator, self.average = self._make_network(), self._make_network()
        self.average.load_state_dict(self.generator.state_dict())
        self.average.requires_grad_(False)
        self.reader = BatchReader(open_data, recipe.seed, recipe.cut.num_layers)
        self.order = self.reader.order.state_dict()
        self.ledger = Ledger(folder.name, describe_machine(self.device))
        self.stage_index, self.seen, self._booked = 0, 0, 0
        self.opponents = Opponents(self.device, self.crew, recipe.seed)
        self._begin_stage()

    def start_from(self, learned: Mapping[str, Tensor], card: Mapping[str, str]) -> None:
        """Begin with a trained network's tensors by their names within synthesis (`starts`).

        card: of its file, whose lineage goes before this run's. Layers that only one of both has
        stay as they are. Raises ValueError when a layer that both have differs in shape, and when
        they have none in common.
        """
        weights = {f"synthesis.{name}": tensor for name, tensor in learned.items()}
        if not weights.keys() & self.generator.state_dict().keys():
            raise ValueError(
                "needs layers of a StyleGAN2 to start from; got none; try a file of step=keep"
            )
        for network in (self.generator, self.average):
            own = network.state_dict()
            shared = {name: tensor for name, tensor in weights.items() if name in own}
            try:
                network.load_state_dict({**own, **shared})
            except RuntimeError as error:
                raise ValueError(
                    f"needs a generator with this plan's channels to start from; {error}"
                ) from error
        self.ledger.begin_with(card)

    @property
    def stage(self) -> Stage:
        """The stage being trained."""
        return self.plan[self.stage_index]

    @property
    def is_finished(self) -> bool:
        """Whether all stages are done."""
        return self.stage_index >= len(self.plan)

    def _make_network(self) -> StyleGAN2:
        network = StyleGAN2(self.recipe.cut).to(self.device).to(memory_format=torch.channels_last)
        network.dtype = torch.bfloat16
        for size in network.config.resolutions:
            # New layers begin as a small change to the picture that there is already.
            network.synthesis.block_at(size).torgb.weight.data.mul_(0.05)
        return network

    def _begin_stage(self) -> None:
        synthesis = self.generator.synthesis
        below, own = self._split_parameters()
        groups = [{"params": own}, {"params": below}] if below else [{"params": own}]
        self.optimizer = torch.optim.Adam(groups, lr=0.0, betas=(0.9, 0.99), fused=True)
        if not self.is_finished:
            self.opponents.meet(self.stage)
        self.late_rows, self.unit_weights = LateRows(synthesis), UnitWeights(synthesis)
        for one in (self.late_rows, LateRows(self.average.synthesis)):
            one.forget_emotions()
        self.regression = Regression(synthesis, self.perceptual, self.opponents, self.crew)

    def _split_parameters(self) -> tuple[list[Parameter], list[Parameter]]:
        """Those that learn more slowly in this stage (`Stage.below`), and the others."""
        synthesis, below = self.generator.synthesis, []
        if not self.is_finished and self.stage.below != 1:
            for size in (n for n in synthesis.config.resolutions if n < self.stage.resolution):
                below += synthesis.block_at(size).parameters()
        known = {id(parameter) for parameter in below}
        return below, [p for p in synthesis.parameters() if id(p) not in known]

    def run(self, minutes: float = math.inf) -> None:
        """Train to the end of the plan or for some minutes, from wherever the folder's state is.

        Raises ValueError when the folder holds a run of another plan, network or seed.
        """
        until_s = time.monotonic() + 60 * minutes
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.device.type == "cpu":
            reuse_freed_memory()
        self.load_state()
        self.ledger.start_clock()
        while not self.is_finished and time.monotonic() < until_s:
            self._run_stage(until_s)
            self.save_state()
            if self.seen < self.stage.pictures:
                break
            self.report()
            self.stage_index, self.seen, self._booked = self.stage_index + 1, 0, 0
            self._begin_stage()
            self.save_state()

    def _run_stage(self, until_s: float) -> None:
        stage, saved_s, reported_s = self.stage, time.monotonic(), time.monotonic()
        self.reader.reopen()
        print(f"{stage}: {self.seen} of {stage.pictures} pictures", flush=True)
        with ThreadPoolExecutor(1) as thread:
            upcoming = thread.submit(self._read, self.seen)
            while self.seen < stage.pictures and (now_s := time.monotonic()) < until_s:
                if now_s - saved_s > SAVE_EVERY_S:
                    self.save_state()
                    # What has been drawn meanwhile joins in when the next pass begins.
                    self.reader.reopen()
                    saved_s = now_s
                if now_s - reported_s > REPORT_EVERY_S:
                    self.report()
                    reported_s = now_s
                batch = upcoming.result()
                upcoming = thread.submit(self._read, self.seen + stage.batch)
                self._set_rate()
                self._step(batch)
                self.seen, self.order = self.seen + stage.batch, batch.order
        self.reader.order.load_state_dict(self.order)

    def _read(self, seen: int) -> Reading:
        return self.reader.read(self.stage, Step(self.stage_index, seen))

    def _set_rate(self) -> None:
        """Warm up for 50 steps, then follow half a cosine down to a fiftieth."""
        progress = self.seen / self.stage.pictures
        warm = min(1.0, (self.seen / self.stage.batch + 1) / 50)
        rate = self.stage.rate * warm * (0.02 + 0.49 * (1 + math.cos(math.pi * progress)))
        shares = 1.0, self.stage.below
        for group, share in zip(self.optimizer.param_groups, shares, strict=False):
            group["lr"] = rate * share

    def _step(self, batch: Reading) -> None:
        outcome = self.regression.compute(self.stage, batch.move_to(self.device))
        give_gradients(self.regression.parameters, outcome.gradients)
        self.optimizer.step()
        self.late_rows.forget_emotions()
        self.unit_weights.divide()
        self.opponents.train(outcome.views)
        self._update_average()

    @torch.no_grad()
    def _update_average(self) -> None:
        steps = self.seen / self.stage.batch
        decay = min(EMA_DECAY, (steps + 1) / (steps + 10))
        pairs = zip(
            self.average.synthesis.parameters(), self.generator.synthesis.parameters(), strict=True
        )
        for average, current in pairs:
            average.lerp_(current, 1 - decay)

    def report(self) -> None:
        """Held-out quality of the average network."""
        report_quality(
            self.average.synthesis, self.reader.data, self.folder, self.stage.resolution, self.seen
        )

    def save_state(self) -> None:
        """Write state.pt, whole."""
        if self.seen > self._booked:
            self.ledger.add(self.stage.name, self.seen - self._booked)
            self._booked = self.seen
        state = {
            "generator": self.generator.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "opponents": self.opponents.state_dict(),
            "stage_index": self.stage_index,
            "seen": self.seen,
            "order": self.order,
            "ledger": self.ledger.to_json(),
            "run": self.recipe.describe(),
        }
        save_state(self.folder / STATE_FILE, state)

    def load_state(self) -> None:
        """Take up state.pt where there is one."""
        path = self.folder / STATE_FILE
        state = load_state(path, self.device)
        if state is None:
            return
        if not self.recipe.continues(state["run"], state["stage_index"], state["seen"] > 0):
            raise ValueError(
                f"{path}: needs a run of this plan, network and seed, {self.recipe.describe()}; "
                f"got {state['run']}; try another folder"
            )
        self.generator.load_state_dict(state["generator"])
        self.average.load_state_dict(state["average"])
        self.stage_index, self.seen = state["stage_index"], state["seen"]
        self._begin_stage()
        self.optimizer.load_state_dict(state["optimizer"])
        self.opponents.load_state_dict(state["opponents"])
        self._booked = self.seen
        self.order = state["order"]
        self.reader.order.load_state_dict(self.order)
        self.ledger.load_json(state["ledger"])
