"""Sequences of emotions in files: CSV, YAML, bare numbers 0-6, and the public MELD labels.

- CSV with a head: `emotion` and, where known, `film`, `sequence`, `split`, `duration_s`,
  `intensity`, or `start_s` and `end_s` in place of `duration_s`. Rows of one film and sequence
  belong together. `dialogue_id` stands for both, as in MELD, whose names neutral and joy are read
  as calm and happiness.
- CSV or text without a head: each line a sequence of numbers 0-6 between commas or spaces.
- YAML: a list of emotions; a list of such lists; or a list of mappings with `emotions` and, where
  known, `film`, `split`, `durations_s`, `intensities`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from emotion_seq.sequences import EmotionSequence, make_sequence
from synth.emotions import Emotion
from synth.plain_text import parse_yaml, read_text, show
from synth.storage.atomic import write_text_atomically

COLUMNS = ("film", "sequence", "split", "emotion", "duration_s", "intensity")
OTHER_COLUMNS = ("start_s", "end_s", "dialogue_id", "utterance_id")
#: Words of other data sets for our emotions.
FOREIGN_NAMES = {"neutral": "calm", "joy": "happiness", "happy": "happiness", "angry": "anger"}
_NUMBERS = re.compile(r"[0-6]([\s,;]+[0-6])*[\s,;]*")
_DIGIT = re.compile("[0-9]{1,3}")
_YAML_KEYS = ("film", "split", "emotions", "durations_s", "intensities")


def load_sequences(path: str | Path) -> list[EmotionSequence]:
    """Read every sequence of a .csv, .txt, .yaml or .yml file.

    Raises ValueError naming the file and the line or entry, OSError when it cannot be read.
    """
    path = Path(path)
    try:
        text = read_text(path)
        if path.suffix.lower() in (".yaml", ".yml"):
            found = _parse_yaml(parse_yaml(text, str(path)), path.stem)
        elif path.suffix.lower() in (".csv", ".txt"):
            first = next((line for line in text.splitlines() if line.strip()), "")
            is_bare = _NUMBERS.fullmatch(first.strip()) is not None
            found = _parse_numbers(text, path.stem) if is_bare else _parse_table(text, path.stem)
        else:
            raise ValueError("needs a .csv, .txt, .yaml or .yml file of emotions")
    except (ValueError, OverflowError, csv.Error) as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise ValueError(f"{path}: {reason}; see docs/emotion-sequences.md") from error
    if not found:
        raise ValueError(f"{path}: needs at least one emotion; got none")
    return found


def save_sequences(path: str | Path, sequences: Sequence[EmotionSequence]) -> None:
    """Write .csv or .yaml so that `load_sequences` gives the same; whole or not at all."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".yaml", ".yml"):
        raise ValueError(f"needs a file name ending in .csv or .yaml; got {path}")
    write = _write_table if suffix == ".csv" else _write_yaml
    write_text_atomically(path, write(sequences))


def _parse_numbers(text: str, film: str) -> list[EmotionSequence]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        if not _NUMBERS.fullmatch(line.strip()):
            raise ValueError(f"line {number} needs numbers 0-6; got {line.strip()[:40]!r}")
        digits = [int(digit) for digit in re.findall(r"[0-6]", line)]
        found.append(make_sequence(digits, film=f"{film}-{number}"))
    return found


def _parse_table(text: str, stem: str) -> list[EmotionSequence]:
    reader = csv.DictReader(io.StringIO(text))
    names = reader.fieldnames or []
    if "emotion" not in names:
        raise ValueError(f"needs a column emotion, or lines of numbers 0-6; got {list(names)[:8]}")
    scenes: dict[tuple[str, ...], list[tuple[object, float | None, float]]] = {}
    for number, row in enumerate(reader, start=2):
        scene = row.get("dialogue_id")
        split = row.get("split") or ""
        film = row.get("film") or (f"{split}-{scene}" if scene else stem)
        key = (film, row.get("sequence") or scene or "", split)
        try:
            entry = (_parse_emotion(row["emotion"]), _read_seconds(row), _read(row, "intensity", 1))
        except (ValueError, TypeError) as error:
            raise ValueError(f"line {number}: {error}") from error
        scenes.setdefault(key, []).append(entry)
    return [
        _make([list(column) for column in zip(*entries, strict=True)], film, split or None)
        for (film, _, split), entries in scenes.items()
    ]


def _make(columns: list[list[Any]], film: str, split: str | None) -> EmotionSequence:
    emotions, seconds, intensities = columns
    known = None if any(value is None for value in seconds) else seconds
    return make_sequence(emotions, known, intensities, film, split)


def _read_seconds(row: Mapping[str, str]) -> float | None:
    """Seconds of a row, None where it does not say."""
    if row.get("duration_s"):
        return _read(row, "duration_s", 0)
    if row.get("start_s") and row.get("end_s"):
        return _read(row, "end_s", 0) - _read(row, "start_s", 0)
    return None


def _read(row: Mapping[str, str], column: str, default: float) -> float:
    value = row.get(column)
    return float(value) if value else default


def _parse_emotion(value: object) -> Emotion:
    if not isinstance(value, str):
        return Emotion.parse(value)
    text = value.strip().lower()
    if _DIGIT.fullmatch(text):
        return Emotion.parse(int(text))
    return Emotion.parse(FOREIGN_NAMES.get(text, text))


def _parse_yaml(content: object, film: str) -> list[EmotionSequence]:
    if not isinstance(content, list) or not content:
        raise ValueError(f"needs a list of emotions or of sequences; got {show(content)}")
    if not isinstance(content[0], list | Mapping):
        content = [content]
    found = []
    for number, item in enumerate(content, start=1):
        entry = dict(item) if isinstance(item, Mapping) else {"emotions": item}
        unknown = [key for key in entry if key not in _YAML_KEYS]
        if unknown or not isinstance(entry.get("emotions"), list):
            raise ValueError(
                f"sequence {number} needs a list of emotions and keys out of "
                f"{', '.join(_YAML_KEYS)}; got {show(item)}"
            )
        _check_entry(entry, number)
        entry["emotions"] = [_parse_emotion(value) for value in entry["emotions"]]
        found.append(make_sequence(**{"film": f"{film}-{number}", **entry}))
    return found


def _check_entry(entry: Mapping[str, Any], number: int) -> None:
    """A mapping of a YAML file has a text for `film` and numbers beside the emotions."""
    if not isinstance(entry.get("film", ""), str):
        raise ValueError(f"sequence {number} needs a text for film; got {show(entry['film'])}")
    for key in ("durations_s", "intensities"):
        values = entry.get(key, [])
        fits = isinstance(values, list) and all(
            isinstance(value, int | float) and not isinstance(value, bool) for value in values
        )
        if not fits:
            raise ValueError(f"sequence {number} needs numbers for {key}; got {show(values)}")


def _write_table(sequences: Sequence[EmotionSequence]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, one in enumerate(sequences):
        for run in one.runs:
            timing = (run.duration_s, run.intensity)
            writer.writerow((one.film, number, one.split or "", run.emotion.label, *timing))
    return buffer.getvalue()


def _write_yaml(sequences: Sequence[EmotionSequence]) -> str:
    content = []
    for one in sequences:
        entry: dict[str, Any] = {"film": one.film}
        entry |= {"split": one.split} if one.split else {}
        entry["emotions"] = [run.emotion.label for run in one.runs]
        entry["durations_s"] = [run.duration_s for run in one.runs]
        entry["intensities"] = [run.intensity for run in one.runs]
        content.append(entry)
    return yaml.safe_dump(content, sort_keys=False)
