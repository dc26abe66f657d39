"""What went wrong, as one line on stderr and an exit code; what goes on, as bars and lines.

Imports nothing heavy, so that an interruption during a start is reported like any other.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FAILED, INTERRUPTED, TERMINATED = 1, 130, 143
#: Control characters, by which a name could move the cursor or colour the screen.
_CONTROLS = {code: "?" for code in [*range(32), *range(127, 160)] if code not in (9, 10)}
#: Families of errors that tell of a mistake or a full disk; others are faults of ours.
_MENDABLE = ("HydraException", "OmegaConfBaseException")


@contextmanager
def reporting_errors() -> Iterator[None]:
    """Turn a user's mistakes, full disks and Ctrl-C into one line on stderr and an exit code.

    Anything else is a fault of ours and keeps its traceback.
    """
    # An exit by exception lets every temporary file be removed; the default would not.
    before = _handle_sigterm(_exit_on_sigterm)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            yield
    except KeyboardInterrupt:
        report_error("interrupted; files that were not finished are removed")
        sys.exit(INTERRUPTED)
    except Exception as error:
        sentence = explain_error(error)
        if sentence is None:
            raise
        report_error(sentence)
        sys.exit(FAILED)
    finally:
        _handle_sigterm(before)


def make_printable(text: str) -> str:
    """One line without control characters."""
    return " ".join(text.split()).translate(_CONTROLS)


def say(text: str) -> None:
    """Print lines on stdout without control characters, whatever names are in them."""
    for line in text.split("\n"):
        print(line.translate(_CONTROLS), flush=True)


def follow_count(what: str, counts: Iterator[int]) -> None:
    """Say how many there are, every now and then."""
    for count in counts:
        if count % 512 == 0:
            say(f"{what}: {count}")


def explain_error(error: Exception) -> str | None:
    """The sentence for a mistake of the user's or the computer's; None for a fault of ours."""
    families = {family.__name__ for family in type(error).__mro__}
    if "OutOfMemoryError" in families:
        return f"not enough memory on the device: {error}; try render.batch_size=1"
    if isinstance(error, MemoryError):
        return "not enough memory; try a smaller size, a shorter film or fewer at once"
    if "MissingMandatoryValue" in families:
        key = getattr(error, "full_key", "a setting")
        return f"needs a value for {key}; got none; try {key}=..."
    if isinstance(error, RecursionError):
        return "needs a file or setting that is not nested so deeply; try a flatter one"
    if isinstance(error, ValueError) and "integer string conversion" in str(error):
        return "needs numbers of at most 4300 digits; got a longer one"
    if isinstance(error, ValueError | OSError) or families.intersection(_MENDABLE):
        return str(error)
    return None


def report_error(message: str) -> None:
    """One line on stderr; with MOODREEL_DEBUG=1 the traceback before it."""
    if os.environ.get("MOODREEL_DEBUG") == "1":
        traceback.print_exc()
    print(f"error: {make_printable(message)}", file=sys.stderr)


def _show_warning(message: Warning | str, category: type[Warning], *place: Any) -> None:
    """One line for the user; where in the code it arose is of no use to them."""
    print(f"warning: {make_printable(str(message))}", file=sys.stderr)


def _handle_sigterm(handler: Any) -> Any:
    """Set what SIGTERM does and return what it did; only the main thread may."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(signal.SIGTERM, handler)


def _exit_on_sigterm(signal_number: int, frame: object) -> None:
    sys.exit(TERMINATED)
