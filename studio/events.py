"""Server-sent events (WHATWG HTML, 9.2): listeners hear the newest state of each job.

In: jobs that change, from any thread. Out: for each listener a stream of text. A slow listener
misses states in between, never the last one, and costs no more than one state a job.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

#: A comment that keeps the connection, and finds out whether anybody is there.
BEAT_S = 15.0


class TooManyListenersError(Exception):
    """No further stream of events is given."""


class Announcer:
    """Tells listeners on one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._listeners: set[_Listener] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self.warnings: list[str] = []

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell listeners of this loop from now on."""
        self._loop = loop

    def stop(self) -> None:
        """End all streams."""
        with self._lock:
            for listener in self._listeners:
                listener.end()

    def warn(self, message: str) -> None:
        """Keep a sentence for the studio's state."""
        self.warnings = [*self.warnings[-9:], message]

    def tell(self, key: str, content: Mapping[str, Any]) -> None:
        """The newest of `key`; may be called from any thread."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            loop.call_soon_threadsafe(listener.hear, key, content)

    def check_room(self) -> None:
        """Raise TooManyListenersError where no further stream is given."""
        with self._lock:
            if len(self._listeners) >= self._most:
                raise TooManyListenersError(
                    f"needs at most {self._most} listeners; got as many; close another page"
                )

    async def listen(
        self, first: Sequence[tuple[str, Mapping[str, Any]]], only: str | None = None
    ) -> AsyncIterator[bytes]:
        """Events from now on, `first` those that are known; ends when the job `only` is over."""
        self.check_room()
        listener = _Listener(only)
        with self._lock:
            self._listeners.add(listener)
        try:
            for key, content in first:
                listener.hear(key, content)
            while not listener.ended:
                try:
                    await asyncio.wait_for(listener.news.wait(), BEAT_S)
                except (TimeoutError, asyncio.TimeoutError):
                    yield b": beat\n\n"
                    continue
                for content in listener.take():
                    yield f"event: job\ndata: {json.dumps(content)}\n\n".encode()
                    is_over = content.get("state") in ("finished", "failed", "cancelled")
                    if only is not None and is_over:
                        return
        finally:
            with self._lock:
                self._listeners.discard(listener)


class _Listener:
    """What one listener has not heard yet."""

    def __init__(self, only: str | None) -> None:
        self._only = only
        self._waiting: dict[str, Mapping[str, Any]] = {}
        self.news = asyncio.Event()
        self.ended = False

    def hear(self, key: str, content: Mapping[str, Any]) -> None:
        if self._only in (None, key):
            self._waiting[key] = content
            self.news.set()

    def take(self) -> list[Mapping[str, Any]]:
        """Everything that is new."""
        found = list(self._waiting.values())
        self._waiting.clear()
        self.news.clear()
        return found

    def end(self) -> None:
        self.ended = True
        self.news.set()
