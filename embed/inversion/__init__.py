"""Pictures -> latents that draw them; the generator bent around them; how alike it came out."""
