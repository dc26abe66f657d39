"""Jobs in SQLite: what was asked for, how far it is, and what a killed server left.

    waiting -> running -> finished | failed | cancelled

A row is changed in one transaction, so that whoever is killed leaves the state before or after.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WAITING, RUNNING = "waiting", "running"
FINISHED, FAILED, CANCELLED = "finished", "failed", "cancelled"
OVER = (FINISHED, FAILED, CANCELLED)
_COLUMNS = (
    "id", "kind", "state", "content", "progress", "error", "attempts", "created", "begun", "ended",
    "result",
)  # fmt: skip
_SCHEMA = """
create table if not exists jobs (
    id text primary key, kind text not null, state text not null, content text not null,
    progress text not null, error text not null, attempts integer not null,
    created real not null, begun real, ended real, result text not null
)
"""


class QueueFullError(Exception):
    """No further job can wait."""


@dataclass(frozen=True)
class Job:
    """One job. content: the order in plain JSON. Times are seconds since the epoch.

    progress: step, done, total, left_s. result: what a finished one is, in plain JSON.
    """

    id: str
    kind: str
    state: str
    content: Mapping[str, Any]
    progress: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    attempts: int = 0
    created: float = 0.0
    begun: float | None = None
    ended: float | None = None
    result: Mapping[str, Any] = field(default_factory=dict)


class JobStore:
    """All jobs of one studio; may be used from any thread."""

    def __init__(self, path: Path, tell: Callable[[Job], None] = lambda job: None) -> None:
        self._lock = threading.RLock()
        self._tell = tell
        self._data = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._data.execute(_SCHEMA)

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._data.close()

    def create(self, name: str, kind: str, content: Mapping[str, Any], most_waiting: int) -> Job:
        """A waiting job. Raises QueueFullError where `most_waiting` wait already."""
        with self._lock:
            waiting = self.count(WAITING)
            if waiting >= most_waiting:
                raise QueueFullError(
                    f"needs room in the queue; {waiting} jobs wait already; try later"
                )
            self._data.execute(
                "insert into jobs values (?, ?, ?, ?, '{}', '', 0, ?, null, null, '{}')",
                (name, kind, WAITING, json.dumps(content), time.time()),
            )
        return self._told(name)

    def find(self, name: str) -> Job | None:
        """The job of an id."""
        with self._lock:
            row = self._data.execute(
                f"select {', '.join(_COLUMNS)} from jobs where id = ?", (name,)
            ).fetchone()
        return None if row is None else _read(row)

    def list(self, kind: str | None = None, most: int = 100) -> list[Job]:
        """The newest jobs first."""
        where, values = ("where kind = ?", [kind]) if kind else ("", [])
        with self._lock:
            rows = self._data.execute(
                f"select {', '.join(_COLUMNS)} from jobs {where} order by created desc limit ?",
                (*values, most),
            ).fetchall()
        return [_read(row) for row in rows]

    def count(self, state: str) -> int:
        """Jobs in a state."""
        with self._lock:
            query = "select count(*) from jobs where state = ?"
            return int(self._data.execute(query, (state,)).fetchone()[0])

    def take_next(self) -> Job | None:
        """The job that has waited longest, now running; None where none waits."""
        with self._lock:
            row = self._data.execute(
                "select id from jobs where state = ? order by created, rowid limit 1", (WAITING,)
            ).fetchone()
            if row is None:
                return None
            self._data.execute(
                "update jobs set state = ?, begun = ?, attempts = attempts + 1 where id = ?",
                (RUNNING, time.time(), row[0]),
            )
        return self._told(row[0])

    def report(self, name: str, progress: Mapping[str, Any]) -> None:
        """How far a running job is."""
        with self._lock:
            self._data.execute(
                "update jobs set progress = ? where id = ? and state = ?",
                (json.dumps(progress), name, RUNNING),
            )
        self._told(name)

    def end(
        self, name: str, state: str, error: str = "", result: Mapping[str, Any] | None = None
    ) -> Job:
        """A job is over."""
        with self._lock:
            self._data.execute(
                "update jobs set state = ?, error = ?, ended = ?, result = ? where id = ?",
                (state, error, time.time(), json.dumps(result or {}), name),
            )
        return self._told(name)

    def cancel_waiting(self, name: str) -> bool:
        """Cancel a job that has not begun; False where it has."""
        with self._lock:
            changed = self._data.execute(
                "update jobs set state = ?, ended = ? where id = ? and state = ?",
                (CANCELLED, time.time(), name, WAITING),
            ).rowcount
        if changed:
            self._told(name)
        return bool(changed)

    def put_back(self, name: str, forgive: bool = False) -> None:
        """A job that was running when its server ended waits again, before those after it.

        forgive: the server was stopped in order, which speaks against no job.
        """
        with self._lock:
            self._data.execute(
                "update jobs set state = ?, progress = '{}', attempts = attempts - ? where id = ?",
                (WAITING, int(forgive), name),
            )
        self._told(name)

    def delete(self, name: str) -> None:
        """Forget a job that is over."""
        with self._lock:
            self._data.execute("delete from jobs where id = ?", (name,))

    def _told(self, name: str) -> Job:
        job = self.find(name)
        assert job is not None
        self._tell(job)
        return job


def _read(row: tuple[Any, ...]) -> Job:
    values = dict(zip(_COLUMNS, row, strict=True))
    for key in ("content", "progress", "result"):
        values[key] = json.loads(values[key])
    return Job(**values)
