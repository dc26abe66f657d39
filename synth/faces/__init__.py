"""Whose face: random, saved, or found in a photo; latents in files."""
