"""The generator that comes with Moodreel: faces that we rendered ourselves, no download."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.generators.stylegan2 import StyleGAN2

#: What its file calls it.
BUNDLED_NAME = "moodreel-faces"
BUNDLED_WEIGHTS = Path(__file__).with_name("weights") / "moodreel-faces.safetensors"


def load_bundled_generator(device: str = "cpu") -> StyleGAN2:
    """Read the bundled StyleGAN2, in eval mode without gradients.

    Raises FileNotFoundError naming the file when this installation lacks it.
    """
    # Checkpoints build generators, so this package can only ask for them when called.
    from synth.checkpoints.native import load_native

    if not BUNDLED_WEIGHTS.is_file():
        raise FileNotFoundError(
            f"{BUNDLED_WEIGHTS}: needs the weights that come with Moodreel; got no such file; "
            "try installing Moodreel again, or use generator=file generator.path=YOUR_CHECKPOINT"
        )
    return load_native(BUNDLED_WEIGHTS, device).generator
