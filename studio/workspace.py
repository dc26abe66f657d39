"""Where the studio keeps its files: uploads, projects, films, all under names of its own.

In: a folder. Out: paths by ids. What is free on the disk, and what the studio may keep, is asked
before anything is written.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.identifiers import check_id
from studio.settings import Limits
from synth.plain_text import load_json
from synth.storage.atomic import write_text_atomically

#: Uploads that nothing names are kept this long for whoever is about to name them.
UNNAMED_KEPT_S = 24 * 3600
#: What an upload can be, and the suffix of its file: decoders look at the contents.
UPLOAD_KINDS = {
    "photo": ".photo",
    "clip": ".clip",
    "sound": ".sound",
    "latents": ".npz",
    "generator": ".generator",
    "directions": ".safetensors",
}


class NotFoundError(LookupError):
    """There is nothing of that id."""


class ConflictError(Exception):
    """Somebody else has changed the thing since it was read; `current` is what it is now."""

    def __init__(self, current: Mapping[str, Any]) -> None:
        super().__init__("needs the newest revision; it was changed elsewhere; load it again")
        self.current = current


@dataclass(frozen=True, eq=False)
class Workspace:
    """Folders of one studio."""

    folder: Path
    limits: Limits

    @property
    def uploads(self) -> Path:
        """Files that were sent."""
        return self.folder / "uploads"

    @property
    def films(self) -> Path:
        """A folder for each film."""
        return self.folder / "films"

    def make(self) -> None:
        """Make the folders; uploads that were cut off by a crash go."""
        for folder in (self.uploads, self.films, self.folder / "projects"):
            folder.mkdir(parents=True, exist_ok=True)
        for path in self.uploads.glob("*.part"):
            path.unlink(missing_ok=True)

    def find_upload(self, name: str) -> Path:
        """The file of an upload. Raises NotFoundError."""
        name = check_id(name)
        for suffix in UPLOAD_KINDS.values():
            path = self.uploads / f"{name}{suffix}"
            if path.is_file():
                return path
        raise NotFoundError("needs the id of an upload; found none of that id; upload it again")

    def remove_old_uploads(self, named: str) -> None:
        """Delete uploads of yesterday or older whose ids do not occur in the text `named`, nor in
        any project: nobody can reach them any more, and they may be photos of people."""
        projects = (self.folder / "projects").glob("*.json")
        text = "".join([named, *(path.read_text(encoding="utf-8") for path in projects)])
        for path in self.uploads.iterdir():
            is_old = time.time() - path.stat().st_mtime > UNNAMED_KEPT_S
            if is_old and path.stem not in text:
                path.unlink(missing_ok=True)

    def find_film(self, name: str) -> Path:
        """The folder of a film."""
        return self.films / check_id(name)

    def check_room(self, more_bytes: int = 0) -> None:
        """Raise OSError (no space) where the disk, or what the studio may keep, is full."""
        free = shutil.disk_usage(self.folder).free
        if free - more_bytes < self.limits.free_bytes:
            raise OSError(errno.ENOSPC, "needs more room on the disk; try deleting old films")
        if measure_folder(self.folder) + more_bytes > self.limits.stored_bytes:
            raise OSError(
                errno.ENOSPC, "needs room among what the studio may keep; try deleting old films"
            )


class ProjectShelf:
    """Projects as files, one revision after the other: who saves must have seen the newest."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder, self._most = folder, most
        self._lock = threading.Lock()

    def list(self) -> list[dict[str, Any]]:
        """Id, name and revision of all, newest first."""
        files = sorted(self._folder.glob("*.json"), key=os.path.getmtime, reverse=True)
        found = [load_json(path) for path in files]
        return [{key: item[key] for key in ("id", "name", "revision")} for item in found]

    def load(self, name: str) -> dict[str, Any]:
        """One project. Raises NotFoundError."""
        path = self._find(name)
        if not path.is_file():
            raise NotFoundError("needs the id of a project; found none of that id")
        return load_json(path)

    def create(self, name: str, project: Mapping[str, Any]) -> dict[str, Any]:
        """A new project at revision 1."""
        with self._lock:
            if len(list(self._folder.glob("*.json"))) >= self._most:
                raise ValueError(f"needs fewer than {self._most} projects; delete some first")
            return self._write(name, 1, project)

    def save(self, name: str, seen: int, project: Mapping[str, Any]) -> dict[str, Any]:
        """The next revision. Raises ConflictError unless `seen` is the newest."""
        with self._lock:
            current = self.load(name)
            if current["revision"] != seen:
                raise ConflictError(current)
            return self._write(name, seen + 1, project)

    def delete(self, name: str) -> None:
        """Remove one. Raises NotFoundError."""
        with self._lock:
            self.load(name)
            self._find(name).unlink()

    def _write(self, name: str, revision: int, project: Mapping[str, Any]) -> dict[str, Any]:
        title = str(project.get("name") or "")
        whole = {"id": check_id(name), "revision": revision, "name": title, "project": project}
        write_text_atomically(self._find(name), json.dumps(whole))
        return whole

    def _find(self, name: str) -> Path:
        return self._folder / f"{check_id(name)}.json"


def measure_folder(folder: Path) -> int:
    """Bytes of all files below a folder."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:  # gone meanwhile
                continue
    return total
