"""A run's log.csv: a row per report, printed too."""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping
from pathlib import Path


def append_row(folder: Path, figures: Mapping[str, float]) -> None:
    """Print the figures with the time of day and append them to the folder's log.csv."""
    row = {"time": time.strftime("%H:%M:%S"), **figures}
    print(row, flush=True)
    log = folder / "log.csv"
    is_new = not log.exists()
    with open(log, "a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row)
        if is_new:
            writer.writeheader()
        writer.writerow(row)
