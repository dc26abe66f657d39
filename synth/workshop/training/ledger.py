"""What a training cost, written down by the training itself: a line per stage and machine.

A line holds the stage, the pictures that it saw, hours by the clock, hours of processors (less
where cores are shared, more where several work), and what computed it. A run that begins with a
finished file carries on that file's lines, so that the card of what ships tells its whole lineage.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch


@dataclass(frozen=True)
class Entry:
    """Pictures seen and hours spent in one stage of one run on one kind of machine."""

    run: str
    stage: str
    machine: str
    pictures: int
    hours: float
    processor_hours: float


class Ledger:
    """The lines of one run, after those of the file that it began with."""

    def __init__(self, run: str, machine: str) -> None:
        self.run, self.machine = run, machine
        self.entries: list[Entry] = []
        self._clock_s, self._processor_s = time.monotonic(), time.process_time()

    def start_clock(self) -> None:
        """Count time from now on: what went before was no training."""
        self._clock_s, self._processor_s = time.monotonic(), time.process_time()

    def add(self, stage: str, pictures: int) -> None:
        """Book the time since the last call, and these pictures, to a stage."""
        clock_s, processor_s = time.monotonic(), time.process_time()
        entry = Entry(
            self.run,
            stage,
            self.machine,
            pictures,
            (clock_s - self._clock_s) / 3600,
            (processor_s - self._processor_s) / 3600,
        )
        self._clock_s, self._processor_s = clock_s, processor_s
        last = self.entries[-1] if self.entries else None
        if last and (last.run, last.stage, last.machine) == (self.run, stage, self.machine):
            entry = replace(
                entry,
                pictures=last.pictures + entry.pictures,
                hours=last.hours + entry.hours,
                processor_hours=last.processor_hours + entry.processor_hours,
            )
            self.entries.pop()
        self.entries.append(entry)

    def begin_with(self, card: Mapping[str, str]) -> None:
        """Put the lineage in a file's card before this run's lines."""
        self.entries = [*read_lineage(card), *self.entries]

    def to_json(self) -> str:
        """All lines, hours to three places."""
        return json.dumps([_round(entry) for entry in self.entries])

    def load_json(self, text: str) -> None:
        """Take the lines of a stopped run up."""
        self.entries = [Entry(**entry) for entry in json.loads(text)]


def _round(entry: Entry) -> dict[str, str | int | float]:
    line = asdict(entry)
    return line | {key: round(line[key], 4) for key in ("hours", "processor_hours")}


def read_lineage(card: Mapping[str, str]) -> list[Entry]:
    """The lines in a card; one line of what it says where it is older than this record."""
    if "lineage" in card:
        return [Entry(**entry) for entry in json.loads(card["lineage"])]
    hours = float(card.get("hours_on_two_cores", 0))
    return [Entry("earlier", card.get("stages", "unknown"), "unknown", 0, hours, 2 * hours)]


def make_lineage_card(entries: list[Entry]) -> dict[str, str]:
    """Card entries: totals, the kinds of machines and the lines themselves."""
    return {
        "hours": f"{sum(entry.hours for entry in entries):.2f}",
        "processor_hours": f"{sum(entry.processor_hours for entry in entries):.2f}",
        "machines": "; ".join(dict.fromkeys(entry.machine for entry in entries)),
        "pictures_seen": str(sum(entry.pictures for entry in entries)),
        "lineage": json.dumps([_round(entry) for entry in entries]),
    }


def describe_machine(device: torch.device) -> str:
    """The kind of GPU, or of processor and how many of its cores this process may use."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{_read_processor_name()}, {count_cores()} cores"


def count_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _read_processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
