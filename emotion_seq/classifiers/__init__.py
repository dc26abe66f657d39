"""Scorers of emotions: the published mini-XCEPTION, and a network of four layers to train."""
