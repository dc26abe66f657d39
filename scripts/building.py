"""Configurations become objects: constructors called with settings of the right kind.

In: a composed configuration, and a job's dataclass. Out: the job, each entry built from the
configuration's entry of that name. What takes long (a generator, labelled latents) is only checked
and built later, when the job asks for it (`Deferred`).
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar, get_origin, get_type_hints

from omegaconf import DictConfig, ListConfig, OmegaConf

from scripts.constructors import Constructors
from scripts.kinds import check_value, find_kinds

Built = TypeVar("Built")
_REFERENCE = re.compile(r"\$\{([\w.]+)\}")


class KeptParts:
    """What was built last at each place, for jobs one after another in one process.

    The same settings at the same place give the same object again, with the weights that it has
    loaded: a generator and the networks that look at faces are loaded once for many films.
    """

    def __init__(self) -> None:
        self._parts: dict[str, tuple[object, Any]] = {}

    def build(self, name: str, config: object, make: Callable[[], Any]) -> Any:
        """The object of these settings at that place, or what `make` makes."""
        before = self._parts.get(name)
        if before is None or before[0] != config:
            self._parts[name] = before = (config, make())
        return before[1]


class Deferred(Generic[Built]):
    """Something that a job builds when it is time; its settings were checked already."""

    def __init__(
        self, config: object, name: str, allowed: Constructors, kept: KeptParts | None = None
    ) -> None:
        self._config, self._name, self._allowed, self._kept = config, name, allowed, kept
        plain = to_plain(config)
        #: The constructor's name, for cards.
        self.target = str(plain.get("_target_", "")) if isinstance(plain, Mapping) else ""

    def build(self, **more: Any) -> Built:
        """Build it; `more` are entries that the configuration does not have."""
        config = self._config
        return _build(
            to_plain(config), _read_written(config), self._name, self._allowed, more, self._kept
        )


def read_job(
    config: DictConfig,
    job_type: type[Built],
    allowed: Constructors,
    kinds: Mapping[str, Any] | None = None,
    kept: KeptParts | None = None,
) -> Built:
    """The job, its entries built in the order of its fields.

    kinds: of the fields, where the job's module may not be at hand. kept: what jobs before this one
    have built, and this one adds to. Raises ValueError naming the
    setting that is of another kind, or that a constructor lacks.
    """
    kinds = get_type_hints(job_type) if kinds is None else kinds
    entries: dict[str, Any] = {}
    for field in fields(job_type):  # pyright: ignore[reportArgumentType]
        name, kind = field.name, kinds[field.name]
        value = OmegaConf.select(config, name, throw_on_missing=True)
        if get_origin(kind) is Deferred:
            entries[name] = Deferred(value, name, allowed, kept)
            continue
        entries[name] = _build(to_plain(value), _read_written(value), name, allowed, {}, kept)
        if is_dataclass(kind) and isinstance(entries[name], dict):
            # A group of plain settings: its kind is its constructor.
            check_settings(kind, name, entries[name], {})  # pyright: ignore[reportArgumentType]
            entries[name] = kind(**entries[name])  # pyright: ignore[reportCallIssue]
        check_value(name, entries[name], kind)
    return job_type(**entries)


def build(config: object, name: str, allowed: Constructors, **more: Any) -> Any:
    """Call what `_target_` names with the mapping's other entries and `more`; nested ones first.

    `name` is the setting's place, for errors; a part that refers to another setting goes by the
    place of that one. Only constructors that configs/ names for this group are accepted. Raises
    ValueError for another, and for entries that it does not take.
    """
    return _build(to_plain(config), _read_written(config), name, allowed, more, None)


def _build(
    config: object,
    written: object,
    name: str,
    allowed: Constructors,
    more: Mapping[str, Any],
    kept: KeptParts | None,
) -> Any:
    """`written` is the whole configuration with its references, where there is one."""
    if isinstance(config, list):
        return [_build(item, None, name, allowed, {}, None) for item in config]
    if not isinstance(config, Mapping):
        return config
    places = {str(key): _find_place(written, name, str(key)) for key in config}
    entries = {
        str(key): _build(value, written, places[str(key)], allowed, {}, kept)
        for key, value in config.items()
        if key != "_target_"
    }
    if "_target_" not in config:
        return entries
    target = find_target(config["_target_"], name, allowed)
    check_settings(target, name, entries, more, places)
    if kept is None or more:
        return target(**entries | dict(more))
    return kept.build(name, config, lambda: target(**entries))


def _read_written(config: object) -> object:
    """The whole configuration that `config` is a part of, references as they were written."""
    if not isinstance(config, DictConfig | ListConfig):
        return None
    return OmegaConf.to_container(config._get_root(), resolve=False)


def _find_place(written: object, name: str, key: str) -> str:
    """The place of an entry, or of what it refers to with a reference like `${mask}`."""
    found = written
    for part in [*name.split("."), key]:
        found = found.get(part) if isinstance(found, Mapping) else None
    reference = _REFERENCE.fullmatch(found) if isinstance(found, str) else None
    return reference[1] if reference else f"{name}.{key}"


def check_settings(
    target: Callable[..., Any],
    name: str,
    entries: Mapping[str, Any],
    more: Mapping[str, Any],
    places: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Raise ValueError when the target does not take the settings, or takes another kind.

    `places` are the settings' places where they are not below `name`.
    """
    try:
        inspect.signature(target).bind(**{**entries, **more})
    except TypeError as error:
        raise ValueError(f"needs settings that {name} takes; {error}") from error
    kinds = find_kinds(target)
    for key, value in entries.items():
        check_value(places.get(key, f"{name}.{key}"), value, kinds.get(key, Any))


def to_plain(config: object) -> object:
    """Hydra's containers as plain ones, references resolved."""
    if isinstance(config, DictConfig | ListConfig):
        return OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    return config


def find_target(path: object, name: str, allowed: Constructors) -> Callable[..., Any]:
    """What a dotted path names, if the group may have it. Raises ValueError otherwise."""
    known = allowed.list_for(name)
    if str(path) not in known:
        raise ValueError(
            f"needs a _target_ among those that configs/ has for {name}: {', '.join(sorted(known))}"
            f"; got {path!r}; for a constructor of your own set MOODREEL_EXTENSIONS "
            "(docs/extending.md)"
        )
    module_name, _, attribute = str(path).rpartition(".")
    target = getattr(importlib.import_module(module_name), attribute, None)
    if not callable(target):
        raise ValueError(f"needs a class or function at {path}; found none; check its spelling")
    return target
