"""Names of the ways in which a clip leads to latents and to classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from synth.emotions import find_close

LatentKind = Literal["frame", "noise", "sin"]
ClassKind = Literal["auto", "things", "emotions", "none"]


def check_kind(setting: str, kind: str, known: Sequence[str]) -> None:
    """Raise ValueError for a name that is not among the known ones."""
    if kind not in known:
        close = find_close(kind, known) or known
        raise ValueError(f"needs {setting} out of {', '.join(known)}; got {kind!r}; try {close[0]}")
