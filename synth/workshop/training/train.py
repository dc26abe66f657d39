"""Training of the bundled generator: regression of synthesis to renders, one resolution at a time.

The target w* of every picture is known (`parameters.make_target_latents`), so synthesis is
trained on w* directly and the mapping network is fitted to w* by itself (`fit_mapping`). Rows
beyond the first 8 get, for half the pictures, the emotion of another one: what shows an emotion
must then come from the first 8 rows, as in the FFHQ network (thesis, section 4.4).

Every stage trains the network up to one resolution, with Adam and a cosine learning rate; late
stages add perceptual and adversarial terms (`critic`), and the last layers are trained on patches
(`patches`). The run folder holds state.pt (written whole every few minutes: stop at any time, the
same command goes on), log.csv and a sheet of held-out faces, renders above, per stage.
"""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from synth.generators.bundled_parameters import EMOTION_SLICE, make_target_latents
from synth.generators.memory import reuse_freed_memory
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.generators.synthesis import SynthesisNetwork
from synth.learning.losses import Distance, find_picture_loss, make_focus
from synth.learning.rendered_faces import HELD_OUT, FaceDataset
from synth.storage.atomic import write_atomically
from synth.types import to_images
from synth.workshop.training.critic import Opponent
from synth.workshop.training.patches import draw_patches, synthesize_patches
from synth.workshop.training.plans import FULL_CONFIG, Stage, cut_config
from synth.workshop.training.report import report_quality

EMOTION_ROWS = 8
EMA_DECAY = 0.995
SAVE_EVERY_S = 240
#: The perceptual and adversarial terms look at parts of at most this many pixels.
PART_PX = 128


