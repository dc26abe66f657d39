"""Where labelled latents come from: known labels, files, a scorer of emotions, photos."""
