"""Vocabulary, generator and video: what every other package of Moodreel builds on."""
