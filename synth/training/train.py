"""Training of the bundled generator: regression of synthesis to renders, one resolution at a time.

The target w* of every picture is known (`parameters.make_target_latents`), so synthesis is
trained on w* directly and the mapping network is fitted to w* by itself (`fit_mapping`). Rows
beyond the first 8 get, for half the pictures, the emotion of another one: what shows an emotion
must then come from the first 8 rows, as in the FFHQ network (thesis, section 4.4).

Every stage trains the network up to one resolution, with Adam and a cosine learning rate. The
run folder holds state.pt (written whole every few minutes: stop at any time, the same command
goes on), log.csv and a sheet of held-out faces, renders above, per resolution.

    python -m synth.training.train --data faces --run run --plan cpu
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from synth.atomic import write_atomically
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.training.dataset import FaceDataset, load_dataset
from synth.training.folded import synthesize_folded
from synth.training.losses import crop_face, find_picture_loss, find_psnr, make_focus
from synth.training.parameters import EMOTION_SLICE, make_target_latents
from synth.types import to_frames, to_images

#: The first pictures of the data set are never trained on.
HELD_OUT = 256
EMOTION_ROWS = 8
EMA_DECAY = 0.995
SAVE_EVERY_S = 240
CONFIG = StyleGAN2Config(
    resolution=512,
    mapping_layers=6,
    mapping_lr_multiplier=1.0,
    mapping_last_linear=True,
    # Narrow: on two cores, more pictures seen beat more channels.
    channels=(192, 192, 192, 160, 96, 48, 32, 16),
)


@dataclass(frozen=True)
class Stage:
    """Train up to `resolution` with `pictures` pictures in batches, learning rate from `rate`."""

    resolution: int
    pictures: int
    batch: int
    rate: float


#: Two cores: about an hour and a half. Learning rates are about ten times those of a GAN, since
#: the raw weights are N(0, 1).
PLANS = {
    "cpu": (
        Stage(16, 16_000, 8, 1.5e-2),
        Stage(32, 24_000, 8, 1.5e-2),
        Stage(64, 18_000, 8, 1.0e-2),
        Stage(128, 14_000, 8, 7e-3),
        Stage(256, 13_000, 8, 5e-3),
        Stage(512, 1_600, 4, 3e-3),
    ),
    "gpu": (
        Stage(32, 200_000, 64, 1.5e-2),
        Stage(64, 400_000, 64, 1.0e-2),
        Stage(128, 600_000, 32, 7e-3),
        Stage(256, 800_000, 32, 5e-3),
        Stage(512, 400_000, 16, 3e-3),
    ),
    "smoke": (Stage(32, 64, 8, 1e-2), Stage(64, 32, 8, 1e-2)),
}


class Trainer:
    """One run: network, average, optimiser and where in the plan it stands."""

    def __init__(
        self,
        data: FaceDataset,
        folder: Path,
        plan: tuple[Stage, ...],
        config: StyleGAN2Config = CONFIG,
        device: str = "cpu",
        seed: int = 0,
    ) -> None:
        torch.manual_seed(seed)
        self.data, self.folder, self.plan = data, folder, plan
        self.device = torch.device(device)
        self.generator = StyleGAN2(config).to(self.device, memory_format=torch.channels_last)
        self.average = StyleGAN2(config).to(self.device, memory_format=torch.channels_last)
        for network in (self.generator, self.average):
            network.dtype = torch.bfloat16
            for block in network.synthesis.children():
                block.torgb.weight.data.mul_(0.05)
        self.average.load_state_dict(self.generator.state_dict())
        self.average.requires_grad_(False)
        self.random = np.random.default_rng(seed)
        self.stage_index, self.seen = 0, 0
        self.optimizer = self._make_optimizer()
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def stage(self) -> Stage:
        """The stage being trained."""
        return self.plan[self.stage_index]

    def _make_optimizer(self) -> torch.optim.Adam:
        parameters = self.generator.synthesis.parameters()
        return torch.optim.Adam(parameters, lr=0.0, betas=(0.9, 0.99), fused=True)

    def run(self) -> None:
        """Train to the end of the plan, from wherever the folder's state stands."""
        self._load_state()
        while self.stage_index < len(self.plan):
            self._run_stage()
            self._report()
            self.stage_index, self.seen = self.stage_index + 1, 0
            self.optimizer = self._make_optimizer()
            self._save_state()

    def _run_stage(self) -> None:
        stage, saved_s = self.stage, time.monotonic()
        focus = make_focus(stage.resolution).to(self.device)
        print(f"stage {stage.resolution}: {self.seen} of {stage.pictures} pictures", flush=True)
        while self.seen < stage.pictures:
            self._set_rate()
            self._step(stage, focus)
            self.seen += stage.batch
            if time.monotonic() - saved_s > SAVE_EVERY_S:
                self._save_state()
                self._report()
                saved_s = time.monotonic()

    def _set_rate(self) -> None:
        """Warm up for 50 steps, then follow half a cosine down to a fiftieth."""
        progress = self.seen / self.stage.pictures
        warm = min(1.0, (self.seen / self.stage.batch + 1) / 50)
        rate = self.stage.rate * warm * (0.02 + 0.49 * (1 + math.cos(math.pi * progress)))
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def _step(self, stage: Stage, focus: Tensor) -> None:
        pictures = self.data.pictures[stage.resolution]
        picks = np.sort(self.random.integers(HELD_OUT, len(pictures), stage.batch))
        target = to_images(pictures[picks]).to(self.device)
        w_plus = self._make_rows(self.data.parameters[picks]).to(self.device)
        output = synthesize_folded(self.generator.synthesis, w_plus, stage.resolution)
        loss = find_picture_loss(output, target, focus)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        decay = min(EMA_DECAY, (self.seen / stage.batch + 1) / (self.seen / stage.batch + 10))
        with torch.no_grad():
            average = list(self.average.synthesis.parameters())
            torch._foreach_lerp_(average, list(self.generator.synthesis.parameters()), 1 - decay)

    def _make_rows(self, parameters: np.ndarray) -> Tensor:
        """w* in all rows; beyond the emotion's rows, for half the batch, another's emotion."""
        w = torch.from_numpy(make_target_latents(parameters))
        swapped = parameters.copy()
        half = len(parameters) // 2
        others = self.random.permutation(len(parameters))[:half]
        swapped[:half, EMOTION_SLICE] = parameters[others, EMOTION_SLICE]
        late = torch.from_numpy(make_target_latents(swapped))
        rows = self.generator.num_layers
        return torch.stack([w] * EMOTION_ROWS + [late] * (rows - EMOTION_ROWS), 1)

    @torch.no_grad()
    def _report(self) -> None:
        """Held-out PSNR of the average network into log.csv, and a sheet of faces."""
        size = self.stage.resolution
        whole, face, sheet = [], [], []
        for start in range(0, HELD_OUT, 32):
            batch = slice(start, start + 32)
            target = to_images(np.array(self.data.pictures[size][batch]))
            w = torch.from_numpy(make_target_latents(self.data.parameters[batch]))
            w_plus = w[:, None].expand(-1, self.average.num_layers, -1).to(self.device)
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
        with open(self.folder / "log.csv", "a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, row).writerow(row)
        picture = np.concatenate([np.concatenate(list(line), 1) for line in sheet], 0)
        with write_atomically(self.folder / f"sheet_{size}.png") as path:
            Image.fromarray(picture).save(path)

    def _save_state(self) -> None:
        state = {
            "generator": self.generator.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "stage_index": self.stage_index,
            "seen": self.seen,
        }
        with write_atomically(self.folder / "state.pt") as path:
            torch.save(state, path)

    def _load_state(self) -> None:
        path = self.folder / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.generator.load_state_dict(state["generator"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.stage_index, self.seen = state["stage_index"], state["seen"]
        # Other pictures than before the stop, in an order fixed by where it stopped.
        self.random = np.random.default_rng([self.stage_index, self.seen])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of synth.training.dataset")
    parser.add_argument("--run", type=Path, required=True, help="folder of this run")
    parser.add_argument("--plan", choices=sorted(PLANS), default="cpu")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    data = load_dataset(a.data)
    Trainer(data, a.run, PLANS[a.plan], CONFIG, a.device, a.seed).run()


if __name__ == "__main__":
    main()
