"""Video files, as they are -> a scorecard with page and plot of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synth.faces.observers import FaceObserver, fetch_models
from synth.progress import Progress, Report, ignore_progress
from synth.scores.scorecard import Scorecard, score_video
from synth.scores.scorecard_report import save_scorecard
from synth.storage.places import name_by_place


def score_files(
    paths: Sequence[Path],
    folder: Path,
    observer: FaceObserver | None = None,
    face_stride: int = 1,
    report: Report = ignore_progress,
) -> dict[str, Scorecard]:
    """Cards by the names of `name_by_place`, in `folder` as well.

    Raises ValueError for no files, FileNotFoundError naming those that are not there.
    """
    if not paths:
        raise ValueError("needs at least one video; got videos=[]; try videos=[a.mp4]")
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise FileNotFoundError(f"needs video files; found nothing at {', '.join(missing)}")
    fetch_models(observer)
    cards: dict[str, Scorecard] = {}
    for number, path in enumerate(paths):
        report(Progress("score", number, len(paths)))
        name = name_by_place(path)
        cards[name] = score_video(path, observer, face_stride=face_stride)
        save_scorecard(folder / f"{name}.json", cards[name])
    report(Progress("score", len(paths), len(paths)))
    return cards
