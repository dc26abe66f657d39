"""Pictures to learn from, of any generator, with the W+ that drew them.

Samples have numbers; everything about one is drawn from the seed and its number. In: a generator.
Out: W+ [batch, layer, w_dim] of random faces, some with the late rows of another face, some with a
block of rows pushed along a random direction (as edits do), and their pictures at a low
resolution. Rows that this resolution does not reach are like the last one that it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import UInt8
from torch import Tensor

from embed.encoder.networks import repeat_last_row
from embed.encoder.plan import EncoderPlan
from embed.inversion.latent_spaces import WStatistics
from embed.inversion.objective import draw_pictures
from embed.networks.vgg16 import reduce_images
from synth.devices import find_device
from synth.generators.base import Generator
from synth.generators.capabilities import count_rows
from synth.learning.augmentation import (
    add_grain,
    compress,
    jitter_colours,
    move_slightly,
    soften,
)
from synth.learning.fitting import seed_for
from synth.types import Images, WPlus

#: Pictures drawn at once.
CHUNK = 16
#: JPEG at its worst, and the least size that blurring goes down to as a share of the side.
WORST_QUALITY, LEAST_DETAIL = 40, 0.35
LARGEST_GRAIN = 0.15


@dataclass(frozen=True)
class RowChanges:
    """What makes the rows of one face differ: from `cut` on they are another face's, and rows
    `first` to before `last` are moved by `push` [axis], in standard deviations."""

    cut: int
    first: int
    last: int
    push: Tensor


class PictureSource:
    """Draws samples by number and keeps pictures for as long as they may be asked for again."""

    def __init__(self, generator: Generator, statistics: WStatistics, plan: EncoderPlan) -> None:
        self.generator, self.statistics, self.plan = generator, statistics, plan
        self.rows = count_rows(generator, plan.resolution)
        self._kept: dict[int, tuple[Tensor, Tensor]] = {}

    def pick_numbers(self, step: int, random: torch.Generator) -> list[int]:
        """The samples of a step: new ones, the others from the last `pool`."""
        plan = self.plan
        newest = plan.pool + (step + 1) * plan.fresh
        first, count = newest - plan.pool, plan.batch - plan.fresh
        # One too far, so that there is something to draw from if all pictures are new.
        old = torch.randint(first, newest - plan.fresh + 1, (count,), generator=random)
        numbers = torch.cat([torch.arange(newest - plan.fresh, newest), old])
        return numbers[torch.randperm(plan.batch, generator=random)].tolist()

    @torch.no_grad()
    def take(self, numbers: Sequence[int]) -> tuple[UInt8[Tensor, "batch 3 n n"], Tensor]:
        """Pictures and coordinates [batch, row, axis] on the CPU; older samples are forgotten."""
        missing = [number for number in dict.fromkeys(numbers) if number not in self._kept]
        for start in range(0, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            rows = self.draw_rows(chunk)
            pictures = to_bytes(self.draw(rows)).cpu()
            coordinates = self.statistics.find_coordinates(rows).cpu()
            for k, number in enumerate(chunk):
                self._kept[number] = (pictures[k], coordinates[k])
        pairs = [self._kept[number] for number in numbers]
        oldest = max(numbers) - self.plan.pool
        for number in [number for number in self._kept if number < oldest]:
            del self._kept[number]
        return torch.stack([pair[0] for pair in pairs]), torch.stack([pair[1] for pair in pairs])

    def draw(self, rows: Tensor) -> Images:
        """Rows [batch, row, w_dim] -> pictures summed up to `resolution`, `picture_px` a side."""
        w_plus = repeat_last_row(rows, self.generator.num_layers)
        pictures = draw_pictures(self.generator, w_plus, self.plan.resolution)
        return reduce_images(pictures.float(), self.plan.picture_px)

    @torch.no_grad()
    def draw_rows(
        self, numbers: Sequence[int], changed: bool | None = None, seed: int | None = None
    ) -> WPlus:
        """The rows that a picture tells, of samples by number, on the generator's device.

        changed: whether rows differ, None for the plan's chances; seed: the plan's if None.
        """
        plan, statistics = self.plan, self.statistics
        latents, psi, changes = [], [], []
        for number in numbers:
            random = seed_for(plan.seed if seed is None else seed, number)
            latents.append(torch.randn(2, self.generator.z_dim, generator=random))
            psi.append(float(torch.rand((), generator=random)))
            changes.append(self._draw_changes(random, changed))
        device = find_device(self.generator)
        z = torch.stack(latents).flatten(0, 1).to(device)
        w = self.generator.mapping(z)[:, 0].view(len(numbers), 2, -1)
        share = torch.tensor(psi, device=device)[:, None, None]
        w = statistics.mean + (plan.psi_low + (plan.psi_high - plan.psi_low) * share) * (
            w - statistics.mean
        )
        return torch.stack([self._apply(w[k], change) for k, change in enumerate(changes)])

    def _draw_changes(self, random: torch.Generator, changed: bool | None) -> RowChanges:
        """All chance is drawn whether it is used or not, so that settings change little else."""
        plan, rows = self.plan, self.rows
        chances = torch.rand(2, generator=random).tolist()
        cut, *ends = (int(torch.randint(1, rows + 1, (), generator=random)) for _ in range(3))
        direction = torch.randn(self.statistics.spreads.shape[0], generator=random)
        length = plan.push * float(torch.rand((), generator=random))
        mixed, pushed = (
            (chance < share) if changed is None else changed
            for chance, share in zip(chances, (plan.mixed, plan.pushed), strict=True)
        )
        first, last = min(ends) - 1, max(ends)
        push = direction / direction.norm().clamp_min(1e-6) * (length if pushed else 0.0)
        return RowChanges(cut if mixed else rows, first, last, push)

    def _apply(self, pair: Tensor, change: RowChanges) -> Tensor:
        """Two faces' w [2, w_dim] -> the rows of one sample."""
        rows = pair[0].repeat(self.rows, 1)
        rows[change.cut :] = pair[1]
        statistics = self.statistics
        push = change.push.to(rows.device) * statistics.spreads
        rows[change.first : change.last] += push @ statistics.axes.t()
        return rows


def change_pictures(
    pictures: Images, random: torch.Generator, share: float | int, strength: float | int
) -> Images:
    """The first `share` of the pictures as photos might be: colours, place, blur, JPEG, grain."""
    count = round(share * len(pictures))
    if not count or not strength:
        return pictures
    some = move_slightly(pictures[:count], random, 0.5 * strength)
    some = jitter_colours(some, random, strength)
    some = soften(some, random, 0.5, round(LEAST_DETAIL * pictures.shape[-1]))
    # From the other end, so that not always the same ones are both blurred and compressed.
    some = compress(some.flip(0), random, 0.5, WORST_QUALITY).flip(0)
    return torch.cat([add_grain(some, random, LARGEST_GRAIN), pictures[count:]])


def to_bytes(images: Images) -> UInt8[Tensor, "batch 3 height width"]:
    """Pictures in [-1, 1] -> bytes, clipped."""
    return images.mul(127.5).add_(127.5).round_().clamp_(0, 255).to(torch.uint8)


def from_bytes(pictures: UInt8[Tensor, "batch 3 height width"]) -> Images:
    """Bytes -> pictures in [-1, 1]."""
    return pictures.float().div_(127.5).sub_(1)
