"""Emotions over time: the vocabulary shared by every source of motion and every renderer.

In: a track that a person wrote as YAML, or events made by a program. Out: an EmotionTrack whose
times are all known. The numbers 0-6 are those of the thesis (section 4.5). docs/tracks.md shows
the YAML form.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from synth.emotions import Emotion, find_close
from synth.motion.paths import Easing, check_easing, check_seconds, compute_gap_s
from synth.plain_text import load_yaml, show
from synth.storage.atomic import write_text_atomically

#: From one emotion to the next when a track gives no times: 32 in-between frames at 30 a second.
DEFAULT_GAP_S = compute_gap_s(fps=30.0)
#: Intensity 1 is the full emotion; beyond twice that a generator leaves the faces it knows.
MAX_INTENSITY = 2.0

#: Each keeps a W+ in memory while its film is made.
MOST_EVENTS = 10_000

EVENT_KEYS = ("emotion", "time", "intensity", "hold", "easing", "also")
TRACK_KEYS = ("emotions", "loop", "closing", "easing", "hold", "intensity", "gap", "note")


@dataclass(frozen=True)
class EmotionEvent:
    """One emotion: reached at `time_s`, kept for `hold_s`.

    `intensity` in [0, MAX_INTENSITY], 1 the full emotion; `easing` is how the face gets here from
    the event before, None takes the track's. `also` are further emotions that the face shows at
    the same moment, with their intensities. Raises ValueError for an emotion that is named twice.
    """

    emotion: Emotion
    time_s: float
    intensity: float = 1.0
    hold_s: float = 0.0
    easing: Easing | None = None
    also: tuple[tuple[Emotion, float], ...] = ()

    def __post_init__(self) -> None:
        check_seconds("time", self.time_s)
        check_seconds("hold", self.hold_s)
        for _, intensity in self.parts:
            if not 0 <= intensity <= MAX_INTENSITY:
                raise ValueError(
                    f"needs an intensity from 0 to {MAX_INTENSITY:g} (1 is the full emotion); "
                    f"got {intensity}"
                )
        if len({emotion for emotion, _ in self.parts}) < len(self.parts):
            raise ValueError(f"needs each emotion of a moment once; got {self.label}")
        check_easing(self.easing)

    @property
    def parts(self) -> tuple[tuple[Emotion, float], ...]:
        """Every emotion of the moment with its intensity, the main one first."""
        return ((self.emotion, self.intensity), *self.also)

    @property
    def label(self) -> str:
        """What captions call it: 'happiness', or 'happiness + surprise'."""
        return " + ".join(emotion.label for emotion, _ in self.parts)

    @property
    def end_s(self) -> float:
        """When the hold is over and the way to the next event begins."""
        return self.time_s + self.hold_s


@dataclass(frozen=True)
class EmotionTrack:
    """Events in the order of their times, each reached after the one before has ended.

    A `loop` returns from the last event to the first within `closing_s` seconds. `easing` holds
    for every event without its own; None leaves the choice to the interpolation. `note` is for
    whoever reads the file: where the track comes from.
    """

    events: tuple[EmotionEvent, ...]
    loop: bool = False
    closing_s: float = DEFAULT_GAP_S
    easing: Easing | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        if not self.events:
            raise ValueError("needs at least one emotion; got none; try emotions: [calm, anger]")
        check_easing(self.easing)
        check_seconds("closing", self.closing_s)
        if self.loop and self.closing_s == 0:
            raise ValueError("needs a closing time above 0 s for a loop; got 0; try closing: 1.1")
        for number, (event, following) in enumerate(
            zip(self.events, self.events[1:], strict=False), start=1
        ):
            if following.time_s <= event.end_s:
                raise ValueError(
                    f"needs emotion {number + 1} ({following.emotion.label}) to be reached after "
                    f"emotion {number} ({event.emotion.label}) ends at {event.end_s:g} s; got "
                    f"{following.time_s:g} s; try a later time or a shorter hold"
                )

    @classmethod
    def of(cls, *emotions: object, **settings: object) -> EmotionTrack:
        """`EmotionTrack.of("calm", "surprise", loop=True)`: as `parse_track`, in short."""
        return parse_track(list(emotions), **settings)  # pyright: ignore[reportArgumentType]

    @property
    def duration_s(self) -> float:
        """Length in seconds, the way back of a loop included."""
        return self.events[-1].end_s + (self.closing_s if self.loop else 0.0)


def parse_track(
    emotions: object,
    default_gap_s: float = DEFAULT_GAP_S,
    source: str = "track",
    **settings: object,
) -> EmotionTrack:
    """The plain form (whatever YAML gives, checked here) -> EmotionTrack; times in seconds.

    Each of `emotions` is a name, a number 0-6 or a mapping with EVENT_KEYS; `settings` are the
    other TRACK_KEYS. `hold` and `intensity` stand in where an event has none. An emotion without a
    time follows the one before after `gap` seconds, `default_gap_s` unless given; `closing`
    likewise for the way back of a loop. `source` names the file in errors. Raises ValueError.
    """
    _check_emotions(emotions, source)
    _check_keys(settings, TRACK_KEYS, source)
    loop, note = settings.get("loop", False), settings.get("note")
    if not isinstance(loop, bool):
        raise ValueError(
            f"{source}: needs true or false for loop; got {show(loop)}; try loop: true"
        )
    gap_s = _parse_seconds("gap", settings, default_gap_s, source)
    closing_s = _parse_seconds("closing", settings, gap_s, source)
    shared = {"intensity": settings.get("intensity", 1.0), "hold": settings.get("hold", 0.0)}
    events: list[EmotionEvent] = []
    for number, item in enumerate(emotions, start=1):  # pyright: ignore[reportArgumentType]
        time_s = events[-1].end_s + gap_s if events else 0.0
        events.append(_parse_event(item, time_s, shared, f"{source}, emotion {number}"))
    try:
        remark = None if note is None else _parse_note(note)
        easing = check_easing(settings.get("easing"))
        return EmotionTrack(tuple(events), loop, closing_s, easing, remark)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error


def load_track(path: str | Path, default_gap_s: float = DEFAULT_GAP_S) -> EmotionTrack:
    """Read a track from YAML: a mapping with TRACK_KEYS, or simply a list of emotions.

    Raises ValueError naming the file and the emotion, OSError when it cannot be read.
    """
    path = Path(path)
    try:
        content = load_yaml(path)
    except ValueError as error:
        raise ValueError(f"{error}; see docs/tracks.md") from error
    if isinstance(content, list):
        content = {"emotions": content}
    if not isinstance(content, dict) or "emotions" not in content:
        raise ValueError(
            f"{path}: needs a list under 'emotions'; got {show(content)}; "
            "try emotions: [calm, anger]"
        )
    _check_keys(content, TRACK_KEYS, str(path))
    return parse_track(**content, default_gap_s=default_gap_s, source=str(path))


def save_track(path: str | Path, track: EmotionTrack) -> None:
    """Write a track as YAML with every time spelled out; `load_track` gives the same track."""
    write_text_atomically(path, yaml.safe_dump(describe_track(track), sort_keys=False))


def describe_track(track: EmotionTrack) -> dict[str, object]:
    """The track in the plain form of its file, every time spelled out."""
    events = []
    for event in track.events:
        plain: dict[str, object] = {"emotion": event.emotion.label, "time": event.time_s}
        plain |= {"intensity": event.intensity, "hold": event.hold_s}
        if event.also:
            plain["also"] = {emotion.label: intensity for emotion, intensity in event.also}
        events.append(plain | ({"easing": event.easing} if event.easing else {}))
    content: dict[str, object] = {"note": track.note} if track.note else {}
    content |= {"emotions": events, "loop": track.loop, "closing": track.closing_s}
    return content | ({"easing": track.easing} if track.easing else {})


def _check_emotions(emotions: object, source: str) -> None:
    if isinstance(emotions, str | Mapping) or not isinstance(emotions, Sequence):
        raise ValueError(
            f"{source}: needs a list of emotions; got {show(emotions)}; try emotions: [calm, anger]"
        )
    if len(emotions) > MOST_EVENTS:
        raise ValueError(
            f"{source}: needs at most {MOST_EVENTS:,} emotions; got {len(emotions):,}; try several "
            "films"
        )


def _parse_event(
    item: object, time_s: float, shared: Mapping[str, object], source: str
) -> EmotionEvent:
    """One item of the list; `time_s` and `shared` fill in what it does not say."""
    fields = dict(item) if isinstance(item, Mapping) else {"emotion": item}
    _check_keys(fields, EVENT_KEYS, source)
    try:
        return EmotionEvent(
            emotion=Emotion.parse(fields.get("emotion")),
            time_s=_parse_number("time", fields.get("time", time_s)),
            intensity=_parse_number("intensity", fields.get("intensity", shared["intensity"])),
            hold_s=_parse_number("hold", fields.get("hold", shared["hold"])),
            easing=check_easing(fields.get("easing")),
            also=_parse_also(fields.get("also")),
        )
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error


def _parse_also(value: object) -> tuple[tuple[Emotion, float], ...]:
    """Further emotions of a moment: name -> intensity."""
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        raise ValueError(
            f"needs emotions with intensities for also; got {show(value)}; try also: {{fear: 0.5}}"
        )
    return tuple((Emotion.parse(name), _parse_number("also", x)) for name, x in value.items())


def _parse_seconds(
    what: str, settings: Mapping[str, object], default_s: float, source: str
) -> float:
    value = settings.get(what)
    return default_s if value is None else _parse_number(what, value, source)


def _parse_number(what: str, value: object, source: str | None = None) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):
            return float(value)
    prefix = f"{source}: " if source else ""
    raise ValueError(f"{prefix}needs a number for {what}; got {show(value)}; try {what}: 1.0")


def _parse_note(note: object) -> str:
    if isinstance(note, str | int | float):
        return str(note)
    raise ValueError(f"needs a text for note; got {show(note)}; try note: where it is from")


def _check_keys(fields: Iterable[object], known: Sequence[str], source: str) -> None:
    for key in fields:
        if key not in known:
            close = find_close(str(key)[:80], known) if isinstance(key, str) else []
            hint = f"did you mean {close[0]!r}?" if close else "take it out"
            raise ValueError(
                f"{source}: needs keys out of {', '.join(known)}; got {show(key)}; {hint}"
            )
