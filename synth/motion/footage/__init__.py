"""A clip moves the latents: its classes say what is drawn, its light and pace how it moves."""
