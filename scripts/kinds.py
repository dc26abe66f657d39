"""What kind of value each setting takes: the wrong kind is told in one line, before any work.

In: settings as they stand in a configuration, and the annotations of the constructor that takes
them. Out: a ValueError naming the setting.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from omegaconf import DictConfig, ListConfig

_NAMES = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
_EXAMPLES = {int: "1", float: "0.5", str: "'\"text\"'", bool: "true"}
_PLAIN = (str, int, float, bool, NoneType, list, dict, ListConfig, DictConfig)


def check_value(name: str, value: object, kind: Any) -> None:
    """Raise ValueError naming the setting unless `value` is of that kind, an annotation.

    An int is as good as a float, but true and 1.0 are no ints. Kinds that are neither plain
    values nor lists of them are met by any object that was built.
    """
    if not _fits(value, kind):
        raise ValueError(
            f"needs {_describe(kind)} for {name}; got {value!r}; try {_try(name, kind)}"
        )


def find_kinds(target: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a function's, or a class's, parameters."""
    parameters = inspect.signature(target).parameters.values()
    texts = {p.name: p.annotation for p in parameters if p.annotation is not p.empty}
    # Not those of the function itself: what it returns may be known to type checkers only.
    alone = SimpleNamespace(__annotations__=texts)
    return get_type_hints(alone, vars(sys.modules[target.__module__]))


def _fits(value: object, kind: Any) -> bool:
    origin = get_origin(kind)
    if kind is Any or kind is object:
        return True
    if origin in (Union, UnionType):
        return any(_fits(value, part) for part in get_args(kind))
    if origin is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if origin is list:
        inner = get_args(kind)[0]
        return isinstance(value, list | ListConfig) and all(_fits(item, inner) for item in value)
    if kind in (int, float):
        numbers = int if kind is int else (int, float)
        return isinstance(value, numbers) and not isinstance(value, bool)
    if kind in (str, bool, NoneType):
        return isinstance(value, kind)
    if origin is None and isinstance(kind, type):
        try:
            return isinstance(value, kind)
        except TypeError:  # a protocol that cannot be asked
            pass
    return origin is not None or not isinstance(value, _PLAIN)


def _describe(kind: Any) -> str:
    parts = dict.fromkeys(map(_name, _list_parts(kind)))
    parts.pop("", None)
    # An int is a number too.
    if "a number" in parts:
        parts.pop("a whole number", None)
    return " or ".join(parts) or "another kind of value"


def _name(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    if get_origin(kind) is list:
        inner = _NAMES.get(get_args(kind)[0], "")
        return f"a list of {inner.removeprefix('a ')}s" if inner else "a list"
    return "null" if kind is NoneType else _NAMES.get(kind, "")


def _try(name: str, kind: Any) -> str:
    for part in _list_parts(kind):
        if get_origin(part) is Literal:
            return f"{name}={get_args(part)[0]}"
        if part in _EXAMPLES:
            return f"{name}={_EXAMPLES[part]}"
        if get_origin(part) is list:
            return f"'{name}=[a,b]'"
    return "leaving it out"


def _list_parts(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
