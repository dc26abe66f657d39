"""68 points by a small network of our own that has learned from renders alone."""
