"""How far a long job has come, told to whoever asked, and how it is stopped.

A job takes a `Report`: any function of one `Progress`. `print` will do. A `Watch` is one that can
also stop the job, from any thread: the job's next report then raises `Cancelled`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """`done` of `total` (None: unknown) units of a step; or a `note` for people, with no count."""

    step: str
    done: int = 0
    total: int | None = None
    note: str = ""

    def __str__(self) -> str:
        if self.note:
            return f"{self.step}: {self.note}"
        return f"{self.step} {self.done}" + ("" if self.total is None else f" of {self.total}")


Report = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """Tell nobody."""


class Cancelled(Exception):
    """The job was stopped because somebody asked for it; what it had begun is gone.

    But for a film's finished segments, with which the next run goes on.
    """


class Watch:
    """A `Report` that passes everything on and can stop the job: `watch.cancel()`."""

    def __init__(self, report: Report = ignore_progress) -> None:
        self._report = report
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Stop the job at its next report; may be called from any thread, and more than once."""
        self._cancelled.set()

    def __call__(self, progress: Progress) -> None:
        """Pass the report on. Raises Cancelled after `cancel`."""
        if self._cancelled.is_set():
            raise Cancelled(f"stopped during {progress.step}")
        self._report(progress)
