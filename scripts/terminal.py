"""Progress of long jobs as bars and lines in a terminal."""

from __future__ import annotations

from types import TracebackType

from tqdm import tqdm

from scripts.reporting import make_printable
from synth.progress import Progress

#: Steps that are counted, and in what.
UNITS = {
    "render": "frame",
    "invert": "step",
    "tune": "step",
    "score": "video",
    "label": "face",
    "invert photos": "photo",
    "invert frames": "frame",
    "look": "s",
    "train": "epoch",
}


class TerminalProgress:
    """A `synth.progress.Report`: a bar for each counted step, a line for each note."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._step = ""

    def __enter__(self) -> TerminalProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def __call__(self, progress: Progress) -> None:
        """Show it."""
        if progress.note:
            tqdm.write(f"{progress.step}: {make_printable(progress.note)}")
            return
        if progress.total is None:
            return
        if self._bar is None or self._step != progress.step or progress.done < self._bar.n:
            self._close()
            unit = UNITS.get(progress.step, "it")
            # None: no bar where nobody looks.
            self._bar = tqdm(total=progress.total, desc=progress.step, unit=unit, disable=None)
            self._step = progress.step
        self._bar.update(progress.done - self._bar.n)
        if progress.done >= progress.total:
            self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None
