"""What fixes a StyleGAN2's shape: one frozen record, kept as JSON beside the weights."""

from __future__ import annotations

from dataclasses import dataclass

from synth.generators.sizes import check_limits, read_record, write_record
from synth.limits import check_positive


@dataclass(frozen=True)
class StyleGAN2Config:
    """Sizes of a StyleGAN2; the defaults are config F of the paper at 1024x1024.

    resolution: output height and width, a power of two of at least 4.
    c_dim: number of classes, 0 for an unconditional network.
    channel_base, channel_max: a layer at resolution r has min(channel_base / r, channel_max)
        channels.
    channels: channels at 4, 8, 16, ... one by one, in place of the rule, for networks that no
        base and maximum describe.
    conv_clamp: bound of every layer's output, as networks trained in half precision have (256).
    mapping_last_linear: the last mapping layer has no activation.
    class_names: what the classes are called; none: 'class 0', 'class 1' ...
    Raises ValueError for sizes that make no network.
    """

    resolution: int = 1024
    z_dim: int = 512
    c_dim: int = 0
    w_dim: int = 512
    mapping_layers: int = 8
    mapping_lr_multiplier: float = 0.01
    mapping_last_linear: bool = False
    channel_base: int = 32768
    channel_max: int = 512
    channels: tuple[int, ...] | None = None
    img_channels: int = 3
    conv_clamp: float | None = None
    discriminator_mapping_layers: int = 8
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        resolution = self.resolution
        if resolution < 4 or resolution & (resolution - 1):
            raise ValueError(
                f"needs a resolution that is a power of two from 4 on; got {resolution}; "
                "try 256 or 1024"
            )
        check_positive(self, "z_dim", "w_dim", "mapping_layers", "mapping_lr_multiplier")
        check_positive(self, "channel_base", "channel_max", "img_channels")
        check_positive(self, "discriminator_mapping_layers")
        if self.c_dim < 0:
            raise ValueError(f"needs c_dim >= 0; got {self.c_dim}")
        if self.conv_clamp is not None:
            check_positive(self, "conv_clamp")
        if self.channels is not None and len(self.channels) != len(self.resolutions):
            raise ValueError(
                f"needs channels for each of the resolutions {list(self.resolutions)}; "
                f"got {len(self.channels)} numbers; try leaving channels out"
            )
        if self.class_names and len(self.class_names) != self.c_dim:
            raise ValueError(
                f"needs a name for each of {self.c_dim} classes or none; "
                f"got {len(self.class_names)}"
            )
        if min(map(self.channels_at, self.resolutions)) < 1:
            raise ValueError(
                "needs at least one channel at every resolution; "
                f"got {[self.channels_at(r) for r in self.resolutions]}; try a larger channel_base"
            )

    @property
    def resolutions(self) -> tuple[int, ...]:
        """4, 8, ... up to `resolution`."""
        return tuple(2**k for k in range(2, self.resolution.bit_length()))

    @property
    def num_layers(self) -> int:
        """Rows of W+: one per styled convolution and one for the last RGB layer."""
        return 2 * len(self.resolutions)

    def channels_at(self, resolution: int) -> int:
        """Feature maps of the block at `resolution`."""
        if self.channels is not None:
            return self.channels[resolution.bit_length() - 3]
        return min(self.channel_base // resolution, self.channel_max)

    def to_json(self) -> str:
        """A JSON object that `from_json` reads back to an equal record."""
        return write_record(self)

    @classmethod
    def from_json(cls, text: str) -> StyleGAN2Config:
        """Read `to_json`'s text. Raises ValueError when it is no such record, or a huge one."""
        config = read_record(cls, text, "a StyleGAN2 configuration")
        depth = max(config.mapping_layers, config.discriminator_mapping_layers)
        check_limits(depth, config.resolution, config.c_dim)
        return config
