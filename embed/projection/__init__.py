"""Picture files become latents of a generator, for `motion=pictures`: any pictures, and faces."""
