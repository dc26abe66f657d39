"""Pickles that name any global and call, whether its code is installed, or must never run."""

import io
import pickle
import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """A global to be written, whether it exists or not."""

    module: str
    name: str


@dataclass(frozen=True)
class Call:
    """A REDUCE to be written; `new` writes NEWOBJ instead, `state` a BUILD after it."""

    callee: object
    args: tuple = ()
    state: object = None
    new: bool = False


class NamePickler(pickle._Pickler):
    """Python's own pickler, which also writes Name and Call."""

    dispatch = dict(pickle._Pickler.dispatch)  # noqa: RUF012

    def save_name(self, value):
        if self.proto >= 4:
            self.save(value.module)
            self.save(value.name)
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(f"c{value.module}\n{value.name}\n".encode())

    def save_call(self, value):
        if id(value) in self.memo:
            self.write(self.get(self.memo[id(value)][0]))
            return
        self.save(value.callee)
        self.save(value.args)
        self.write(pickle.NEWOBJ if value.new else pickle.REDUCE)
        self.memoize(value)
        if value.state is not None:
            self.save(value.state)
            self.write(pickle.BUILD)

    dispatch[Name] = save_name
    dispatch[Call] = save_call


def dump(value, protocol=3) -> bytes:
    buffer = io.BytesIO()
    NamePickler(buffer, protocol).dump(value)
    return buffer.getvalue()


def binunicode(text: str) -> bytes:
    raw = text.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw
