"""Files of photos -> latents: reading, cutting, inverting, one by one or many, and resuming."""
