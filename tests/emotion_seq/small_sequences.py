"""A sequence network small enough to be trained in a test."""

from emotion_seq.model import ModelSettings
from emotion_seq.train import TrainSettings

SMALL = ModelSettings(units=4, dropout=0.2)
SHORT = TrainSettings(epochs=3, batch=16, rate=1e-2)
