"""A study's folder: the page that is published, and the key that is not.

    folder/
      key.json            which film is whose; keep it, the answers cannot be read without
      page/               publish this, or open index.html in it
        index.html ...    the page, the same for every study
        study.js          names of films and trials, and what is asked
        films/NAME.mp4    encoded again, so that no file tells where it is from

The page runs from a file or any plain web server: it loads nothing from elsewhere, and needs no
program behind it. Films are written in the order of their names, which is random.
"""

from __future__ import annotations

import errno
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from itertools import repeat
from pathlib import Path

from synth.progress import Progress, Report, ignore_progress
from synth.scores.preferences.plan import ShownFilm, StudyPlan, StudySettings, plan_study
from synth.storage.atomic import write_folder_atomically, write_text_atomically
from synth.video.encoders import Encoding
from synth.video.reading import probe_video, read_frames
from synth.video.writing import write_video

PAGE, KEY, FILMS = "page", "key.json", "films"
KEY_FORMAT = "moodreel-preference-key-1"
STUDY_FORMAT = "moodreel-preference-study-1"
PAGE_SOURCE = Path(__file__).with_name("page")
VIDEO_SUFFIXES = (".mp4", ".webm", ".gif", ".mov", ".avi", ".mkv", ".m4v")
FILM_SUFFIX = ".mp4"


def make_study(
    methods: Mapping[str, str | Path],
    settings: StudySettings,
    folder: Path,
    report: Report = ignore_progress,
) -> StudyPlan:
    """Write the study of the films in these folders, by the name of their method.

    Raises ValueError or OSError for folders without films and films that cannot be read, and
    FileExistsError where the folder has a study: answers to it may be on their way.
    """
    if (folder / PAGE).exists():
        raise FileExistsError(
            errno.EEXIST, "needs a folder without a study; try another name", str(folder / PAGE)
        )
    films = {name: list_films(Path(place)) for name, place in methods.items()}
    plan = plan_study(films, settings)
    with write_folder_atomically(folder / PAGE) as page:
        for source in sorted(PAGE_SOURCE.iterdir()):
            if source.is_file():
                shutil.copyfile(source, page / source.name)
        text = json.dumps(describe_study(plan, settings))
        write_text_atomically(page / "study.js", f"window.STUDY = {text};\n")
        for number, (name, film) in enumerate(sorted(plan.films.items())):
            report(Progress("film", number, len(plan.films)))
            write_film(film, page / FILMS / f"{name}{FILM_SUFFIX}", settings)
        report(Progress("film", len(plan.films), len(plan.films)))
        key = json.dumps(describe_key(plan, settings), indent=1)
        write_text_atomically(folder / KEY, key + "\n")
    return plan


def list_films(folder: Path) -> list[Path]:
    """The films in a folder: files, and folders of PNG frames, 2 before 10.

    Raises ValueError for a folder without any.
    """
    found = folder.iterdir() if folder.is_dir() else ()
    films = [path for path in found if not path.name.startswith(".") and _is_film(path)]
    if not films:
        raise ValueError(
            f"needs a folder of films ({', '.join(VIDEO_SUFFIXES)}, or folders of PNG frames); "
            f"found none in {folder}"
        )
    return sorted(films, key=_split_numbers)


def write_film(film: ShownFilm, path: Path, settings: StudySettings) -> None:
    """Encode a film again, without sound, name or date; a frozen one shows its first frame."""
    known = probe_video(film.source)
    encoding = Encoding(known.fps, settings.crf, marked=settings.marked)
    frames = read_frames(film.source)
    if film.is_frozen:
        first = next(frames)[:1]
        frames = repeat(first, known.frame_count)
    write_video(path, frames, encoding, settings.size_px)


def describe_study(plan: StudyPlan, settings: StudySettings) -> dict[str, object]:
    """What the page is told: nothing by which a film's method could be known."""
    trials = sorted(plan.trials)  # the order in which they were made tells their kind
    return {
        "format": STUDY_FORMAT,
        "id": plan.name,
        "title": settings.title,
        "question": settings.question,
        "undecided": settings.undecided,
        "plays": settings.plays,
        "suffix": FILM_SUFFIX,
        "trials": {name: sorted(plan.trials[name].films) for name in trials},
        "sheets": [list(sheet) for sheet in plan.sheets],
    }


def describe_key(plan: StudyPlan, settings: StudySettings) -> dict[str, object]:
    """Which film is whose."""
    return {
        "format": KEY_FORMAT,
        "study": plan.name,
        "seed": plan.seed,
        "settings": {**asdict(settings), "seed": plan.seed},
        "methods": list(dict.fromkeys(film.method for film in plan.films.values())),
        "films": {
            name: {
                "method": film.method,
                "source": str(film.source),
                "frozen": film.is_frozen,
            }
            for name, film in plan.films.items()
        },
        "trials": {
            name: {"kind": trial.kind, "films": list(trial.films)}
            for name, trial in plan.trials.items()
        },
    }


def _is_film(path: Path) -> bool:
    if path.is_dir():
        return any(path.glob("frame_*.png"))
    return path.suffix.lower() in VIDEO_SUFFIXES


def _split_numbers(path: Path) -> list[tuple[int, str]]:
    """The name with its numbers as such."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
