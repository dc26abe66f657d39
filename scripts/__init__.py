"""One thin file per job; the only place that knows Hydra. `moodreel --help` lists the jobs."""

import sys
from types import TracebackType


def _report_interruption(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """An interruption while a job still starts is one line like any other."""
    if issubclass(kind, KeyboardInterrupt):
        print("error: interrupted", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


# Only for `python -m scripts.job`, whose imports take seconds before its main can do anything.
if sys.argv[:1] == ["-m"]:
    sys.excepthook = _report_interruption
