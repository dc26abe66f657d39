"""What a track of emotions tells a face at every moment, for whoever measures whether it obeys.

In: a track and the way from keyframe to keyframe. Out: intensities of the seven emotions at any
time. W+ of a track's film is the calm face and, of each emotion, a step times its intensity; so
intensities that go through the track's keyframes by the same easing are the film's own, exactly.
Only 'spherical', an arc through W+, has none of its own: linear ones stand in, which hardly differ.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from synth.emotions import Emotion
from synth.motion.base import TellEmotions
from synth.motion.emotion_track import EmotionTrack
from synth.motion.interpolation import Interpolation, KeyframePath
from synth.motion.keyframes import time_keyframes
from synth.motion.paths import Easing, check_easing


def make_telling(track: EmotionTrack, interpolation: Interpolation, fps: float) -> TellEmotions:
    """Times in seconds -> intensities [frame, 7], 1 the full emotion; the calm column stays 0."""
    intensities = torch.zeros(len(track.events), 1, len(Emotion), dtype=torch.float64)
    for row, event in zip(intensities[:, 0], track.events, strict=True):
        for emotion, intensity in event.parts:
            row[emotion] = intensity
    intensities[:, :, Emotion.CALM] = 0
    straight = replace(
        track,
        events=tuple(replace(event, easing=_straighten(event.easing)) for event in track.events),
        easing=_straighten(track.easing),
    )
    easing = _straighten(interpolation.easing) or "linear"
    keyframes = time_keyframes(intensities, straight)
    path = KeyframePath(keyframes, easing, interpolation.find_halving_s(fps))
    return lambda times_s: path(times_s)[:, 0].numpy()


def _straighten(easing: str | None) -> Easing | None:
    return check_easing("linear" if easing == "spherical" else easing)
