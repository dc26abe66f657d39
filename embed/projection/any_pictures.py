"""Pictures of anything become latents of the generator that draws such things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from embed.photos.loading import load_photo
from embed.projection.pnet import load_pnet
from embed.projection.square_pictures import load_squares
from embed.projection.ways import check_way
from synth.devices import find_device
from synth.generators.base import Generator
from synth.generators.capabilities import need_differentiable
from synth.motion.pictures.latent_search import SearchSettings, search_latents
from synth.progress import Progress, Report, ignore_progress
from synth.types import WPlus


@dataclass(frozen=True)
class AnyPictures:
    """A `synth.motion.pictures.projector.PictureProjector`: middle squares, resized.

    way: 'guess', 'search' or 'both'. pnet: the file of scripts.train_pnet; without one only a
    search is possible. Raises ValueError for a way that lacks its network.
    """

    way: str = "search"
    pnet: str | None = None
    search: SearchSettings = field(default_factory=SearchSettings)

    def __post_init__(self) -> None:
        check_way(self.way)
        if self.pnet is None and self.way != "search":
            raise ValueError(
                f"needs a P-Net for way={self.way}; got none; try projector.pnet=pnet.safetensors "
                "(python -m scripts.train_pnet), or projector.way=search"
            )

    def check(self, paths: Sequence[str], report: Report = ignore_progress) -> None:
        """Read every picture, one at a time, and the P-Net's file."""
        if self.way != "search" and self.pnet is not None:
            load_pnet(self.pnet)
        for k, path in enumerate(paths):
            load_photo(path)
            report(Progress("look", k + 1, len(paths)))

    def project(
        self, paths: Sequence[str], generator: Generator, report: Report = ignore_progress
    ) -> WPlus:
        """W+ [picture, layer, w_dim]. Raises ValueError for a P-Net of another generator."""
        pictures = load_squares(paths, generator.resolution)
        start = None
        if self.way != "search" and self.pnet is not None:
            network = load_pnet(self.pnet, generator)
            start = network.to(find_device(generator)).guess(pictures).cpu()
            if self.way == "guess":
                return start
        own = need_differentiable(generator, "to search latents of pictures")
        return search_latents(own, pictures, self.search, start, report).w_plus
