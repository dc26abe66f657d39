"""Sizes of the latents that hold known directions: their width, rows of W+, length of a step."""

WIDTH, LAYERS, STEP = 64, 10, 3.0
