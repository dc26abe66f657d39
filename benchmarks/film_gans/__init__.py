"""Generators of films against one another and against ours: see `__main__`."""
