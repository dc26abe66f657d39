"""The mapping network: z -> w, then one row of w per layer, truncated towards the mean.

Symbols: z a standard normal latent [batch, z_dim]; w [batch, w_dim]; w_avg the mean of w over z,
stored beside the weights; psi the truncation, w' = w_avg + psi (w - w_avg).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from synth.generators.layers import EqualizedLinear, normalize_second_moment
from synth.types import WPlus, Z


class MappingNetwork(nn.Module):
    """Fully connected layers `fc0` ... with a label embedding `embed` for conditional networks."""

    w_avg: Tensor

    def __init__(
        self,
        z_dim: int,
        c_dim: int,
        w_dim: int,
        depth: int,
        num_layers: int | None = None,
        lr_multiplier: float = 0.01,
        last_linear: bool = False,
    ) -> None:
        super().__init__()
        self.z_dim, self.c_dim, self.w_dim = z_dim, c_dim, w_dim
        self.depth = depth
        self.num_layers = num_layers
        if c_dim:
            self.embed = EqualizedLinear(c_dim, w_dim)
        width = z_dim + (w_dim if c_dim else 0)
        for index in range(depth):
            activated = index < depth - 1 or not last_linear
            layer = EqualizedLinear(width, w_dim, activated, lr_multiplier=lr_multiplier)
            self.add_module(f"fc{index}", layer)
            width = w_dim
        if num_layers is not None:
            self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(
        self,
        z: Z,
        class_labels: Tensor | None = None,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> WPlus:
        """z [batch, z_dim] -> W+ [batch, layer, w_dim].

        Labels are one-hot [batch, c_dim] or class numbers [batch]. psi 1 leaves w as it is, 0 gives
        the mean; a cutoff truncates only that many first layers.
        Raises ValueError for a z of another width or missing labels.
        """
        if self.num_layers is None:
            raise ValueError("needs a mapping network with layers to map to; got a class embedding")
        rows = self.map_latents(z, class_labels)[:, None].repeat(1, self.num_layers, 1)
        if truncation_psi == 1:
            return rows
        cutoff = self.num_layers if truncation_cutoff is None else truncation_cutoff
        truncated = self.w_avg.lerp(rows[:, :cutoff], truncation_psi)
        return torch.cat((truncated, rows[:, cutoff:]), 1)

    def map_latents(
        self, z: Tensor | None, class_labels: Tensor | None = None
    ) -> Float[Tensor, "batch w_dim"]:
        """z [batch, z_dim] -> w [batch, w_dim], not truncated (z is None where z_dim is 0)."""
        parts = []
        if z is not None and self.z_dim:
            if z.ndim != 2 or z.shape[1] != self.z_dim:
                raise ValueError(f"needs z of shape [batch, {self.z_dim}]; got {list(z.shape)}")
            parts.append(normalize_second_moment(z.float()))
        if self.c_dim:
            parts.append(normalize_second_moment(self.embed(self.check_labels(class_labels))))
        x = torch.cat(parts, 1)
        for index in range(self.depth):
            x = self.get_submodule(f"fc{index}")(x)
        return x

    def check_labels(self, class_labels: Tensor | None) -> Float[Tensor, "batch c_dim"]:
        """Class numbers or one-hot rows -> one-hot rows in float32."""
        if class_labels is None:
            raise ValueError(
                f"needs class labels, since this network has {self.c_dim} classes; got none; "
                f"try class numbers from 0 to {self.c_dim - 1}"
            )
        if class_labels.ndim == 1 and not class_labels.is_floating_point():
            if class_labels.min() < 0 or class_labels.max() >= self.c_dim:
                raise ValueError(
                    f"needs class numbers from 0 to {self.c_dim - 1}; got {class_labels.tolist()}"
                )
            return F.one_hot(class_labels.long(), self.c_dim).float()
        if class_labels.ndim != 2 or class_labels.shape[1] != self.c_dim:
            raise ValueError(
                f"needs labels of shape [batch] or [batch, {self.c_dim}]; "
                f"got {list(class_labels.shape)}"
            )
        return class_labels.float()
