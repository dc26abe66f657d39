"""What became of each photo: a file of JSON lines that survives a killed process.

A line is one item in one run: `item`, `path`, `state` (done, failed, skipped), `reason`, `seconds`,
`time`. Lines are only ever appended, each in one write, and those that say something new are
fsynced. A line that was cut off by a kill is left behind and read over. While a journal is open, no
other process can open it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

State = Literal["done", "failed", "skipped"]


@dataclass(frozen=True)
class Entry:
    """What became of an item in a run; `reason` says why it failed or was skipped."""

    item: str
    path: str
    state: State
    reason: str = ""
    seconds: float = 0.0


class Journal:
    """An open journal. `failures`: the reason for which each item failed last, if nothing since."""

    def __init__(self, path: Path) -> None:
        self.failures: dict[str, str] = {}
        text = path.read_bytes() if path.exists() else b""
        for entry in _parse(text):
            if entry.state == "failed":
                self.failures[entry.item] = entry.reason
            elif entry.state == "done":
                self.failures.pop(entry.item, None)
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        if text and not text.endswith(b"\n"):
            os.write(self._handle, b"\n")

    def write(self, entry: Entry) -> None:
        """Append a line."""
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        line = json.dumps({**asdict(entry), "time": now}, ensure_ascii=False) + "\n"
        os.write(self._handle, line.encode())
        if entry.state != "skipped":
            os.fsync(self._handle)

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


@contextmanager
def open_journal(path: str | Path) -> Iterator[Journal]:
    """The journal at `path` (.jsonl), made if there is none, for this process alone.

    Raises ValueError when another process has it open.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_suffix(".lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ValueError(
            f"needs {path} for itself; got another process that is working on the same photos; "
            "try waiting for it, or another shard"
        ) from None
    try:
        journal = Journal(path)
        try:
            yield journal
        finally:
            journal.close()
    finally:
        lock.release()


def read_journal(path: str | Path) -> list[Entry]:
    """Every whole line of a journal, in order."""
    return list(_parse(Path(path).read_bytes()))


def _parse(text: bytes) -> Iterator[Entry]:
    for line in text.splitlines():
        try:
            content = json.loads(line)
            content.pop("time", None)
            yield Entry(**content)
        except (ValueError, TypeError, AttributeError, RecursionError):  # cut off by a kill
            continue
