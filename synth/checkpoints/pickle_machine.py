"""The machine behind `pickle_reader`: what each pickle opcode does, on inert values alone.

No import, no call of anything named in the file, no attribute access, no recursion: a deep
nesting costs memory alone. Every length is checked against the bytes that are there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from synth.checkpoints.errors import CheckpointError, quote
from synth.checkpoints.records import Global, PersistentId, Record, describe, is_key
from synth.checkpoints.suspicious_names import refuse_suspicious

#: Byte strings longer than this stay views of the input.
_COPY_BELOW = 256
#: Whole numbers in checkpoints are sizes and seeds; the legacy torch magic number has 10 bytes.
_LONGEST_INTEGER_BYTES = 32
#: Of a module's or class's name; it is looked at each time it is named.
_LONGEST_NAME = 512


@dataclass(frozen=True)
class PickleLimits:
    """How much one pickle may ask for; a training checkpoint uses some ten thousand opcodes."""

    opcodes: int = 1_000_000
    stack: int = 300_000
    memo: int = 300_000


class PickleMachine:
    """The stack, the marks, the memo and the place in the input; `pickle_reader` drives it."""

    def __init__(
        self, data: memoryview, start: int, allow_persistent_ids: bool, limits: PickleLimits
    ) -> None:
        self.data = data
        self.position = start
        self.allow_persistent_ids = allow_persistent_ids
        self.limits = limits
        self.stack: list = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}

    def finish(self) -> object:
        """The one value that is left at STOP."""
        if len(self.stack) != 1 or self.marks:
            raise self.error(f"needs one value at the end; got {len(self.stack)}")
        return self.stack[0]

    def error(self, text: str) -> CheckpointError:
        """An error that tells where in the pickle it arose."""
        return CheckpointError(f"{text} (at byte {self.position} of the pickle)")

    # Reading the input and the stack.

    def take(self, count: int) -> memoryview:
        """The next `count` bytes of the input."""
        end = self.position + count
        if count < 0 or end > len(self.data):
            left = len(self.data) - self.position
            raise self.error(f"needs {quote(count)} more bytes; got {left}: the file is cut off")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def number(self, layout: str) -> int:
        """The next whole number of the input, in the layout of the struct module."""
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def real(self) -> float:
        """The next real number of the input."""
        return struct.unpack(">d", self.take(8))[0]

    def line(self) -> str:
        """The next line of the input: half a name."""
        head = bytes(self.data[self.position : self.position + _LONGEST_NAME])
        length = head.find(b"\n")
        if length < 0:
            raise self.error("needs a name of at most 512 bytes; got a longer one")
        self.position += length + 1
        return self.text(memoryview(head)[:length])

    def text(self, raw: memoryview) -> str:
        """UTF-8 bytes as text."""
        try:
            return str(raw, "utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise self.error("needs UTF-8 text; got other bytes") from None

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def pop(self) -> object:
        """Take a value off the stack, never from below the last mark."""
        floor = self.marks[-1] if self.marks else 0
        if len(self.stack) <= floor:
            raise self.error("needs a value on the stack; got none")
        return self.stack.pop()

    def top(self) -> object:
        """The value on top of the stack, left there."""
        value = self.pop()
        self.stack.append(value)
        return value

    def pop_to_mark(self) -> list:
        """Take off everything above the last mark, and the mark."""
        if not self.marks:
            raise self.error("needs a mark on the stack; got none")
        floor = self.marks.pop()
        values = self.stack[floor:]
        del self.stack[floor:]
        return values

    # What opcodes do.

    def push_bytes(self, length: int) -> None:
        """BINBYTES and its kin."""
        raw = self.take(length)
        self.push(bytes(raw) if length < _COPY_BELOW else raw)

    def push_long(self, length: int) -> None:
        """LONG1 and LONG4."""
        if not 0 <= length <= _LONGEST_INTEGER_BYTES:
            raise self.error(f"needs an integer of at most 32 bytes; got {length} bytes")
        self.push(int.from_bytes(self.take(length), "little", signed=True))

    def push_tuple(self, size: int) -> None:
        """TUPLE1, TUPLE2 and TUPLE3."""
        values = [self.pop() for _ in range(size)]
        self.push(tuple(reversed(values)))

    def check_frame(self) -> None:
        """FRAME: its length is checked and otherwise has no meaning here."""
        length = self.number("<Q")
        if length > len(self.data) - self.position:
            raise self.error(f"needs a frame inside the file; got one of {quote(length)} bytes")

    def check_protocol(self) -> None:
        """PROTO."""
        version = self.take(1)[0]
        if not 2 <= version <= 5:
            raise self.error(f"needs pickle protocol 2 to 5; got {version}")

    def remember(self, index: int) -> None:
        """BINPUT and its kin."""
        if len(self.memo) >= self.limits.memo:
            raise self.error(f"needs at most {self.limits.memo} memo entries; got more")
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        """BINGET and its kin."""
        if index not in self.memo:
            raise self.error(f"needs a memo entry that was stored; got {index}")
        self.push(self.memo[index])

    def push_global(self, module: object, name: object) -> None:
        """A name, kept as two strings."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise self.error("needs text for a name; got " + describe(name))
        if max(len(module), len(name)) > _LONGEST_NAME:
            raise self.error(f"needs a name of at most {_LONGEST_NAME} signs; got a longer one")
        reference = Global(module, name)
        refuse_suspicious(reference)
        self.push(reference)

    def push_stack_global(self) -> None:
        """STACK_GLOBAL."""
        name, module = self.pop(), self.pop()
        self.push_global(module, name)

    def push_record(self, with_kwargs: bool = False) -> None:
        """REDUCE, NEWOBJ and NEWOBJ_EX: a call that is recorded, not made."""
        kwargs = self.pop() if with_kwargs else None
        args = self.pop()
        callee = self.pop()
        if not isinstance(callee, Global):
            raise self.error(f"needs a name to call; got a call of {describe(callee)}")
        if not isinstance(args, tuple) or not (kwargs is None or isinstance(kwargs, dict)):
            raise self.error(f"needs a tuple of arguments for {callee}; got {describe(args)}")
        self.push(Record(callee, args, kwargs))

    def build(self) -> None:
        """BUILD: an object's state, kept beside it; once, and on records alone."""
        state = self.pop()
        target = self.top()
        if not isinstance(target, Record) or target.state is not None:
            raise self.error(
                f"needs an object whose state was not set yet for BUILD; got {describe(target)}"
            )
        target.state = state

    def append(self, values: list) -> None:
        """APPEND, APPENDS and ADDITEMS."""
        target = self.top()
        if isinstance(target, list):
            target.extend(values)
        elif isinstance(target, Record):
            target.appended.extend(values)
        else:
            raise self.error(f"needs a list to append to; got {describe(target)}")

    def set_items(self, values: list) -> None:
        """SETITEM and SETITEMS, with scalar keys alone."""
        target = self.top()
        if len(values) % 2:
            raise self.error("needs pairs of key and value; got an odd number")
        for key, value in zip(values[::2], values[1::2], strict=True):
            if not is_key(key):
                raise self.error(f"needs a scalar for a dict key; got {describe(key)}")
            if isinstance(target, dict):
                target[key] = value
            elif isinstance(target, Record):
                target.items.append((key, value))
            else:
                raise self.error(f"needs a dict to set items of; got {describe(target)}")

    def push_dict(self) -> None:
        """DICT."""
        values = self.pop_to_mark()
        self.push({})
        self.set_items(values)

    def push_persistent_id(self) -> None:
        """BINPERSID, in torch files alone."""
        if not self.allow_persistent_ids:
            raise self.error("needs a pickle that stands alone; got a persistent id")
        self.push(PersistentId(self.pop()))

    def push_set(self, values: list, name: str) -> None:
        """Sets are kept as records, since their members need not be scalars."""
        self.push(Record(Global("builtins", name), (values,)))
