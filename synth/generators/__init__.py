"""Networks that turn latents into pictures: the seam, StyleGAN2, and how to run it fast."""

from synth.generators.bundled import load_bundled_generator

__all__ = ["load_bundled_generator"]
