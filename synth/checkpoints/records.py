"""What a pickle turns into when nothing of it is run: plain values and these inert records.

A `Global` is a name that was never looked up; a `Record` is a call that was never made, together
with everything the pickle wanted to set on its result; a `PersistentId` points outside the
pickle. None of them has behaviour, compares by content, or can be changed by its own contents.
"""

from __future__ import annotations

from collections.abc import Mapping

from synth.checkpoints.errors import CheckpointError, quote


class Global:
    """The name of something importable, kept as two strings."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        """Keep `module` and `name` as they stand."""
        self.module = module
        self.name = name

    def __str__(self) -> str:
        """`module.name`, escaped for an error message."""
        return quote(f"{self.module}.{self.name}")[1:-1]


class Record:
    """A call that was not made: `callee(*args, **kwargs)`, then state, list and dict items."""

    __slots__ = ("appended", "args", "callee", "items", "kwargs", "state")

    def __init__(self, callee: Global, args: tuple, kwargs: Mapping | None = None) -> None:
        """Start with the arguments; the reader adds the rest as the pickle goes on."""
        self.callee = callee
        self.args = args
        self.kwargs = kwargs
        self.state: object = None
        self.appended: list = []
        self.items: list[tuple[object, object]] = []

    def is_call_of(self, names: Mapping[str, frozenset[str]]) -> bool:
        """Whether the callee is one of `names` (module -> names)."""
        return self.callee.name in names.get(self.callee.module, ())


class PersistentId:
    """A pickle's pointer to data that lies outside of it."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        """Keep the pointer as it stands."""
        self.value = value


_FIRST_SHARED_HASH = (1 << 61) - 1

#: Dict types whose pickles are a call without arguments (or with pairs), then items.
_MAPPING_TYPES = {
    "collections": frozenset({"OrderedDict"}),
    "dnnlib": frozenset({"EasyDict"}),
    "dnnlib.util": frozenset({"EasyDict"}),
}


def is_mapping(value: object) -> bool:
    """Whether `as_mapping` would take this value."""
    return isinstance(value, dict) or (
        isinstance(value, Record) and value.is_call_of(_MAPPING_TYPES)
    )


def as_mapping(value: object, what: str) -> dict:
    """A dict, or the record of an OrderedDict or EasyDict, as a dict; else CheckpointError."""
    if isinstance(value, dict):
        return value
    if isinstance(value, Record) and value.is_call_of(_MAPPING_TYPES):
        pairs = value.args[0] if len(value.args) == 1 else []
        if not isinstance(pairs, list) or len(value.args) > 1:
            raise CheckpointError(f"needs a dict for {what}; got an odd {value.callee}")
        found: dict = {}
        for pair in [*pairs, *value.items]:
            if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not is_key(pair[0]):
                raise CheckpointError(f"needs key and value pairs in {what}; got {quote(pair)}")
            found[pair[0]] = pair[1]
        return found
    raise CheckpointError(f"needs a dict for {what}; got {describe(value)}")


def is_key(value: object) -> bool:
    """Whether a value may be a dict key: scalars alone, whose hash is cheap.

    Hashing a tuple hashes what is in it again each time, so n levels of doubled tuples cost 2**n.
    Python's hash of a longer whole number is a remainder, so that any number of them share one.
    """
    if isinstance(value, int):
        return abs(value) < _FIRST_SHARED_HASH
    return value is None or isinstance(value, (str, bytes, float))


def describe(value: object) -> str:
    """What a value is, for an error message: the name of a record's callee, or a quoted scalar."""
    if isinstance(value, Record):
        return f"a call of {value.callee}"
    if isinstance(value, Global):
        return f"the name {value}"
    return quote(value)
