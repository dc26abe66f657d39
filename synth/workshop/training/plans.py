"""What a training run does: its network and, one after another, its stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from synth.generators.config import StyleGAN2Config

#: The network of the bundled generator at its full size; a plan that stops earlier trains the
#: same network without its last layers. Narrow: what a CPU teaches is bounded by the pictures that
#: the network sees in the time there is (`benchmarks.widths`; docs/training-the-generator.md).
FULL_CONFIG = StyleGAN2Config(
    resolution=1024,
    mapping_layers=6,
    mapping_lr_multiplier=1.0,
    mapping_last_linear=True,
    channels=(128, 128, 128, 128, 96, 64, 32, 16, 8),
)

#: Where critics look at larger pictures reduced.
REDUCED_PX = 256


@dataclass(frozen=True)
class Stage:
    """Train up to `resolution` with `pictures` pictures in batches, learning rate from `rate`.

    below: the rate of the layers of lower resolutions, as a share of `rate`. Where they move as
    fast as the new ones, edges never hold still long enough for these to learn them.
    trunk: keep all layers up to this resolution as they are, and train the later ones on `patches`
    patches of every picture, `patch` pixels wide at the trunk's resolution; 0 trains all layers on
    whole pictures.
    perceptual: weight of this term beside the regression. adversarial: size of the critic's pull
    at a pixel, against that of the mean absolute difference; reduced: that of the critic that sees
    larger pictures reduced to `REDUCED_PX`.
    """

    resolution: int
    pictures: int
    batch: int
    rate: float
    below: float = 1.0
    trunk: int = 0
    patch: int = 48
    patches: int = 1
    perceptual: float = 0.0
    adversarial: float = 0.0
    reduced: float = 0.0

    @property
    def pulls(self) -> dict[int, float]:
        """{size at which a critic looks at pictures: its pull}."""
        pulls = [(self.resolution, self.adversarial)]
        if self.resolution > REDUCED_PX:
            pulls.append((REDUCED_PX, self.reduced))
        return {size: pull for size, pull in pulls if pull}

    @property
    def name(self) -> str:
        """Resolution, and the trunk where there is one, for records."""
        return f"{self.resolution} over {self.trunk}" if self.trunk else str(self.resolution)


#: How many pictures of each size are drawn, {pixels: count}. Of 16,384 the network learned a
#: part by heart (docs/training-the-generator.md, "How many renders it needs").
PICTURES = {1024: 4096, 512: 12288, **dict.fromkeys((256, 128, 64, 32, 16), 77824)}

#: From 128x128 on. Outlines stay soft where the network is not sure of them, until the critic has
#: had its time: it is what the stages of 256x256 wait for. In the last one the layers of 256x256
#: learn, too, since they leave stairs if they are kept as they are, and the critic of 256x256 keeps
#: outlines clear; at a rate of 0.01 it first loses sharpness (docs/training-the-generator.md, "Two
#: critics at full size").
_FINE = (
    Stage(128, 28_000, 8, 2e-2, below=0.2),
    Stage(256, 14_000, 8, 2e-2, below=0.1),
    Stage(256, 16_000, 8, 1e-2, below=0.3, adversarial=8.0),
    Stage(256, 48_000, 8, 1e-2, below=0.3, adversarial=16.0),
    Stage(1024, 12_000, 8, 1e-2, trunk=256, patch=64, patches=2, adversarial=10.0),
    Stage(1024, 20_000, 8, 4e-3, trunk=128, patch=32, patches=2, adversarial=14.0, reduced=17.0),
)

#: Learning rates are about ten times those of a GAN: raw weights are N(0, 1), and stay that size.
PLANS: dict[str, tuple[Stage, ...]] = {
    #: From nothing; not run as it stands: the card of what ships tells of the runs before "longer".
    "cpu": (
        Stage(16, 100_000, 16, 3e-2),
        Stage(32, 150_000, 16, 3e-2, below=0.3),
        Stage(64, 130_000, 8, 3e-2, below=0.3),
        *_FINE,
    ),
    #: After "cpu" or another generator (`starts`). It goes back to 32x32 first: what is wrong there
    #: stays wrong above, and a picture costs least there.
    "longer": (
        Stage(32, 120_000, 16, 2e-2, below=0.5),
        Stage(64, 70_000, 8, 2e-2, below=0.3),
        *_FINE,
    ),
    #: After a change of the look, from a generator of the one before.
    "changed": (
        Stage(32, 120_000, 16, 2e-2, below=0.5),
        Stage(64, 48_000, 8, 2e-2, below=0.3),
        *_FINE,
    ),
    "gpu": (
        Stage(16, 100_000, 64, 3e-2),
        Stage(32, 150_000, 64, 3e-2, below=0.1),
        Stage(64, 300_000, 32, 3e-2, below=0.03),
        Stage(128, 300_000, 32, 3e-2, below=0.03),
        Stage(256, 300_000, 32, 3e-2, below=0.03),
        Stage(512, 100_000, 16, 2e-2, below=0.03),
        Stage(1024, 40_000, 16, 2e-2, below=0.03, adversarial=15.0),
    ),
    "smoke": (
        Stage(16, 64, 8, 1e-2),
        Stage(32, 32, 8, 1e-2, adversarial=15.0),
        Stage(64, 32, 8, 1e-2, trunk=32, patch=16, adversarial=15.0),
    ),
}


def cut_config(config: StyleGAN2Config, resolution: int) -> StyleGAN2Config:
    """The configuration of the same network up to a lower resolution."""
    count = resolution.bit_length() - 2
    channels = None if config.channels is None else config.channels[:count]
    return replace(config, resolution=resolution, channels=channels)


def count_views(plan: tuple[Stage, ...], counts: Mapping[int, int]) -> dict[int, float]:
    """How often a plan sees each picture of a size, {pixels: times}; a patch is the part it is."""
    views: dict[int, float] = {}
    for stage in plan:
        share = stage.patches * (stage.patch / stage.trunk) ** 2 if stage.trunk else 1.0
        size = stage.resolution
        views[size] = views.get(size, 0) + share * stage.pictures / counts[size]
    return views
