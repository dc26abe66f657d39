"""Labelled latents become directions: boundaries, their strength, what they get right."""
