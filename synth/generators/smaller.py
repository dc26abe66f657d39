"""The same pictures at a lower resolution, as a generator of its own: for live pictures.

In: a generator that can stop at lower resolutions (`Capabilities.resolutions`). Out: a generator
that ends there and can be accelerated like any other. It shares the weights; it takes the first
rows of W+, `count_rows(generator, resolution)` of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from synth.devices import find_device
from synth.generators.architectures import StoredGenerator, find_architecture
from synth.generators.base import Generator
from synth.generators.capabilities import find_capabilities


def cut_generator(generator: Generator, resolution: int) -> Generator:
    """The generator's own layers up to `resolution`; itself where nothing lower can be had.

    Its pictures are those of `generator.synthesis(..., resolution=resolution)`.
    """
    stops = [size for size in find_capabilities(generator).resolutions if size >= resolution]
    chosen = min(stops, default=generator.resolution)
    if chosen >= generator.resolution or not isinstance(generator, StoredGenerator):
        return generator
    config = replace(generator.config, resolution=chosen, **_cut_channels(generator, chosen))
    architecture = find_architecture(generator.architecture)
    smaller = cast(Any, architecture.build(config, generator.name, generator.sha256))
    wanted, held = smaller.state_dict(), generator.state_dict()
    fits = all(name in held and held[name].shape == wanted[name].shape for name in wanted)
    if not fits:
        return generator
    smaller.load_state_dict({name: held[name] for name in wanted}, assign=True)
    smaller.eval().requires_grad_(False).to(find_device(generator))
    if generator.capabilities.compute_types:  # the type of feature maps is no part of the state
        smaller.dtype = cast(Any, generator).dtype
    return cast(Generator, smaller)


def _cut_channels(generator: StoredGenerator, resolution: int) -> dict[str, Any]:
    """Channels that were listed one by one are listed up to the last layer that stays."""
    channels = getattr(generator.config, "channels", None)
    if channels is None:
        return {}
    count = sum(size <= resolution for size in generator.capabilities.resolutions)
    return {"channels": tuple(channels[:count])}
