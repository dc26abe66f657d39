"""Are these files ours, and are they still as they were made?

    python -m scripts.verify 'files=[film.mp4,sheet.png]'
    python -m scripts.verify 'files=[film.mp4]' json=true

In: pictures and films. Out: a line for each, or JSON. The exit code is that of the worst: 0 ours
and unchanged, 3 ours and changed since, 4 our watermark without a manifest of ours, 5 nothing of
ours; 1 where a file cannot be read, which is told, and the others are looked at all the same.
Nothing is asked of the network.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.entry import Place, run_script
from scripts.reporting import FAILED, report_error, say
from synth.film.marks.keys import load_own_root
from synth.film.marks.verifying import CHANGED, NOTHING, UNCHANGED, WATERMARK, verify_file

EXIT_CODES = {UNCHANGED: 0, CHANGED: 3, WATERMARK: 4, NOTHING: 5}


@dataclass(frozen=True)
class VerifyJob:
    """The entries of configs/verify.yaml."""

    files: list[str]
    trust: list[str]
    json: bool


def verify(job: VerifyJob, place: Place) -> None:
    """Look at the files one by one; leave with the worst one's exit code."""
    own = load_own_root()
    roots = [Path(path).read_text(encoding="utf-8") for path in job.trust]
    roots += [own] if own else []
    verdicts, unread = [], False
    for path in job.files:
        try:
            verdict = verify_file(path, roots)
        except (OSError, ValueError) as error:
            report_error(str(error))
            unread = True
            continue
        verdicts.append(verdict)
        if not job.json:
            say(verdict.describe())
    if job.json:
        say(json.dumps([verdict.to_json() for verdict in verdicts], indent=1))
    code = max((EXIT_CODES[verdict.status] for verdict in verdicts), default=0)
    if code or unread:
        sys.exit(FAILED if unread else code)


def main() -> None:
    """The command line."""
    run_script("verify", VerifyJob, verify)


if __name__ == "__main__":
    main()
