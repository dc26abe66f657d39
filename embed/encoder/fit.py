"""A coarse encoder learns to tell W+ from pictures that the generator draws for it.

Losses: squared error of coordinates, each axis weighted by how far w varies along it, and, of a
few pictures in each batch, the mean square and the perceptual distance between the picture and
what the guess draws at the same low resolution. Figures are of held-out faces; beside each stands
that of the mean latent. The run can be stopped at any time; the same call goes on.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from embed.encoder.figures import save_learning_curve, save_sheet
from embed.encoder.networks import EncoderNetwork, EncoderSizes, load_imagenet_start
from embed.encoder.plan import EncoderPlan
from embed.encoder.samples import (
    CHUNK,
    PictureSource,
    change_pictures,
    from_bytes,
    to_bytes,
)
from embed.encoder.store import check_has_file
from embed.inversion.latent_spaces import WStatistics, measure_w
from embed.inversion.objective import choose_stage_dtype, computing_in
from synth.devices import find_device
from synth.generators.base import Generator
from synth.generators.capabilities import count_rows
from synth.learning.fitting import fit_network, seed_for
from synth.learning.losses import Distance, find_psnr
from synth.storage.assets import fetch_asset
from synth.types import Images

#: Added to the seed: held-out faces, and chance changes, are drawn apart from training faces.
HELD_OUT_SEED, CHANGE_SEED = 1, 2
SHEET_FACES = 8


@dataclass(frozen=True, eq=False)
class Wanted:
    """What the network should say [batch, row, axis], and the pictures as the generator drew them
    [compared, 3, n, n] of the last ones in the batch."""

    coordinates: Tensor
    pictures: Tensor


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Faces that are never trained on: the first half plain, the others of rows that differ.

    inputs, changed: as they are and as photos might be; psnr, perceptual: of the mean latent.
    """

    coordinates: Tensor
    inputs: Images
    changed: Images
    mean_psnr: float
    mean_perceptual: float


class EncoderTask:
    """Batches, loss and held-out figures for one generator; `folder` gets the sheet of faces."""

    def __init__(
        self,
        generator: Generator,
        statistics: WStatistics,
        distance: Distance,
        plan: EncoderPlan,
        folder: Path,
    ) -> None:
        self.source = PictureSource(generator, statistics, plan)
        self.statistics, self.plan, self.folder = statistics, plan, folder
        self.device = find_device(generator)
        self.axis_weights = statistics.spreads / statistics.spreads.mean()
        self._distance = distance
        self._held_out: HeldOut | None = None

    def draw_batch(self, step: int) -> tuple[Tensor, Wanted]:
        """Pictures, some of them changed, and what should be said of them."""
        plan = self.plan
        random = seed_for(plan.seed + CHANGE_SEED, step)
        pictures, coordinates = self.source.take(self.source.pick_numbers(step, random))
        images = from_bytes(pictures)
        inputs = change_pictures(images, random, plan.changed, plan.change).clamp(-1, 1)
        compared = images[len(images) - plan.compared :]
        wanted = Wanted(coordinates.to(self.device), compared.to(self.device))
        return inputs.to(self.device), wanted

    def find_loss(self, output: Tensor, wanted: Wanted) -> Tensor:
        """Error of coordinates, and of a few pictures."""
        loss = ((output - wanted.coordinates).square() * self.axis_weights).mean()
        if not len(wanted.pictures):
            return loss
        drawn = self._draw(output[len(output) - len(wanted.pictures) :])
        pixel = (drawn - wanted.pictures).square().mean()
        with torch.autocast(self.device.type, torch.bfloat16):
            perceptual = self._distance(drawn, wanted.pictures).float().mean()
        return loss + self.plan.pixel_weight * pixel + self.plan.perceptual_weight * perceptual

    def measure(self, network: nn.Module) -> dict[str, float]:
        """How much of the held-out coordinates' variance is told, how close pictures come."""
        held_out = self._get_held_out()
        found = torch.cat([network(part).float() for part in held_out.inputs.split(CHUNK)])
        changed = torch.cat([network(part).float() for part in held_out.changed.split(CHUNK)])
        truth, half = held_out.coordinates, len(held_out.coordinates) // 2
        psnr, perceptual = self._compare(found, held_out.inputs)
        guesses = torch.cat([self._draw(part) for part in found[:SHEET_FACES].split(CHUNK)])
        save_sheet(self.folder / "sheet.png", held_out.inputs[:SHEET_FACES], guesses)
        return {
            "told": self._find_told(found[:half], truth[:half]),
            "told_when_changed": self._find_told(changed[:half], truth[:half]),
            "told_of_rows": self._find_told(_keep_own(found[half:]), _keep_own(truth[half:])),
            "psnr_db": psnr,
            "psnr_db_of_mean": held_out.mean_psnr,
            "perceptual": perceptual,
            "perceptual_of_mean": held_out.mean_perceptual,
        }

    def _draw(self, coordinates: Tensor) -> Tensor:
        return self.source.draw(self.statistics.find_rows(coordinates))

    def _find_told(self, found: Tensor, truth: Tensor) -> float:
        """1 when all is told, 0 for the mean latent, weighted as in the loss."""
        missed = ((found - truth).square() * self.axis_weights).mean()
        whole = (truth.square() * self.axis_weights).mean()
        return round(1 - float(missed / whole.clamp_min(1e-9)), 4)

    def _compare(self, coordinates: Tensor, images: Tensor) -> tuple[float, float]:
        """Mean PSNR in dB and perceptual distance of what coordinates draw."""
        psnr, perceptual = [], []
        for part, target in zip(coordinates.split(CHUNK), images.split(CHUNK), strict=True):
            drawn = self._draw(part).clamp(-1, 1)
            psnr.append(find_psnr(drawn, target))
            perceptual.append(self._distance(drawn, target))
        means = [float(torch.cat(parts).mean()) for parts in (psnr, perceptual)]
        return round(means[0], 3), round(means[1], 4)

    @torch.no_grad()
    def _get_held_out(self) -> HeldOut:
        """Drawn when first asked for, kept from then on."""
        if self._held_out is None:
            plan, seed = self.plan, self.plan.seed + HELD_OUT_SEED
            half = plan.held_out // 2
            numbers = [list(range(half)), list(range(half, plan.held_out))]
            rows = torch.cat(
                [
                    self.source.draw_rows(some, changed, seed)
                    for some, changed in zip(numbers, (False, True), strict=True)
                ]
            )
            parts = [self.source.draw(part) for part in rows.split(CHUNK)]
            inputs = from_bytes(to_bytes(torch.cat(parts)))
            coordinates = self.statistics.find_coordinates(rows)
            random = seed_for(seed + CHANGE_SEED, 0)
            changed = change_pictures(inputs.cpu(), random, 1.0, plan.change).clamp(-1, 1)
            of_mean = self._compare(torch.zeros_like(coordinates), inputs)
            self._held_out = HeldOut(coordinates, inputs, changed.to(self.device), *of_mean)
        return self._held_out