class Trainer:
    """One run: network, average, optimiser and where in the plan it stands."""

    def __init__(
        self,
        data: FaceDataset,
        folder: Path,
        plan: tuple[Stage, ...],
        config: StyleGAN2Config = FULL_CONFIG,
        device: str = "cpu",
        seed: int = 0,
        perceptual: Distance | None = None,
        compiled: bool = False,
    ) -> None:
        """perceptual: the distance that stages with a perceptual term add; compiled: compile the
        regression of whole pictures, which takes a while in each stage and then saves time.

        Raises ValueError when the plan needs one and there is none.
        """
        if perceptual is None and any(stage.perceptual for stage in plan):
            raise ValueError(
                "needs a perceptual distance for this plan's last stages; got none; "
                "try training the perceptual network first (docs/bundled-generator.md)"
            )
        torch.manual_seed(seed)
        self.data, self.folder, self.plan, self.seed = data, folder, plan, seed
        self.config = cut_config(config, plan[-1].resolution)
        self.device = torch.device(device)
        self.perceptual = perceptual
        self._regress = (
            torch.compile(self._regress_whole, dynamic=False) if compiled else self._regress_whole
        )
        self.generator, self.average = self._make_network(), self._make_network()
        self.average.load_state_dict(self.generator.state_dict())
        self.average.requires_grad_(False)
        self.random = np.random.default_rng(seed)
        self.stage_index, self.seen = 0, 0
        self._begin_stage()

    def start_from(self, synthesis: SynthesisNetwork) -> None:
        """Begin with the weights of a trained network, as far as it has the same layers.

        Raises ValueError when a layer that both have differs in shape.
        """
        weights = {f"synthesis.{name}": tensor for name, tensor in synthesis.state_dict().items()}
        for network in (self.generator, self.average):
            own = network.state_dict()
            shared = {name: tensor for name, tensor in weights.items() if name in own}
            try:
                network.load_state_dict({**own, **shared})
            except RuntimeError as error:
                raise ValueError(
                    f"needs a generator with this plan's channels to start from; {error}"
                ) from error

    @property
    def stage(self) -> Stage:
        """The stage being trained."""
        return self.plan[self.stage_index]

    def _make_network(self) -> StyleGAN2:
        network = StyleGAN2(self.config).to(self.device).to(memory_format=torch.channels_last)
        network.dtype = torch.bfloat16
        for size in self.config.resolutions:
            # New layers begin as a small change to the picture that there is already.
            network.synthesis.block_at(size).torgb.weight.data.mul_(0.05)
        return network

    def _begin_stage(self) -> None:
        parameters = self.generator.synthesis.parameters()
        self.optimizer = torch.optim.Adam(parameters, lr=0.0, betas=(0.9, 0.99), fused=True)
        self.opponent = Opponent(self.device)

    def run(self) -> None:
        """Train to the end of the plan, from wherever the folder's state stands.

        Raises ValueError when the folder holds a run of another plan, network or seed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.device.type == "cpu":
            reuse_freed_memory()
        self.load_state()
        while self.stage_index < len(self.plan):
            self._run_stage()
            self.report()
            self.stage_index, self.seen = self.stage_index + 1, 0
            self._begin_stage()
            self.save_state()

    def _run_stage(self) -> None:
        stage, saved_s = self.stage, time.monotonic()
        focus = make_focus(stage.resolution).to(self.device)
        print(f"{stage}: {self.seen} of {stage.pictures} pictures", flush=True)
        with ThreadPoolExecutor(1) as reader:
            upcoming = reader.submit(self.draw_batch, stage)
            while self.seen < stage.pictures:
                w_plus, target = upcoming.result()
                upcoming = reader.submit(self.draw_batch, stage)
                self._set_rate()
                self._step(w_plus, target, focus)
                self.seen += stage.batch
                if time.monotonic() - saved_s > SAVE_EVERY_S:
                    self.save_state()
                    self.report()
                    saved_s = time.monotonic()

    def _set_rate(self) -> None:
        """Warm up for 50 steps, then follow half a cosine down to a fiftieth."""
        progress = self.seen / self.stage.pictures
        warm = min(1.0, (self.seen / self.stage.batch + 1) / 50)
        rate = self.stage.rate * warm * (0.02 + 0.49 * (1 + math.cos(math.pi * progress)))
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def draw_batch(self, stage: Stage) -> tuple[Tensor, Tensor]:
        """Random W+ [batch, layer, w_dim] and their renders [batch, 3, n, n], never held-out."""
        pictures = self.data.pictures[stage.resolution]
        picks = np.sort(self.random.integers(HELD_OUT, len(pictures), stage.batch))
        return self.make_rows(self.data.parameters[picks]), to_images(pictures[picks])

    def _step(self, w_plus: Tensor, target: Tensor, focus: Tensor) -> None:
        stage = self.stage
        w_plus, target = w_plus.to(self.device), target.to(self.device)
        if stage.trunk:
            output, target, loss = self._regress_patches(w_plus, target, focus)
        else:
            output, loss = self._regress(w_plus, target, focus)
        if stage.perceptual or stage.adversarial:
            part, real = self._cut_part(output, target)
        if stage.perceptual and self.perceptual is not None:
            loss = loss + stage.perceptual * self.perceptual(part, real).mean()
        if stage.adversarial:
            # As a gradient at each pixel: 1 is that of the mean absolute difference.
            pull = stage.adversarial / output.numel() * self.opponent.find_pull(part, real)
            loss = loss + (pull * part).sum()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        if stage.adversarial:
            self.opponent.train(part, real)
        self._update_average()

    def _regress_whole(
        self, w_plus: Tensor, target: Tensor, focus: Tensor
    ) -> tuple[Tensor, Tensor]:
        output = self.generator.synthesis(w_plus, "none", None, target.shape[-1])
        return output, find_picture_loss(output, target, focus)

    def _regress_patches(
        self, w_plus: Tensor, target: Tensor, focus: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Patches, the same part of the renders, and the loss."""
        stage = self.stage
        patches = draw_patches(self.random, len(w_plus), stage.patch, stage.trunk)
        scale = stage.resolution // stage.trunk
        output = synthesize_patches(
            self.generator.synthesis, w_plus, patches, stage.trunk, stage.resolution
        )
        target = patches.cut(target, scale)
        focus = patches.cut(focus.expand(len(w_plus), -1, -1, -1), scale)
        return output, target, find_picture_loss(output, target, focus)

    def _cut_part(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """What the costly terms look at."""
        side = min(PART_PX, output.shape[-1])
        y, x = self.random.integers(0, output.shape[-1] - side + 1, 2)
        part = (..., slice(y, y + side), slice(x, x + side))
        return output[part], target[part]

    @torch.no_grad()
    def _update_average(self) -> None:
        steps = self.seen / self.stage.batch
        decay = min(EMA_DECAY, (steps + 1) / (steps + 10))
        pairs = zip(
            self.average.synthesis.parameters(), self.generator.synthesis.parameters(), strict=True
        )
        for average, current in pairs:
            average.lerp_(current, 1 - decay)

    def make_rows(self, parameters: np.ndarray) -> Tensor:
        """w* in all rows; beyond the emotion's rows, for half the batch, another's emotion."""
        w = torch.from_numpy(make_target_latents(parameters))
        swapped = parameters.copy()
        half = len(parameters) // 2
        others = self.random.permutation(len(parameters))[:half]
        swapped[:half, EMOTION_SLICE] = parameters[others, EMOTION_SLICE]
        late = torch.from_numpy(make_target_latents(swapped))
        # A network of a low resolution has no later rows.
        early = min(EMOTION_ROWS, self.config.num_layers)
        return torch.stack([w] * early + [late] * (self.config.num_layers - early), 1)

    def report(self) -> None:
        """Held-out quality of the average network."""
        report_quality(
            self.average.synthesis, self.data, self.folder, self.stage.resolution, self.seen
        )

    def save_state(self) -> None:
        """Write state.pt, whole."""
        state = {
            "generator": self.generator.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "opponent": self.opponent.state_dict(),
            "stage_index": self.stage_index,
            "seen": self.seen,
            "run": self._describe(),
        }
        with write_atomically(self.folder / "state.pt") as path:
            torch.save(state, path)

    def load_state(self) -> None:
        """Take up state.pt where there is one."""
        path = self.folder / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        if not self._continues(state["run"], state["stage_index"], state["seen"] > 0):
            raise ValueError(
                f"{path}: needs a run of this plan, network and seed, {self._describe()}; "
                f"got {state['run']}; try another folder"
            )
        self.generator.load_state_dict(state["generator"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.opponent.load_state_dict(state["opponent"])
        self.stage_index, self.seen = state["stage_index"], state["seen"]
        # Other pictures than before the stop, in an order fixed by where it stopped.
        self.random = np.random.default_rng([self.stage_index, self.seen])

    def _continues(self, found: dict, stage_index: int, has_begun: bool) -> bool:
        """Whether this plan goes on from the run found: what is not done may be replanned."""
        mine = self._describe()
        if has_begun and stage_index < min(len(found["plan"]), len(mine["plan"])):
            now, then = (run["plan"][stage_index] for run in (mine, found))
            if (now["resolution"], now["trunk"]) != (then["resolution"], then["trunk"]):
                return False
        same_start = found["plan"][:stage_index] == mine["plan"][:stage_index]
        return same_start and {**found, "plan": None} == {**mine, "plan": None}

    def _describe(self) -> dict[str, Any]:
        """What makes a run this one."""
        return {
            "plan": [asdict(stage) for stage in self.plan],
            "config": self.config.to_json(),
            "seed": self.seed,
        }
