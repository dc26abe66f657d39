"""What one training step looks at: pictures, their W+, patches, all fixed by seed and step.

Every step has a source of chance of its own, so that reading ahead, stopping and going on change
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from synth.generators.bundled_parameters import make_target_latents
from synth.learning.rendered_faces import HELD_OUT, FaceDataset
from synth.types import to_images
from synth.workshop.training.order import PictureOrder
from synth.workshop.training.patches import Patches, draw_patches
from synth.workshop.training.plans import Stage

#: The perceptual and adversarial terms look at parts of at most this many pixels.
PART_PX = 128


@dataclass(frozen=True)
class Step:
    """Which step of a run: its stage's place in the plan, and the pictures seen in it before."""

    stage_index: int
    seen: int


@dataclass(frozen=True)
class Reading:
    """A step's pictures: W+ [n, layer, w_dim], renders [n, 3, r, r], where patches lie (None: whole
    pictures), the corner (y, x) and side of what the costly terms look at, and where the order of
    pictures stands after it, to be saved once the step is done.
    """

    w_plus: Tensor
    target: Tensor
    patches: Patches | None
    part: tuple[int, int, int]
    order: dict[str, dict[str, int]]

    def split(self, count: int) -> list[Reading]:
        """At most `count` parts of about equal size."""
        parts = []
        for places in np.array_split(np.arange(len(self.w_plus)), count):
            if not len(places):
                continue
            rows = slice(int(places[0]), int(places[-1]) + 1)
            patches = self.patches
            if patches is not None:
                each = len(patches.corners) // len(self.w_plus)
                patches = patches.take(slice(rows.start * each, rows.stop * each))
            w_plus, target = self.w_plus[rows], self.target[rows]
            parts.append(replace(self, w_plus=w_plus, target=target, patches=patches))
        return parts

    def move_to(self, device: torch.device) -> Reading:
        """The same on a device."""
        return replace(self, w_plus=self.w_plus.to(device), target=self.target.to(device))


class BatchReader:
    """Reads the pictures of steps from a data set, which may grow between `reopen`s."""

    def __init__(self, open_data: Callable[[], FaceDataset], seed: int, num_layers: int) -> None:
        self._open_data, self.seed, self.num_layers = open_data, seed, num_layers
        self.order = PictureOrder(seed, HELD_OUT)
        self._data: FaceDataset | None = None

    @property
    def data(self) -> FaceDataset:
        """The data set as it was when it was last opened."""
        if self._data is None:
            self._data = self._open_data()
        return self._data

    def reopen(self) -> None:
        """Take in what has been finished since."""
        self._data = self._open_data()

    def read(self, stage: Stage, step: Step) -> Reading:
        """The step's pictures, never held-out ones."""
        pictures = self.data.pictures[stage.resolution]
        picks = self.order.draw(stage.resolution, len(pictures), stage.batch)
        places = np.random.default_rng([self.seed, step.stage_index, step.seen])
        w = torch.from_numpy(make_target_latents(self.data.parameters[picks]))
        w_plus = w[:, None].expand(-1, self.num_layers, -1)
        patches, side = None, stage.resolution
        if stage.trunk:
            count = stage.batch * stage.patches
            patches = draw_patches(places, count, stage.patch, stage.trunk)
            side = stage.patch * stage.resolution // stage.trunk
        part_px = min(PART_PX, side)
        y, x = map(int, places.integers(0, side - part_px + 1, 2))
        target = to_images(pictures[picks])
        return Reading(w_plus, target, patches, (y, x, part_px), self.order.state_dict())
