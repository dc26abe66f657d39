"""Training of the bundled generator: regression of synthesis to renders, one resolution at a time.

The target w* of every picture is known (`parameters.make_target_latents`), so synthesis is
trained on w* directly and the mapping network is fitted to w* by itself (`fit_mapping`). Rows
beyond the first 8 get, for half the pictures, the emotion of another one: what shows an emotion
must then come from the first 8 rows, as in the FFHQ network (thesis, section 4.4).

Every stage trains the network up to one resolution, with Adam and a cosine learning rate. The
run folder holds state.pt (written whole every few minutes: stop at any time, the same command
goes on), log.csv and a sheet of held-out faces, renders above, per resolution.
"""

from __future__ import annotations

import csv
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from synth.atomic import write_atomically
from synth.generators.memory import reuse_freed_memory
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.portraits.parameters import EMOTION_SLICE, make_target_latents
from synth.training.dataset import FaceDataset
from synth.training.losses import crop_face, find_picture_loss, find_psnr, make_focus
from synth.training.plans import FULL_CONFIG, Stage, cut_config
from synth.types import to_frames, to_images

#: The first pictures of the data set are never trained on.
HELD_OUT = 256
EMOTION_ROWS = 8
EMA_DECAY = 0.995
SAVE_EVERY_S = 240


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
    ) -> None:
        torch.manual_seed(seed)
        self.data, self.folder, self.plan, self.seed = data, folder, plan, seed
        self.config = cut_config(config, plan[-1].resolution)
        self.device = torch.device(device)
        self.generator, self.average = self._make_network(), self._make_network()
        self.average.load_state_dict(self.generator.state_dict())
        self.average.requires_grad_(False)
        self.random = np.random.default_rng(seed)
        self.stage_index, self.seen = 0, 0
        self.optimizer = self._make_optimizer()

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

    def _make_optimizer(self) -> torch.optim.Adam:
        parameters = self.generator.synthesis.parameters()
        return torch.optim.Adam(parameters, lr=0.0, betas=(0.9, 0.99), fused=True)

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
            self.optimizer = self._make_optimizer()
            self.save_state()

    def _run_stage(self) -> None:
        stage, saved_s = self.stage, time.monotonic()
        focus = make_focus(stage.resolution).to(self.device)
        print(f"stage {stage.resolution}: {self.seen} of {stage.pictures} pictures", flush=True)
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
        w_plus, target = w_plus.to(self.device), target.to(self.device)
        output = self.generator.synthesis(w_plus, "none", None, target.shape[-1])
        loss = find_picture_loss(output, target, focus)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        steps = self.seen / self.stage.batch
        decay = min(EMA_DECAY, (steps + 1) / (steps + 10))
        with torch.no_grad():
            pairs = zip(
                self.average.synthesis.parameters(),
                self.generator.synthesis.parameters(),
                strict=True,
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

    @torch.no_grad()
    def report(self) -> None:
        """Held-out PSNR of the average network into log.csv, and a sheet of faces."""
        size = self.stage.resolution
        whole, face, sheet = [], [], []
        for start in range(0, HELD_OUT, 32):
            batch = slice(start, start + 32)
            target = to_images(np.array(self.data.pictures[size][batch]))
            w = torch.from_numpy(make_target_latents(self.data.parameters[batch]))
            w_plus = w[:, None].expand(-1, self.config.num_layers, -1).to(self.device)
            output = self.average.synthesis(w_plus, "none", None, size).cpu()
            whole.append(find_psnr(output, target))
            face.append(find_psnr(crop_face(output), crop_face(target)))
            sheet = sheet or [to_frames(target[:8]), to_frames(output[:8])]
        row = {
            "time": time.strftime("%H:%M:%S"),
            "resolution": size,
            "seen": self.seen,
            "psnr_db": round(float(torch.cat(whole).mean()), 3),
            "face_psnr_db": round(float(torch.cat(face).mean()), 3),
        }
        print(row, flush=True)
        log = self.folder / "log.csv"
        is_new = not log.exists()
        with open(log, "a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, row)
            if is_new:
                writer.writeheader()
            writer.writerow(row)
        picture = np.concatenate([np.concatenate(list(line), 1) for line in sheet], 0)
        with write_atomically(self.folder / f"sheet_{size}.png") as path:
            Image.fromarray(picture).save(path)

    def save_state(self) -> None:
        """Write state.pt, whole."""
        state = {
            "generator": self.generator.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
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
        if state["run"] != self._describe():
            raise ValueError(
                f"{path}: needs a run of this plan, network and seed, {self._describe()}; "
                f"got {state['run']}; try another folder"
            )
        self.generator.load_state_dict(state["generator"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.stage_index, self.seen = state["stage_index"], state["seen"]
        # Other pictures than before the stop, in an order fixed by where it stopped.
        self.random = np.random.default_rng([self.stage_index, self.seen])

    def _describe(self) -> dict[str, object]:
        """What makes a run this one."""
        return {
            "plan": [list(astuple(stage)) for stage in self.plan],
            "config": self.config.to_json(),
            "seed": self.seed,
        }
