"""How each run of a sweep ended: a note while it runs, and why it failed where it did.

    sweep's folder/
      sweep.json                      all runs that there should be
      .attempts/face.seed=7.json      gone when the run has come to its end
      face.seed=7/                    its results

A run that fails does not end those after it. One that is killed cannot say so: its note then still
says that it runs, but nobody holds its folder, and the end of its launcher's log tells why.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.reporting import explain_error, make_printable
from synth.film.staging import FILM_FILE, UNFINISHED
from synth.plain_text import load_json
from synth.storage.atomic import write_text_atomically
from synth.storage.locks import InUseError, own_folder

FINISHED, FAILED, STOPPED, RUNNING, MISSING = "finished", "failed", "stopped", "running", "missing"
_LOG_END_BYTES = 4096


@dataclass(frozen=True)
class Attempt:
    """One run: where it is computed, its launcher's log, and what ended it ("": nothing yet)."""

    host: str
    pid: int
    log: str | None = None
    reason: str = ""

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(path, json.dumps(asdict(self), indent=1) + "\n")


@dataclass(frozen=True)
class Outcome:
    """What has become of a run: one of the five states, and why, where it is not finished."""

    state: str
    reason: str = ""


@contextmanager
def keep_attempt(folder: Path) -> Iterator[None]:
    """Note that the run whose results go to `folder` is at work, and what ends it.

    Errors are printed and noted and end here, so that the sweep goes on; Ctrl-C and SIGTERM do not.
    """
    path = find_note(folder)
    attempt = Attempt(socket.gethostname(), os.getpid(), find_own_log())
    if not is_in_use(folder):
        attempt.save(path)
    try:
        yield
    except InUseError as error:  # the other one keeps the note
        print(f"{folder.name}: {make_printable(str(error))}", file=sys.stderr)
        return
    except Exception as error:
        reason = explain_error(error)
        if reason is None:
            traceback.print_exc()
            reason = f"{type(error).__name__}: {error}"
        reason = make_printable(reason)
        print(f"error: {folder.name}: {reason}", file=sys.stderr)
        Attempt(attempt.host, attempt.pid, attempt.log, reason or "no message").save(path)
        return
    path.unlink(missing_ok=True)


def find_note(folder: Path) -> Path:
    """Where the note on a run is, given its folder."""
    return folder.parent / ".attempts" / f"{folder.name}.json"


def find_outcome(folder: Path) -> Outcome:
    """What has become of the run whose results go to `folder`."""
    attempt = _load_attempt(find_note(folder))
    if is_in_use(folder):
        return Outcome(RUNNING, f"on {attempt.host}" if attempt else "")
    if attempt is None:
        if (folder / FILM_FILE).is_file():
            return Outcome(FINISHED)
        begun = (folder / UNFINISHED).is_dir()
        return Outcome(STOPPED, "begun") if begun else Outcome(MISSING)
    if attempt.reason:
        return Outcome(FAILED, attempt.reason)
    ended = _read_end(attempt.log)
    return Outcome(STOPPED, ended or f"killed, process {attempt.pid} on {attempt.host}")


def count_outcomes(folder: Path, names: Iterable[str]) -> Counter[str]:
    """How many of a sweep's runs are in each state."""
    return Counter(find_outcome(folder / name).state for name in names)


def is_in_use(folder: Path) -> bool:
    """Whether a process works in the folder."""
    if not folder.is_dir():
        return False
    try:
        with own_folder(folder):
            return False
    except InUseError:
        return True


def find_own_log() -> str | None:
    """The file that a cluster's job writes its errors to; None where submitit started none."""
    if "SUBMITIT_EXECUTOR" not in os.environ and "SLURM_JOB_ID" not in os.environ:
        return None
    try:
        import submitit

        return str(submitit.JobEnvironment().paths.stderr)
    except (ImportError, RuntimeError, KeyError):
        return None


def _load_attempt(path: Path) -> Attempt | None:
    try:
        return Attempt(**load_json(path))
    except (OSError, ValueError, TypeError):
        return None


def _read_end(log: str | None) -> str:
    """The last line that a log has."""
    if log is None:
        return ""
    try:
        with Path(log).open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _LOG_END_BYTES))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return make_printable(lines[-1]) if lines else ""
