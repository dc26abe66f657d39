"""Moving pictures in files: reading, writing, colour, sound."""
