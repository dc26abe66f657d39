"""The mapping network: z -> w, then one row of w per layer, truncated towards the mean.

Symbols: z a standard normal latent [batch, z_dim]; w [batch, w_dim]; w_avg the mean of w over z,
stored beside the weights; psi the truncation, w' = w_avg + psi (w - w_avg).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from synth.generators.base import ClassWeights
from synth.generators.classes import check_class_weights
from synth.generators.layers import EqualizedLinear, normalize_second_moment
from synth.types import WPlus, Z


@dataclass(frozen=True)
class MappingSettings:
    """Sizes of a mapping network.

    depth: fully connected layers; num_layers: rows of W+, None for a class embedding alone.
    lr_multiplier: by which the layers' weights are smaller than stored. last_linear: the last layer
    has no activation.
    """

    z_dim: int
    c_dim: int
    w_dim: int
    depth: int
    num_layers: int | None = None
    lr_multiplier: float = 0.01
    last_linear: bool = False


class MappingNetwork(nn.Module):
    """Fully connected layers `fc0` ... with a label embedding `embed` for conditional networks."""

    w_avg: Tensor

    def __init__(self, settings: MappingSettings) -> None:
        super().__init__()
        z_dim, c_dim, w_dim = settings.z_dim, settings.c_dim, settings.w_dim
        self.z_dim, self.c_dim, self.w_dim = z_dim, c_dim, w_dim
        self.depth = depth = settings.depth
        self.num_layers = settings.num_layers
        #: [1, c_dim], taken where a call gives no class weights; see `classes.fix_classes`.
        self.fixed_weights: Tensor | None = None
        if c_dim:
            self.embed = EqualizedLinear(c_dim, w_dim)
        width = z_dim + (w_dim if c_dim else 0)
        for index in range(depth):
            activated = index < depth - 1 or not settings.last_linear
            layer = EqualizedLinear(width, w_dim, activated, lr_multiplier=settings.lr_multiplier)
            self.add_module(f"fc{index}", layer)
            width = w_dim
        if settings.num_layers is not None:
            self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(
        self,
        z: Z,
        class_weights: ClassWeights | None = None,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> WPlus:
        """z [batch, z_dim] -> W+ [batch, layer, w_dim].

        Class weights [batch, c_dim] (or [1, c_dim] for all) are the shares of the classes; None
        takes `fixed_weights`. psi 1 leaves w as it is, 0 gives the mean; a cutoff truncates only
        that many first layers.
        Raises ValueError for a z of another width, and for weights that are missing or misfit.
        """
        if self.num_layers is None:
            raise ValueError("needs a mapping network with layers to map to; got a class embedding")
        rows = self.map_latents(z, class_weights)[:, None].repeat(1, self.num_layers, 1)
        if truncation_psi == 1:
            return rows
        cutoff = self.num_layers if truncation_cutoff is None else truncation_cutoff
        truncated = self.w_avg.lerp(rows[:, :cutoff], truncation_psi)
        return torch.cat((truncated, rows[:, cutoff:]), 1)

    def map_latents(
        self, z: Tensor | None, class_weights: ClassWeights | None = None
    ) -> Float[Tensor, "batch w_dim"]:
        """z [batch, z_dim] -> w [batch, w_dim], not truncated (z is None where z_dim is 0)."""
        parts = []
        if z is not None and self.z_dim:
            if z.ndim != 2 or z.shape[1] != self.z_dim:
                raise ValueError(f"needs z of shape [batch, {self.z_dim}]; got {list(z.shape)}")
            parts.append(normalize_second_moment(z.float()))
        batch = len(parts[0]) if parts else 1 if class_weights is None else len(class_weights)
        given = self.fixed_weights if class_weights is None else class_weights
        weights = check_class_weights(given, self.c_dim, batch)
        if weights is not None:
            embedded = self.embed(weights.to(self.embed.weight.device))
            parts.append(normalize_second_moment(embedded))
        x = torch.cat(parts, 1)
        for index in range(self.depth):
            x = self.get_submodule(f"fc{index}")(x)
        return x
