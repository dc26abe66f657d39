"""Networks that turn latents into pictures: the seam, the architectures, and how to open them.

`load_generator("bundled")`, or a path, or the name of a published one; see `loading`.
"""

from synth.generators.architectures import (
    Architecture,
    StoredGenerator,
    find_architecture,
    register_architecture,
)
from synth.generators.bundled import load_bundled_generator
from synth.generators.classes import fix_classes, weigh_classes
from synth.generators.loading import (
    convert_checkpoint,
    load_discriminator,
    load_generator,
    load_with_card,
)
from synth.generators.native import LoadedGenerator, load_native, save_generator

__all__ = [
    "Architecture",
    "LoadedGenerator",
    "StoredGenerator",
    "convert_checkpoint",
    "find_architecture",
    "fix_classes",
    "load_bundled_generator",
    "load_discriminator",
    "load_generator",
    "load_native",
    "load_with_card",
    "register_architecture",
    "save_generator",
    "weigh_classes",
]
