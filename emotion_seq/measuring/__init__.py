"""How good predictions are, and what they must beat."""
