"""The seven emotions, numbered as in the thesis (section 4.5).

In: what a person or a program calls an emotion. Out: an `Emotion`, or an error with a suggestion.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from enum import IntEnum

from synth.plain_text import show

#: What people write for an emotion, for the hint in the error only.
_SYNONYMS = {"neutral": "calm", "joy": "happiness", "rage": "anger", "scared": "fear"}


class Emotion(IntEnum):
    """The seven emotions, numbered as in the thesis. Calm is the face as it is."""

    CALM = 0
    ANGER = 1
    HAPPINESS = 2
    SURPRISE = 3
    DISGUST = 4
    FEAR = 5
    SADNESS = 6

    @property
    def label(self) -> str:
        """The lower-case name that files and captions carry."""
        return self.name.lower()

    @classmethod
    def parse(cls, value: object) -> Emotion:
        """A name in any case, or a number 0-6 -> Emotion; ValueError suggests a close name."""
        if isinstance(value, Emotion):
            return value
        if isinstance(value, int) and not isinstance(value, bool) and value in set(cls):
            return cls(value)
        known = [emotion.label for emotion in cls]
        name = value.strip().lower()[:80] if isinstance(value, str) else show(value)
        if name in known:
            return cls[name.upper()]
        close = [_SYNONYMS[name]] if name in _SYNONYMS else find_close(name, known)
        hint = f"did you mean {close[0]!r}?" if close else "choose one of these"
        raise ValueError(
            f"needs an emotion out of {', '.join(known)} (or its number 0-6); got {show(value)}; "
            f"{hint}"
        )


def find_close(name: str, known: Sequence[str]) -> list[str]:
    """The known name that `name` was probably meant to be, for hints; empty if none is close."""
    return difflib.get_close_matches(name, known, n=1, cutoff=0.45)
