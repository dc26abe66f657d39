"""The generator that comes with Moodreel: faces that we rendered ourselves, no download."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from synth.generators.native import load_native
from synth.generators.stylegan2 import StyleGAN2

#: What its file calls it: W means what `bundled_parameters` says in no network of another name.
BUNDLED_NAME = "moodreel-people"
BUNDLED_WEIGHTS = Path(__file__).with_name("weights") / f"{BUNDLED_NAME}.safetensors"


def load_bundled_generator(device: str = "cpu") -> StyleGAN2:
    """Read the bundled StyleGAN2, in eval mode without gradients.

    Raises FileNotFoundError naming the file when this installation lacks it.
    """
    return cast(StyleGAN2, load_native(find_bundled_weights(), device).generator)


def find_bundled_weights() -> Path:
    """Where the bundled weights are; FileNotFoundError where this installation lacks them."""
    if not BUNDLED_WEIGHTS.is_file():
        raise FileNotFoundError(
            f"{BUNDLED_WEIGHTS}: needs the weights that come with Moodreel; got no such file; "
            "try installing Moodreel again, or use generator=file generator.path=YOUR_CHECKPOINT"
        )
    return BUNDLED_WEIGHTS
