"""Many scorecards -> one line: the mean ACD of a set of videos, and the table that is published.

In: scorecards by name. Out: AcdSummary, and its Markdown beside the numbers of the literature.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from synth.scores.emotion_control import EmotionControl, pool_emotion_control
from synth.scores.scorecard import Scorecard
from synth.storage.atomic import write_text_atomically

#: Consecutive ACD on facial expressions as published in table 1 of the thesis. Other networks
#: embedded those faces, and other videos were measured: the scale is not the same as ours.
PUBLISHED = {"TGAN": 0.305, "MoCoGAN": 0.201, "thesis": 0.167}


@dataclass(frozen=True)
class AcdSummary:
    """Means over videos, each video counting once; None where no video has the number."""

    video_count: int
    #: Videos in which too few faces were found to measure anything.
    unmeasured_count: int
    frame_count: int
    frames_without_face: int
    acd_consecutive: float | None
    #: Standard deviation over the videos.
    acd_consecutive_deviation: float | None
    acd_pairwise: float | None
    identity_distance_mean: float | None
    expression_size_max: float | None
    flicker_mean: float | None
    face_encoders: tuple[str, ...]
    #: Of all videos together; None where nobody looked at their emotions.
    emotion_control: EmotionControl | None = None


def summarise_cards(cards: Sequence[Scorecard]) -> AcdSummary:
    """Average the cards' numbers; raises ValueError for no cards."""
    if not cards:
        raise ValueError("needs at least one scorecard to summarise; got none")

    def average(name: str) -> float | None:
        values = [value for card in cards if (value := getattr(card, name)) is not None]
        return float(np.mean(values)) if values else None

    consecutive = [c.acd_consecutive for c in cards if c.acd_consecutive is not None]
    return AcdSummary(
        video_count=len(cards),
        unmeasured_count=len(cards) - len(consecutive),
        frame_count=sum(card.frame_count for card in cards),
        frames_without_face=sum(len(card.frames_without_face) for card in cards),
        acd_consecutive=average("acd_consecutive"),
        acd_consecutive_deviation=float(np.std(consecutive)) if consecutive else None,
        acd_pairwise=average("acd_pairwise"),
        identity_distance_mean=average("identity_distance_mean"),
        expression_size_max=average("expression_size_max"),
        flicker_mean=average("flicker_mean"),
        face_encoders=tuple(sorted({card.face_encoder or "none" for card in cards})),
        emotion_control=_pool([card.emotion_control for card in cards]),
    )


def _pool(controls: Sequence[EmotionControl | None]) -> EmotionControl | None:
    """Of those films of which it is known; None where several scorers looked at them."""
    known = [control for control in controls if control is not None]
    is_one = len({control.scorer for control in known}) == 1
    return pool_emotion_control(known) if is_one else None


def save_summary(path: Path, measured: str, groups: Mapping[str, Sequence[Scorecard]]) -> str:
    """Write the means of each group to `path` (.json), and as a page beside it; -> the page."""
    summaries = {name: summarise_cards(cards) for name, cards in groups.items()}
    content = {"measured": measured, "groups": {k: asdict(s) for k, s in summaries.items()}}
    write_text_atomically(path, json.dumps(content, indent=1) + "\n")
    page = format_summary("Average content distance", measured, summaries)
    write_text_atomically(path.with_suffix(".md"), page)
    return page


def format_summary(title: str, measured: str, groups: Mapping[str, AcdSummary]) -> str:
    """Markdown: one row per group of videos, then what was published, with the warning it needs."""
    head = (
        "| videos | number | ACD consecutive | ACD pairwise | identity distance | "
        "expression size (max) | flicker | frames without a face |\n" + "|---" * 8 + "|"
    )
    rows = "\n".join(
        f"| {name} | {s.video_count} | {_show(s.acd_consecutive)} "
        f"± {_show(s.acd_consecutive_deviation)} | {_show(s.acd_pairwise)} | "
        f"{_show(s.identity_distance_mean)} | {_show(s.expression_size_max)} | "
        f"{_show(s.flicker_mean)} | {s.frames_without_face} of {s.frame_count} |"
        for name, s in groups.items()
    )
    encoders = ", ".join(sorted({name for s in groups.values() for name in s.face_encoders}))
    published = ", ".join(f"{name} {value}" for name, value in PUBLISHED.items())
    return (
        f"# {title}\n\n{measured}\n\nFace encoder: {encoders}. ± is the standard deviation over "
        f"the videos.\n\n{head}\n{rows}\n\n{_format_control(groups)}"
        f"Published consecutive ACD (table 1 of the thesis): {published}. Those come from other "
        "face encoders and other videos: compare the order of methods measured in one way, not "
        "these figures with the table above.\n"
    )


def _format_control(groups: Mapping[str, AcdSummary]) -> str:
    """The table on emotions; nothing where nobody looked at them."""
    known = {name: s.emotion_control for name, s in groups.items() if s.emotion_control}
    if not known:
        return ""
    scorers = ", ".join(sorted({control.scorer for control in known.values()}))
    rows = "\n".join(
        f"| {name} | {_show(control.linearity)} | {_show(control.confusion)} | "
        f"{_show(control.accuracy)} |"
        for name, control in known.items()
    )
    return (
        f"Emotions, seen by {scorers}:\n\n| videos | linearity | confusion | shown as told |\n"
        f"|---|---|---|---|\n{rows}\n\n"
    )


def _show(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
