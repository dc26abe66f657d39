"""Emotion directions in W+: stored with a card, fitted by logistic regression, calibrated."""
