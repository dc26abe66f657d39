"""One job at a time, in one thread: taken from the store, done, and its end written down.

Whoever is killed leaves rows that say `running`; the next start looks what became of them: a film
that is whole is finished, another job waits again, one that ended its server too often has failed.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from studio.events import Announcer
from studio.jobs import CANCELLED, FAILED, FINISHED, RUNNING, Job, JobStore
from studio.making import Maker, hide_folder
from synth.progress import Cancelled, Progress, Watch

#: Reports go to the disk and to listeners no more often.
REPORT_EVERY_S = 0.25


class Worker:
    """Does the jobs of a store until it is closed."""

    def __init__(self, store: JobStore, maker: Maker, announcer: Announcer) -> None:
        self._store, self._maker, self._announcer = store, maker, announcer
        self._wake = threading.Event()
        self._closed = False
        self._watches: dict[str, Watch] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="films", daemon=True)

    def start(self) -> None:
        """Look after what an earlier server left, then begin."""
        for job in self._store.list(most=10_000):
            if job.state == RUNNING:
                self._take_up(job)
        self._thread.start()

    def close(self) -> None:
        """Stop; a job that is being done waits again for the next start."""
        self._closed = True
        self._wake.set()
        with self._lock:
            for watch in self._watches.values():
                watch.cancel()
        if self._thread.is_alive():
            self._thread.join(timeout=60)

    def wake(self) -> None:
        """A job waits."""
        self._wake.set()

    def cancel(self, name: str) -> bool:
        """Stop a job, waiting or running; False where it is over."""
        if self._store.cancel_waiting(name):
            return True
        with self._lock:
            watch = self._watches.get(name)
            if watch is not None:
                watch.cancel()
        return watch is not None

    def _take_up(self, job: Job) -> None:
        try:
            result = self._maker.find_finished(job)
        except (OSError, ValueError, StopIteration):
            result = None
        if result is not None:
            self._store.end(job.id, FINISHED, result=result)
        elif job.attempts >= self._maker.limits.attempts:
            self._store.end(job.id, FAILED, f"the studio ended {job.attempts} times during it")
        else:
            self._store.put_back(job.id)

    def _run(self) -> None:
        while not self._closed:
            try:
                job = self._store.take_next()
            except Exception:  # a full disk: tried again when there is room
                job = None
            if job is None:
                self._wake.wait(timeout=1.0)
                self._wake.clear()
                continue
            self._do(job)

    def _do(self, job: Job) -> None:
        watch = Watch(_Teller(self._store, job.id))
        with self._lock:
            self._watches[job.id] = watch
        state, error, result = FAILED, "", {}
        try:
            result = dict(self._maker.make(job, watch))
            state = FINISHED
        except Cancelled:
            state = CANCELLED
        except MemoryError:
            error = "needs more memory than there is; try a smaller or shorter film"
        except (ValueError, OSError, LookupError) as known:
            error = hide_folder(str(known), self._maker.workspace.folder)
        except Exception as fault:  # a fault of ours must not end the queue
            error = f"stopped by a fault: {type(fault).__name__}: {str(fault)[:300]}"
        finally:
            with self._lock:
                self._watches.pop(job.id, None)
        self._end(job, state, error, result)

    def _end(self, job: Job, state: str, error: str, result: dict[str, Any]) -> None:
        try:
            if state == CANCELLED and self._closed:
                self._store.put_back(job.id, forgive=True)
            else:
                self._store.end(job.id, state, error, result)
        except Exception:  # the disk is full: the next start finds the job as it is
            self._announcer.warn("the state of a job could not be written; is the disk full?")


class _Teller:
    """A Report that writes progress down, with an estimate of the time that is left."""

    def __init__(self, store: JobStore, name: str) -> None:
        self._store, self._name = store, name
        self._last_s = 0.0
        self._step, self._step_began_s, self._first = "", 0.0, 0

    def __call__(self, progress: Progress) -> None:
        now_s = time.monotonic()
        if progress.step != self._step:
            self._step, self._step_began_s, self._first = progress.step, now_s, progress.done
        elif now_s - self._last_s < REPORT_EVERY_S and progress.done != progress.total:
            return
        self._last_s = now_s
        left_s = None
        done = progress.done - self._first
        if progress.total is not None and done > 0:
            rate = (now_s - self._step_began_s) / done
            left_s = round(rate * (progress.total - progress.done), 1)
        content = {"step": progress.step, "done": progress.done, "total": progress.total}
        note = {"note": progress.note[:300]} if progress.note else {}
        try:
            self._store.report(self._name, {**content, "left_s": left_s, **note})
        except Exception:  # progress is not worth a film: the disk may be full
            return
