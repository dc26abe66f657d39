"""One film, one folder: results come into it together, and never mix with those of another run.

    film's folder/
      .in_use                   who works here
      .unfinished/              a film that was begun; gone when it is finished
        job.json, config.yaml   what it is made from, so that nobody goes on with another
        segments/               finished parts, kept however a run ends
        observations/           what was seen in the joined film, for the scorecard
        results/                put together last, in every run from the beginning
      .finished/                all results, for the moment in which they take their places
      film.json                 the names and hashes of the results, and what they were made from

When every result is there, `results` gets another name in one step: from then on the film counts as
finished. Its files then take the places of those of the film before, one by one, and what else that
one had left goes. A process that is killed before the step leaves the film before as it was; one
that is killed after it leaves work that the next run in there, or `finish_moving`, brings to its
end.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth.plain_text import load_json
from synth.storage.atomic import remove_leftovers, write_text_atomically
from synth.storage.checksums import hash_tree
from synth.storage.exchange import put_in_place
from synth.storage.locks import own_folder
from synth.storage.run_settings import check_same_settings, replace_settings

UNFINISHED, FINISHED = ".unfinished", ".finished"
#: Lists the results of the folder's film, so that the next film can replace all of them.
FILM_FILE = "film.json"
JOB_FILE, CONFIG_FILE = "job.json", "config.yaml"
FORMAT = "moodreel-film-2"


@dataclass(frozen=True)
class FilmFolder:
    """A film's folder while a run has it for itself."""

    path: Path

    @property
    def work(self) -> Path:
        """What outlasts a run that did not come to its end."""
        return self.path / UNFINISHED

    @property
    def segments(self) -> Path:
        """Where finished segments are."""
        return self.work / "segments"

    @property
    def observations(self) -> Path:
        """What was seen in the finished video, for its scorecard."""
        return self.work / "observations"

    @property
    def results(self) -> Path:
        """Where results are put together."""
        return self.work / "results"

    def has_begun(self) -> bool:
        """Whether there is a finished segment to go on from."""
        names = os.listdir(self.segments) if self.segments.is_dir() else []
        return any(not name.startswith(".") for name in names)

    def begin(self, pictures: Mapping[str, Any], config: str, resume: bool) -> None:
        """Go on with the film that was begun here, or begin it.

        pictures: all that its frames depend on. Raises ValueError where another film was begun and
        has finished segments, unless told not to `resume`: what was begun then goes.
        """
        if resume and self.has_begun():
            check_same_settings(
                _load(self.work / JOB_FILE),
                pictures,
                f"the film begun in {self.work} has",
                "try resume=false, which gives up what was begun, or another folder (name=...)",
            )
            return
        shutil.rmtree(self.work, ignore_errors=True)
        self.segments.mkdir(parents=True)
        write_text_atomically(self.work / CONFIG_FILE, config)
        replace_settings(self.work / JOB_FILE, pictures)

    @contextmanager
    def collect(self, job: Mapping[str, Any]) -> Iterator[Path]:
        """Yield an empty folder to put results into; on a clean exit they are the film's.

        job: what the film was made from, kept in film.json.
        """
        shutil.rmtree(self.results, ignore_errors=True)  # of a process that was killed
        self.results.mkdir(parents=True)
        yield self.results
        found = {path.name: hash_tree(path) for path in sorted(self.results.iterdir())}
        content = {"format": FORMAT, "files": [*found], "sha256": found, "job": job}
        write_text_atomically(self.results / FILM_FILE, json.dumps(content, indent=1) + "\n")
        os.replace(self.results, self.path / FINISHED)
        finish_moving(self.path, was_killed=False)

    def read_finished(self) -> FinishedFilm | None:
        """The finished film in here, if there is one that says what it was made from."""
        content = _load(self.path / FILM_FILE)
        try:
            job, hashes = content["job"], content["sha256"]
            if content["format"] == FORMAT and isinstance(job, dict):
                names = {str(name): str(sha256) for name, sha256 in hashes.items()}
                return FinishedFilm(self.path, job, names)
        except (KeyError, TypeError, AttributeError):
            pass
        return None


@dataclass(frozen=True)
class FinishedFilm:
    """A film that is there: what it was made from, and the hashes of its files when it was made."""

    path: Path
    job: Mapping[str, Any]
    hashes: Mapping[str, str]

    def has_whole(self, name: str) -> bool:
        """Whether a result is as it was written."""
        path = self.path / name
        return path.exists() and name in self.hashes and hash_tree(path) == self.hashes[name]

    def is_whole(self) -> bool:
        """Whether all results are."""
        return all(map(self.has_whole, self.hashes))


@contextmanager
def own_film_folder(folder: Path) -> Iterator[FilmFolder]:
    """Have the film's folder for this run alone, with what a killed run had to move moved.

    However the block ends, finished segments stay; where there are none, nothing does. Raises
    ValueError while another process works in the folder, OSError when it cannot be written.
    """
    with own_folder(folder):
        finish_moving(folder)
        place = FilmFolder(folder)
        try:
            yield place
        finally:
            shutil.rmtree(place.results, ignore_errors=True)
            if not place.has_begun():
                shutil.rmtree(place.work, ignore_errors=True)


def find_begun(parent: Path, config: str) -> Path | None:
    """The first folder within `parent` where a film of that configuration waits to be gone on with.

    Folders in which a process works are left out.
    """
    try:
        folders = sorted(path for path in parent.iterdir() if (path / UNFINISHED).is_dir())
    except OSError:
        return None
    for folder in folders:
        place = FilmFolder(folder)
        try:
            is_same = (place.work / CONFIG_FILE).read_text(encoding="utf-8") == config
            if is_same and place.has_begun():
                with own_folder(folder):
                    return folder
        except (OSError, ValueError):  # of another kind, in use, or gone meanwhile
            continue
    return None


def finish_moving(folder: Path, was_killed: bool = True) -> None:
    """Bring the files of a finished film to their places; does nothing where there are none.

    was_killed: whether another process may have begun with it.
    """
    finished = folder / FINISHED
    if not finished.is_dir():
        return
    if (finished / FILM_FILE).is_file():
        new, old = _list_files(finished), _list_files(folder)
        for name in new:
            if not (was_killed and _is_in_place(name, finished, folder)):
                put_in_place(finished / name, folder / name)
            remove_leftovers(folder / name)  # an old folder that a killed run had put aside
        for name in set(old) - set(new):
            _remove(folder / name)
        shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
        # Last of all: it is what tells that there is something to move.
        os.replace(finished / FILM_FILE, folder / FILM_FILE)
    shutil.rmtree(finished)


def _is_in_place(name: str, finished: Path, folder: Path) -> bool:
    """Whether a killed run had moved a result; an old folder may then be where the new one was."""
    ours, theirs = finished / name, folder / name
    if not os.path.lexists(ours):
        return True
    if not theirs.exists() or not (ours.is_dir() or theirs.is_dir()):
        return False
    return hash_tree(theirs) == _load(finished / FILM_FILE).get("sha256", {}).get(name)


def _load(path: Path) -> Any:
    """What a JSON file says; None where it is missing or broken."""
    try:
        return load_json(path)
    except (OSError, ValueError):
        return None


def _list_files(folder: Path) -> list[str]:
    """The names of a film's results; none where the list is missing or broken."""
    try:
        names = [str(name) for name in _load(folder / FILM_FILE)["files"]]
    except (KeyError, TypeError):
        return []
    return [name for name in names if Path(name).name == name and name not in (".", "..")]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
