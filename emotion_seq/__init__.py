"""Emotion sequences: the package that will turn videos into emotion tracks and predict new ones."""
