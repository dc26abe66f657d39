"""What data sets and published files call the seven emotions."""

from __future__ import annotations

import re

from synth.emotions import Emotion

WORDS: dict[Emotion, tuple[str, ...]] = {
    Emotion.CALM: ("calm", "neutral", "ne", "easy"),
    Emotion.ANGER: ("anger", "angry", "an"),
    Emotion.HAPPINESS: ("happiness", "happy", "joy", "ha", "smile"),
    Emotion.SURPRISE: ("surprise", "surprised", "su"),
    Emotion.DISGUST: ("disgust", "disgusted", "di"),
    Emotion.FEAR: ("fear", "fearful", "afraid", "fe"),
    Emotion.SADNESS: ("sadness", "sad", "sa"),
}
_BY_WORD = {word: emotion for emotion, words in WORDS.items() for word in words}


def find_emotion(text: str) -> Emotion | None:
    """The one emotion that a name holds as a word (`emotion_angry`, `Joy`), or None."""
    words = re.split(r"[^a-z]+", text.lower())
    found = {_BY_WORD[word] for word in words if word in _BY_WORD}
    return found.pop() if len(found) == 1 else None


def parse_emotion(text: str, source: str) -> Emotion:
    """`find_emotion`, or a number 0 to 6. Raises ValueError naming `source`."""
    if text.strip().isdigit() and int(text) in set(Emotion):
        return Emotion(int(text))
    found = find_emotion(text)
    if found is None:
        raise ValueError(
            f"{source}: needs an emotion; got {text!r}; try one of "
            f"{', '.join(emotion.label for emotion in Emotion)}"
        )
    return found
