"""A few pictures of one thing become a film: their latents, a line through them, its frames."""
