"""Sizes of the network that tests of faster forms draw with."""

from synth.generators.config import StyleGAN2Config

SMALL_CONFIG = StyleGAN2Config(
    resolution=16, z_dim=8, w_dim=8, mapping_layers=1, channel_base=256, channel_max=32
)
