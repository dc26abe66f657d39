"""One film, one folder: results come into it together, and never mix with those of another run.

A run writes into a hidden folder within the film's folder. When everything is there, that folder
gets another name in one step: from then on the film counts as finished. Its files then replace
those of the film before, and whatever else that one had left goes. A process that is killed before
the step leaves the film before as it was; one that is killed after it leaves work that the next
run in there, or `finish_moving`, brings to its end.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synth.storage.atomic import write_text_atomically
from synth.storage.locks import own_folder

UNFINISHED, FINISHED = ".unfinished", ".finished"
#: Lists the results of the folder's film, so that the next film can replace all of them.
FILM_FILE = "film.json"


@contextmanager
def stage_results(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to write results into; on a clean exit they are the film's.

    On any exception what was begun goes, and the film before stays. Raises ValueError while
    another process works in the folder, OSError naming it when it cannot be written.
    """
    with own_folder(folder):
        finish_moving(folder)
        staging = folder / UNFINISHED
        shutil.rmtree(staging, ignore_errors=True)  # of a process that was killed
        staging.mkdir()
        try:
            yield staging
            names = sorted(path.name for path in staging.iterdir())
            content = {"format": "moodreel-film-1", "files": names}
            write_text_atomically(staging / FILM_FILE, json.dumps(content, indent=1) + "\n")
            os.replace(staging, folder / FINISHED)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        finish_moving(folder)


def finish_moving(folder: Path) -> None:
    """Bring the files of a finished film to their places; does nothing where there are none."""
    finished = folder / FINISHED
    if not finished.is_dir():
        return
    if (finished / FILM_FILE).is_file():
        kept = set(_list_files(finished)) | {FILM_FILE}
        for name in set(_list_files(folder)) - kept:
            _remove(folder / name)
        # The list of the film before has done its work: this one's must outlast the moving.
        os.replace(finished / FILM_FILE, folder / FILM_FILE)
    for path in sorted(finished.iterdir()):
        target = folder / path.name
        if target.is_dir():
            shutil.rmtree(target)
        os.replace(path, target)
    finished.rmdir()


def _list_files(folder: Path) -> list[str]:
    """The names of a film's results; none where the list is missing or broken."""
    try:
        content = json.loads((folder / FILM_FILE).read_text(encoding="utf-8"))
        names = [str(name) for name in content["files"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    return [name for name in names if Path(name).name == name and name not in (".", "..")]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
