"""What fixes a StyleGAN3's shape: sampling rates, cutoffs and sizes of every layer.

Symbols (section 3.2 and appendix C of the paper): layer i of N; f_c its cutoff, f_t its stopband,
f_h = max(f_t, s/2) - f_c the half-width of its transition band, s its sampling rate, all in cycles
or samples a picture width. They grow geometrically up to the critically sampled last layers:

    f_c[i] = f_c0 (f_cN / f_c0)^min(i / (N - N_crit), 1),    f_cN = resolution / 2
    f_t[i] = f_t0 (f_tN / f_t0)^min(i / (N - N_crit), 1),    f_tN = f_cN 2^0.3
    s[i] = 2^ceil(log2(min(2 f_t[i], resolution)))

A file names the numbers themselves, one for each layer, so that networks of another rule can be
read too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from synth.generators.sizes import LARGEST_RESOLUTION, check_limits, read_record, write_record
from synth.limits import check_positive

MOST_LAYERS = 64
MOST_TAPS = 64
#: Pixels around the picture that feature maps have, so that nothing enters from the border.
MARGIN_PX = 10


@dataclass(frozen=True)
class StyleGAN3Config:
    """Sizes of a StyleGAN3; `design` fills in the paper's rule.

    cutoffs, half_widths, rates, sizes, channels: one for each layer, the one to RGB included;
        layer i reads what layer i-1 gives, and layer 0 reads the Fourier features, which have the
        first entries too. critical: how many layers before RGB are critically sampled.
    conv_kernel: 3 for configuration T, 1 for R. radial: downsampling filters are radially
        symmetric, except in critical layers (R). taps: filter taps for each sample of the lower
        rate. oversampling: how much finer nonlinearities are computed than their layer.
    output_scale: of the last layer's output. class_names: as in StyleGAN2Config.
    Raises ValueError for sizes that make no network.
    """

    resolution: int
    cutoffs: tuple[float, ...]
    half_widths: tuple[float, ...]
    rates: tuple[int, ...]
    sizes: tuple[int, ...]
    channels: tuple[int, ...]
    z_dim: int = 512
    c_dim: int = 0
    w_dim: int = 512
    mapping_layers: int = 2
    mapping_lr_multiplier: float = 0.01
    critical: int = 2
    conv_kernel: int = 3
    radial: bool = False
    taps: int = 6
    oversampling: int = 2
    output_scale: float = 0.25
    conv_clamp: float | None = 256.0
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        rows = (self.cutoffs, self.half_widths, self.rates, self.sizes, self.channels)
        if len({len(row) for row in rows}) != 1 or not 2 <= len(self.rates) <= MOST_LAYERS:
            raise ValueError(
                f"needs cutoffs, half_widths, rates, sizes and channels of 2 to {MOST_LAYERS} "
                f"layers; got {[len(row) for row in rows]}"
            )
        check_positive(self, "z_dim", "w_dim", "mapping_layers", "mapping_lr_multiplier")
        if min(*self.channels, *self.sizes, *self.rates) < 1 or self.c_dim < 0:
            raise ValueError("needs widths, sizes and rates of at least 1; got smaller ones")
        if not (all(map(math.isfinite, (*self.cutoffs, *self.half_widths)))):
            raise ValueError("needs finite cutoffs and half_widths; got others")
        if min(*self.cutoffs, *self.half_widths) <= 0:
            raise ValueError("needs cutoffs and half_widths above 0; got others")
        if self.sizes[-1] != self.resolution or self.channels[-1] not in (1, 3):
            raise ValueError(
                f"needs a last layer of {self.resolution} pixels and 3 colours; "
                f"got {self.sizes[-1]} and {self.channels[-1]}"
            )
        self._check_filters()
        if self.class_names and len(self.class_names) != self.c_dim:
            raise ValueError(f"needs {self.c_dim} class names or none; got {len(self.class_names)}")

    def _check_filters(self) -> None:
        if self.conv_kernel not in (1, 3) or not 0 <= self.critical < len(self.rates):
            raise ValueError(f"needs conv_kernel 1 or 3; got {self.conv_kernel}")
        if not 1 <= self.taps <= MOST_TAPS or not 1 <= self.oversampling <= 8:
            raise ValueError(f"needs 1 to {MOST_TAPS} taps and up to 8-fold oversampling")
        for before, after in zip(self.rates[:-1], self.rates[1:], strict=True):
            if max(before, after) % before or max(before, after) // before > 8 or after < before:
                raise ValueError(f"needs rates that grow by whole factors; got {self.rates}")

    @property
    def num_layers(self) -> int:
        """Rows of W+: one for the Fourier features, and one for each layer."""
        return len(self.rates) + 1

    def to_json(self) -> str:
        """A JSON object that `from_json` reads back to an equal record."""
        return write_record(self)

    @classmethod
    def from_json(cls, text: str) -> StyleGAN3Config:
        """Read `to_json`'s text. Raises ValueError when it is no such record, or a huge one."""
        config = read_record(cls, text, "a StyleGAN3 configuration")
        check_limits(config.mapping_layers, config.resolution, config.c_dim)
        if max(*config.rates, *config.sizes) > 2 * LARGEST_RESOLUTION:
            raise ValueError(f"needs at most {2 * LARGEST_RESOLUTION} samples; got more")
        return config


@dataclass(frozen=True)
class Widths:
    """How wide a designed network is: min(base / 2 / f_c, most) channels in a layer."""

    base: int = 32768
    most: int = 512


def design_t(resolution: int, widths: Widths = Widths(), **sizes: int) -> StyleGAN3Config:
    """Configuration T: equivariant to translation; 14 layers. `sizes`: z_dim, w_dim ..."""
    return StyleGAN3Config(**_design(resolution, widths), **sizes)  # pyright: ignore


def design_r(resolution: int, widths: Widths = Widths(), **sizes: int) -> StyleGAN3Config:
    """Configuration R: equivariant to rotation too, by 1x1 kernels and radial filters.

    The paper gives it twice the channels of T: `Widths(65536, 1024)` at full size.
    """
    designed = _design(resolution, widths)
    return StyleGAN3Config(**designed, conv_kernel=1, radial=True, **sizes)  # pyright: ignore


def _design(resolution: int, widths: Widths, layers: int = 14, critical: int = 2) -> dict:
    """The rule above, with f_c0 = 2 and f_t0 = 2^2.1."""
    steps = [min(i / (layers - critical), 1) for i in range(layers + 1)]
    last = resolution / 2
    cutoffs = [2 * (last / 2) ** step for step in steps]
    stopbands = [2**2.1 * (last * 2**0.3 / 2**2.1) ** step for step in steps]
    rates = [2 ** math.ceil(math.log2(min(2 * f, resolution))) for f in stopbands]
    sizes = [rate + 2 * MARGIN_PX for rate in rates]
    sizes[-2:] = [resolution] * 2
    channels = [round(min(widths.base / 2 / f, widths.most)) for f in cutoffs]
    channels[-1] = 3
    halves = [max(f_t, s / 2) - f for f, f_t, s in zip(cutoffs, stopbands, rates, strict=True)]
    return {
        "resolution": resolution,
        "cutoffs": tuple(cutoffs),
        "half_widths": tuple(halves),
        "rates": tuple(rates),
        "sizes": tuple(sizes),
        "channels": tuple(channels),
        "critical": critical,
    }
