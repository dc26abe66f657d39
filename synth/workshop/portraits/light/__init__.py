"""Lamps, shadows, background, tone."""
