"""A latent and shares of classes become W+: what a footage's path does at each of its times.

In: z in [-2, 2] and, where the generator has classes or emotions, shares of them. Out: W+.

    ClassRows    a class-conditional generator: w = mapping(z, shares)
    FaceRows     a generator with emotion directions: the face, led away by mapping(z), brought to
                 calm, and each emotion's direction added by its share
    PlainRows    any other: the face, led away by mapping(z)

Symbols: f the film's face, k how far latents lead away from it: w = f + k (mapping(z) - f).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from synth.devices import find_device
from synth.faces.face import Face
from synth.generators.bounded_normal import extend_normal
from synth.generators.capabilities import find_capabilities
from synth.motion.direction_sets import DirectionSet
from synth.motion.masks import LayerMask
from synth.motion.neutral import find_start
from synth.types import WPlus

Latents = Float[Tensor, "time z_dim"]
ClassShares = Float[Tensor, "time classes"]


@runtime_checkable
class RowMaker(Protocol):
    """z and shares of the same times -> W+ [time, layer, w_dim] on the CPU."""

    def __call__(self, z: Latents, shares: ClassShares | None) -> WPlus:
        """W+ of these times."""
        ...


@dataclass(frozen=True, eq=False)
class PlainRows:
    """The face, led away by latents; `away` is k."""

    face: Face
    psi: float | int
    away: float | int

    def __call__(self, z: Latents, shares: ClassShares | None) -> WPlus:
        """W+ of these times; a fixed class, if any, is the generator's own."""
        return self.lead(z, None)

    def lead(self, z: Latents, class_weights: ClassShares | None) -> WPlus:
        """f + k (mapping(z) - f)."""
        generator = self.face.generator
        device = find_device(generator)
        weights = None if class_weights is None else class_weights.to(device)
        with torch.no_grad():
            normal = extend_normal(z).float().to(device)
            found = generator.mapping(normal, class_weights=weights, truncation_psi=self.psi)
        found = found.float().cpu()
        # At 1 the face itself must not show, not by rounding either: it is of another class.
        return found if self.away == 1 else torch.lerp(self.face.rows.cpu(), found, self.away)


@dataclass(frozen=True, eq=False)
class ClassRows:
    """Classes of the generator itself. columns: its class for each column of the shares, or None
    where the shares are its classes already."""

    plain: PlainRows
    columns: tuple[int, ...] | None = None

    def __call__(self, z: Latents, shares: ClassShares | None) -> WPlus:
        """W+ of these times."""
        assert shares is not None
        if self.columns is not None:
            classes = len(find_capabilities(self.plain.face.generator).class_names)
            placed = shares.new_zeros(len(shares), classes)
            placed[:, list(self.columns)] = shares
            shares = placed
        return self.plain.lead(z, shares.float())


@dataclass(frozen=True, eq=False)
class FaceRows:
    """Emotions by directions; the shares' columns are the seven emotions."""

    plain: PlainRows
    fitted: DirectionSet
    mask: LayerMask
    calm_first: bool = True

    def __call__(self, z: Latents, shares: ClassShares | None) -> WPlus:
        """W+ of these times. Raises ValueError for a mask or directions that do not fit."""
        assert shares is not None
        led = self.plain.lead(z, None)
        starts = [find_start(rows, self.fitted, self.mask, self.calm_first) for rows in led]
        w_plus = torch.stack(starts)
        for emotion, direction in self.fitted.directions.items():
            step = direction.step(self.mask, w_plus)
            w_plus = w_plus + shares[:, int(emotion), None, None].to(w_plus) * step
        return w_plus
