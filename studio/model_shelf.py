"""The models of a studio: its own, and those that orders name, loaded when they are asked for.

In: a ModelOrder. Out: `Models`. Files are opened by the library's own readers: foreign checkpoints
are converted in a child process, and nothing in them is run.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from safetensors import SafetensorError, safe_open

from studio.commands import make_model_settings
from studio.identifiers import is_id
from studio.model_orders import OWN, ModelOrder, is_file_name
from studio.models import Models
from studio.settings import Tools
from studio.workspace import NotFoundError, Workspace
from synth.generators import load_generator
from synth.motion.direction_sets import FORMAT

#: Besides the studio's own; each may hold a gigabyte.
MODELS_KEPT = 2
MOST_LISTED = 200


class ModelShelf:
    """Loaded models by what was ordered; may be used from any thread.

    folder: whose files may be named; None: only uploads may.
    """

    def __init__(self, tools: Tools, workspace: Workspace, folder: Path | None = None) -> None:
        self.own = Models(tools, workspace)
        self._workspace, self._folder = workspace, folder
        self._kept: OrderedDict[ModelOrder, Models] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, order: ModelOrder) -> Models:
        """The models of an order; nothing is loaded yet. Raises NotFoundError."""
        if order == OWN:
            return self.own
        with self._lock:
            models = self._kept.pop(order, None)
            if models is None:
                models = Models(self._make_tools(order), self._workspace)
            self._kept[order] = models
            while len(self._kept) > MODELS_KEPT:
                self._kept.popitem(last=False)
        return models

    def find_file(self, name: str) -> Path:
        """The file of an upload's id, or of a name in the folder. Raises NotFoundError."""
        if is_id(name):
            return self._workspace.find_upload(name)
        if name not in self._list_names():
            raise NotFoundError("needs the name of a model's file; found none; choose another")
        assert self._folder is not None
        return self._folder / name

    def list_files(self) -> dict[str, list[str]]:
        """Names in the folder: `generators` and `directions`."""
        found: dict[str, list[str]] = {"generators": [], "directions": []}
        for name in self._list_names():
            assert self._folder is not None
            kind = "directions" if is_directions(self._folder / name) else "generators"
            found[kind].append(name)
        return found

    def hide_files(self, message: str, order: ModelOrder) -> str:
        """A sentence with names in place of paths."""
        for name in (order.generator, order.directions):
            if name is not None:
                path = self.find_file(name)
                message = message.replace(str(path), "the file" if is_id(name) else name)
        return message

    def _list_names(self) -> list[str]:
        if self._folder is None or not self._folder.is_dir():
            return []
        files = (path for path in self._folder.iterdir() if path.is_file())
        return sorted(path.name for path in files if is_file_name(path.name))[:MOST_LISTED]

    def _make_tools(self, order: ModelOrder) -> Tools:
        tools, directions = self.own.tools, self.own.tools.directions
        dropped = ["directions."] if order.directions or order.generator else []
        tools = replace(tools, load_generator=lambda: self.own.generator)  # loaded once for all
        if order.generator is not None:
            path = self.find_file(order.generator)
            tools = replace(
                tools, load_generator=lambda: load_generator(path), generator_path=str(path)
            )
            directions, dropped = None, [*dropped, "generator"]
        if order.directions is not None:
            directions = str(self.find_file(order.directions))
        kept = [text for text in tools.command if not text.startswith(tuple(dropped))]
        command = (*kept, *make_model_settings(order, self.find_file))
        return replace(tools, directions=directions, command=command)


def is_directions(path: Path) -> bool:
    """Whether a file's head says that it is a set of directions."""
    if path.suffix != ".safetensors":
        return False
    try:
        with safe_open(str(path), framework="np") as file:
            return (file.metadata() or {}).get("format") == FORMAT
    except (SafetensorError, OSError):
        return False
