"""The seam between latents and pictures: what every generator offers.

Symbols: z a standard normal latent [batch, z_dim]; w the mapped latent [batch, w_dim]; W+ one row
of w per layer [batch, layer, w_dim]. Layer count, width and resolution are read from the
generator, never written as 18, 512, 1024.
"""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from synth.types import Images, WPlus, Z

#: The shares of a conditional generator's classes, a row for each latent or one for all.
ClassWeights = Float[Tensor, "#batch classes"]
NoiseMode = Literal["const", "none", "random"]


@runtime_checkable
class Generator(Protocol):
    """A network that turns W+ into images. StyleGAN2 is the first; others join by this protocol."""

    z_dim: int
    w_dim: int
    num_layers: int
    resolution: int
    #: A short name for people, and the sha256 of the weights' file for scorecards and cards.
    name: str
    sha256: str

    def mapping(
        self,
        z: Z,
        class_weights: ClassWeights | None = None,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> WPlus:
        """z [batch, z_dim] -> W+ [batch, layer, w_dim], truncated towards the mean latent.

        `truncation_psi` 1 leaves w as it is, 0 gives the mean face; `truncation_cutoff` limits
        truncation to the first layers. `class_weights` [batch, classes] are the shares of the
        classes of a conditional generator (`capabilities.class_names`); others take none.
        """
        ...

    def synthesis(
        self, w_plus: WPlus, noise_mode: NoiseMode = "const", noise_seed: int | None = None
    ) -> Images:
        """W+ [batch, layer, w_dim] -> images [batch, 3, resolution, resolution], not clipped."""
        ...


def name_weights(name: str, sha256: str) -> str:
    """A generator as messages tell it from others: its name and the sha256 of its weights' file."""
    return f"{name} (sha256 {sha256[:12] or 'unknown'})"