def fit_encoder(
    generator: Generator, distance: Distance, plan: EncoderPlan, folder: Path
) -> tuple[EncoderNetwork, dict[str, str]]:
    """Train an encoder for `generator`, or go on with the run in `folder`; -> it and its card.

    distance: perceptual, of two batches of pictures, on the generator's device. The folder gets
    state.pt, log.csv, sheet.png (held-out faces above their guesses) and curve.png.
    Raises ValueError for a generator from no file, a resolution that it has not, and a folder that
    holds a run of another plan or generator; AssetError where ImageNet weights cannot be had.
    """
    check_has_file(generator)
    if plan.resolution > generator.resolution:
        raise ValueError(
            f"needs a resolution of at most {generator.resolution}, that of {generator.name}; got "
            f"{plan.resolution}; try plan.resolution={generator.resolution}"
        )
    plan = replace(plan, generator_sha256=generator.sha256)
    folder.mkdir(parents=True, exist_ok=True)
    statistics = choose_axes(measure_w(generator))
    network = make_network(generator, statistics, plan).to(find_device(generator))
    task = EncoderTask(generator, statistics, distance, plan, folder)
    # Both the thread that draws batches and the loss use the generator: its type is set once.
    with computing_in(generator, choose_stage_dtype("auto", False, task.device)):
        figures = fit_network(network, task.draw_batch, task.find_loss, task.measure, plan, folder)
    save_learning_curve(folder / "curve.png", folder / "log.csv")
    return network.eval().requires_grad_(False), describe_run(plan, figures)


def make_network(
    generator: Generator, statistics: WStatistics, plan: EncoderPlan
) -> EncoderNetwork:
    """A network with the plan's start, for this generator."""
    torch.manual_seed(plan.seed)
    sizes = EncoderSizes(
        plan.backbone,
        count_rows(generator, plan.resolution),
        generator.num_layers,
        generator.w_dim,
        len(statistics.spreads),
        plan.picture_px,
        plan.widths,
    )
    network = EncoderNetwork(sizes)
    network.use_statistics(statistics)
    if plan.start == "imagenet":
        load_imagenet_start(network, fetch_asset("resnet50"))
    return network


def choose_axes(statistics: WStatistics) -> WStatistics:
    """The axes along which w varies, the widest first; those that only count as if are left out."""
    spreads = statistics.spreads.flip(0)
    least = spreads.min() * (1 + 1e-5)
    varies = spreads > least
    if int((~varies).sum()) < 2 or not bool(varies.any()):
        varies = torch.ones_like(varies)
    return WStatistics(
        statistics.mean, statistics.axes.flip(1)[:, varies].contiguous(), spreads[varies]
    )


def describe_run(plan: EncoderPlan, figures: dict[str, float]) -> dict[str, str]:
    """The card: how it was made and what was measured, all as text."""
    return {
        "licence": "as the generator's",
        "command": "python -m scripts.train_encoder (docs/encoder.md)",
        "data": "random faces of the generator, drawn while training",
        "plan": json.dumps(asdict(plan)),
        "seed": str(plan.seed),
        "held_out": f"{plan.held_out} random faces of another seed, half of them of mixed rows",
        **{name: f"{value:g}" for name, value in figures.items()},
    }


def _keep_own(coordinates: Tensor) -> Tensor:
    """What each row has of its own."""
    return coordinates - coordinates.mean(1, keepdim=True)
