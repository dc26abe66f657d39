"""Brows, lashes and beards, strand by strand."""
