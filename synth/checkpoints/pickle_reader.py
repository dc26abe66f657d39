"""Reads one pickle into values and inert records: a virtual machine of our own.

In: the bytes of one pickle, protocols 2 to 5. Out: the value it describes, in which each global is
a `Global`, each call a `Record`, each pointer out of the pickle a `PersistentId`. Nothing is
imported or called. The numbers of opcodes, of stack entries and of memo entries are bounded.

Opcodes as in PEP 307, PEP 3154, PEP 574 and the comments of the standard library's pickletools.
Those that no pickler of the formats read here writes (protocol 0's text, INST, OBJ, EXT, DUP,
out-of-band buffers) are refused by name. Long byte strings come out as memoryviews of the input.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable

from synth.checkpoints.pickle_machine import PickleLimits, PickleMachine

_STOP = 0x2E
_OPCODE_NAMES = {ord(op.code): op.name for op in pickletools.opcodes}


def read_pickle(
    data: memoryview | bytes,
    start: int = 0,
    allow_persistent_ids: bool = False,
    limits: PickleLimits = PickleLimits(),  # noqa: B008 (frozen)
) -> tuple[object, int]:
    """The value of the pickle at `data[start:]`, and the offset of the first byte after it.

    Raises CheckpointError on anything that is cut off, malformed, refused or beyond the limits.
    """
    machine = PickleMachine(memoryview(data), start, allow_persistent_ids, limits)
    for _ in range(limits.opcodes):
        code = machine.take(1)[0]
        if code == _STOP:
            return machine.finish(), machine.position
        step = _STEPS.get(code)
        if step is None:
            found = (
                f"opcode {_OPCODE_NAMES[code]}" if code in _OPCODE_NAMES else f"byte {code:#04x}"
            )
            raise machine.error(f"needs a pickle that only describes tensors; got {found}")
        step(machine)
        if len(machine.stack) > limits.stack:
            raise machine.error(f"needs at most {limits.stack} stack entries; got more")
    raise machine.error(f"needs at most {limits.opcodes} opcodes; got more")


_Step = Callable[[PickleMachine], object]


def _pop_two_and_set(machine: PickleMachine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.set_items([key, value])


def _steps() -> dict[int, _Step]:
    by_name: dict[str, _Step] = {
        "PROTO": lambda m: m.check_protocol(),
        "FRAME": lambda m: m.check_frame(),
        "MARK": lambda m: m.marks.append(len(m.stack)),
        "POP": lambda m: m.pop_to_mark() if m.marks and m.marks[-1] == len(m.stack) else m.pop(),
        "POP_MARK": lambda m: m.pop_to_mark(),
        "NONE": lambda m: m.push(None),
        "NEWTRUE": lambda m: m.push(True),
        "NEWFALSE": lambda m: m.push(False),
        "BININT": lambda m: m.push(m.number("<i")),
        "BININT1": lambda m: m.push(m.number("<B")),
        "BININT2": lambda m: m.push(m.number("<H")),
        "LONG1": lambda m: m.push_long(m.number("<B")),
        "LONG4": lambda m: m.push_long(m.number("<i")),
        "BINFLOAT": lambda m: m.push(m.real()),
        "SHORT_BINUNICODE": lambda m: m.push(m.text(m.take(m.number("<B")))),
        "BINUNICODE": lambda m: m.push(m.text(m.take(m.number("<I")))),
        "BINUNICODE8": lambda m: m.push(m.text(m.take(m.number("<Q")))),
        "SHORT_BINBYTES": lambda m: m.push_bytes(m.number("<B")),
        "BINBYTES": lambda m: m.push_bytes(m.number("<I")),
        "BINBYTES8": lambda m: m.push_bytes(m.number("<Q")),
        "BYTEARRAY8": lambda m: m.push_bytes(m.number("<Q")),
        "EMPTY_TUPLE": lambda m: m.push(()),
        "TUPLE1": lambda m: m.push_tuple(1),
        "TUPLE2": lambda m: m.push_tuple(2),
        "TUPLE3": lambda m: m.push_tuple(3),
        "TUPLE": lambda m: m.push(tuple(m.pop_to_mark())),
        "EMPTY_LIST": lambda m: m.push([]),
        "LIST": lambda m: m.push(m.pop_to_mark()),
        "APPEND": lambda m: m.append([m.pop()]),
        "APPENDS": lambda m: m.append(m.pop_to_mark()),
        "EMPTY_DICT": lambda m: m.push({}),
        "DICT": lambda m: m.push_dict(),
        "SETITEM": _pop_two_and_set,
        "SETITEMS": lambda m: m.set_items(m.pop_to_mark()),
        "EMPTY_SET": lambda m: m.push_set([], "set"),
        "ADDITEMS": lambda m: m.append(m.pop_to_mark()),
        "FROZENSET": lambda m: m.push_set(m.pop_to_mark(), "frozenset"),
        "BINPUT": lambda m: m.remember(m.number("<B")),
        "LONG_BINPUT": lambda m: m.remember(m.number("<I")),
        "MEMOIZE": lambda m: m.remember(len(m.memo)),
        "BINGET": lambda m: m.recall(m.number("<B")),
        "LONG_BINGET": lambda m: m.recall(m.number("<I")),
        "GLOBAL": lambda m: m.push_global(m.line(), m.line()),
        "STACK_GLOBAL": lambda m: m.push_stack_global(),
        "REDUCE": lambda m: m.push_record(),
        "NEWOBJ": lambda m: m.push_record(),
        "NEWOBJ_EX": lambda m: m.push_record(with_kwargs=True),
        "BUILD": lambda m: m.build(),
        "BINPERSID": lambda m: m.push_persistent_id(),
    }
    codes = {name: code for code, name in _OPCODE_NAMES.items()}
    return {codes[name]: step for name, step in by_name.items()}


_STEPS = _steps()
