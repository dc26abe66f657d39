"""What is sent, read within bounds: JSON of a few KiB, files to the disk while they come.

In: a request. Out: a JSON value, or a file under a name of the server's. Nothing is read beyond a
limit of bytes or time, whatever the request's headers say.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request

from studio.settings import Limits
from synth.plain_text import parse_json


class TooLargeError(Exception):
    """More was sent than is taken."""


class TooSlowError(Exception):
    """What was sent came too slowly."""


async def read_json(request: Request, limits: Limits) -> Any:
    """The body as JSON. Raises TooLargeError, TooSlowError, ValueError."""
    parts = [part async for part in _read_parts(request, limits.body_bytes, limits, limits.chunk_s)]
    try:
        text = b"".join(parts).decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"needs JSON in UTF-8; got other bytes ({error.reason})") from None
    return parse_json(text, "the request")


async def save_body(request: Request, path: Path, limits: Limits) -> int:
    """The body into a new file, whole or not at all; its size in bytes.

    Raises TooLargeError, TooSlowError, ValueError for an empty one, OSError for a full disk.
    """
    temporary = path.with_suffix(".part")
    size = 0
    try:
        with open(temporary, "xb") as file:
            parts = _read_parts(request, limits.upload_bytes, limits, limits.upload_s)
            async for part in parts:
                await asyncio.to_thread(file.write, part)
                size += len(part)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        if not size:
            raise ValueError("needs a file; got nothing")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return size


async def _read_parts(
    request: Request, most_bytes: int, limits: Limits, longest_s: float
) -> AsyncIterator[bytes]:
    """The body part by part, at most so many bytes within so long."""
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > most_bytes:
        raise TooLargeError(f"needs at most {most_bytes:,} bytes; got {int(announced):,}")
    stream, size = request.stream().__aiter__(), 0
    ends_s = time.monotonic() + longest_s
    while True:
        patience_s = min(limits.chunk_s, ends_s - time.monotonic())
        try:
            if patience_s <= 0:
                raise asyncio.TimeoutError
            part = await asyncio.wait_for(stream.__anext__(), patience_s)
        except StopAsyncIteration:
            return
        except (TimeoutError, asyncio.TimeoutError):
            raise TooSlowError("needs the request to come faster; it was given up") from None
        except ClientDisconnect:
            raise TooSlowError("needs the whole request; the connection was closed") from None
        size += len(part)
        if size > most_bytes:
            raise TooLargeError(f"needs at most {most_bytes:,} bytes; got more")
        yield part
