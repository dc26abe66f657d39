"""Files that try to run something, to read beyond themselves, or to take for ever.

Each attack tries to make a canary file by some way that works against an ordinary unpickler, or
breaks a format in a way that a careless reader would follow.
"""

import io
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import torch
from checkpoint_samples import nvidia_module, nvidia_torch, rosinality, tensorflow_network
from named_pickles import Call, Name, binunicode, dump


def code_attacks(canary: Path) -> dict[str, bytes]:
    """Pickles that would make the canary when loaded by pickle or torch."""
    command, statement = f"touch {canary}", f"open({str(canary)!r}, 'w')"
    system = Call(Name("os", "system"), (command,))
    got = Call(
        Name("builtins", "getattr"),
        (Call(Name("builtins", "__import__"), ("os",)), "system"),
    )
    called = Call(got, (command,))
    raw = command.encode()
    argument = binunicode(command)
    legacy = io.BytesIO()
    torch.save([Evil(command)], legacy, _use_new_zipfile_serialization=False)
    modern = io.BytesIO()
    torch.save([Evil(command)], modern)
    attacks = {
        "os.system": system,
        "posix.system": Call(Name("posix", "system"), (command,)),
        "subprocess": Call(Name("subprocess", "Popen"), (["touch", str(canary)],), new=True),
        "eval": Call(Name("builtins", "eval"), (statement,)),
        "exec of Python 2": Call(Name("__builtin__", "exec"), (statement,)),
        "getattr chain": called,
        "methodcaller": Call(Call(Name("operator", "methodcaller"), ("system", command)), ()),
        "partial": Call(Call(Name("functools", "partial"), (Name("os", "system"), command)), ()),
        "runpy": Call(Name("runpy", "_run_code"), (statement, {})),
        "torch.load": Call(Name("torch", "load"), (str(canary),)),
        "torch.hub": Call(Name("torch.hub", "load"), ("owner/name", "model")),
        "torch of a nested pickle": Call(Name("torch", "load"), (io_record(legacy.getvalue()),)),
        "numpy.load": Call(Name("numpy", "load"), (str(canary), None, True)),
        "numpy runstring": Call(Name("numpy.testing._private.utils", "runstring"), (statement, {})),
        "nested pickle": Call(Name("pickle", "loads"), (pickle.dumps(Evil(command)),)),
        "storage is a pickle": storage_of(pickle.dumps(Evil(command))),
        "storage is a torch file": storage_of(legacy.getvalue()),
        "storage is a zip file": storage_of(modern.getvalue()),
        "module source": {"G_ema": Call(Name("torch_utils.persistence", "x.y"), (statement,))},
    }
    files = {name: dump(nvidia_torch(augment_pipe=value)) for name, value in attacks.items()}
    for name, value in attacks.items():
        if name.startswith("storage"):
            files[name] = dump(weight_in_storage(value))
    files |= {f"{name} alone": dump(value, 4) for name, value in attacks.items()}
    files |= {
        "INST": b"\x80\x02(" + argument + b"ios\nsystem\n" + b".",
        "OBJ": b"\x80\x02(cos\nsystem\n" + argument + b"o" + b".",
        "OBJ of a harmless class": b"\x80\x02(ccollections\nOrderedDict\no" + b".",
        "EXT1": b"\x80\x02\x82\x01" + argument + b"\x85R" + b".",
        "EXT2": b"\x80\x02\x83\x01\x00" + b".",
        "EXT4": b"\x80\x02\x84\x01\x00\x00\x00" + b".",
        "persistent id": b"\x80\x02" + argument + b"Q" + b".",
        "persistent id as text": b"\x80\x02P" + raw + b"\n" + b".",
        "dotted STACK_GLOBAL": b"\x80\x04"
        + binunicode("collections")
        + binunicode("abc.sys.modules")
        + b"\x93"
        + b".",
        "BUILD on a class": b"\x80\x02ccollections\nOrderedDict\n}"
        + binunicode("__setstate__")
        + b"cos\nsystem\nsb"
        + argument
        + b"b"
        + b".",
        "BUILD on a harmless class": b"\x80\x02ccollections\nOrderedDict\n}"
        + binunicode("__reduce__")
        + argument
        + b"sb"
        + b".",
        "BUILD on a dict": b"\x80\x02}}" + binunicode("__class__") + argument + b"sb" + b".",
        "BUILD twice": dump(Call(Name("collections", "OrderedDict"), (), {"a": 1}))[:-1] + b"}b.",
        "zip with os.system": zip_of({"x/data.pkl": dump(system, 2)}),
        "legacy torch with os.system": legacy.getvalue(),
    }
    return files


def bounds_attacks() -> dict[str, bytes]:
    """Files whose numbers do not fit what is there."""
    plain = torch.arange(12.0)
    storage = storage_of(legacy_storage(plain))
    tensors = {
        "storage too small": (storage, 0, (13,), (1,)),
        "offset beyond": (storage, 12, (1,), (1,)),
        "offset negative": (storage, -1, (2,), (1,)),
        "stride negative": (storage, 11, (12,), (-1,)),
        "stride zero": (storage, 0, (1 << 30,), (0,)),
        "stride wide": (storage, 0, (4,), (3,)),
        "strides overlapping": (storage, 0, (3, 4), (1, 1)),
        "stride huge": (storage, 0, (2,), (1 << 62,)),
        "size huge": (storage, 0, (1 << 62, 4), (4, 1)),
        "size not a number": (storage, 0, ("3",), (1,)),
        "rank unlike": (storage, 0, (3, 4), (1,)),
        "rank too high": (storage, 0, (1,) * 40, (1,) * 40),
    }
    rebuild = Name("torch._utils", "_rebuild_tensor_v2")
    empty = Call(Name("collections", "OrderedDict"), ())
    files = {
        name: dump({"t": Call(rebuild, (*arguments, False, empty))})
        for name, arguments in tensors.items()
    }
    objects = np.array([{"a": 1}, None], dtype=object)
    structured = np.zeros(2, dtype=[("a", "f4"), ("b", "i4")])
    text = np.array(["a", "bc"])
    files |= {
        "numpy objects": dump({"t": objects}),
        "numpy structures": dump({"t": structured}),
        "numpy text": dump({"t": text}),
        "numpy shape": dump({"t": numpy_array((1 << 40,), b"1234")}),
        "numpy negative": dump({"t": numpy_array((-1, -1), b"1234")}),
        "numpy object dtype by name": dump({"t": numpy_array((1,), b"12345678", "O8")}),
        "sparse tensor": dump({"t": Call(Name("torch._utils", "_rebuild_sparse_tensor"), (0,))}),
        "quantised tensor": dump({"t": Call(Name("torch._utils", "_rebuild_qtensor"), (0,))}),
        "meta tensor": dump({"t": Call(Name("torch._utils", "_rebuild_meta_tensor_no_storage"))}),
        "frame too long": b"\x80\x04\x95" + struct.pack("<Q", 1 << 62) + b"N.",
        "bytes too long": b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b"N.",
        "text too long": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 40) + b"N.",
        "integer too long": b"\x80\x02\x8b"
        + struct.pack("<i", 1 << 24)
        + b"\x01" * (1 << 24)
        + b".",
        "memo never stored": b"\x80\x02h\x07.",
        "stack empty": b"\x80\x02\x85.",
        "mark missing": b"\x80\x02t.",
        "mark left": b"\x80\x02(N.",
        "no end": b"\x80\x02N",
        "bytes after the end": b"\x80\x02}." + b"\x00" * 9,
        "protocol 9": b"\x80\x09N.",
        "text protocol": b"\x80\x02I1\n.",
        "out of band": b"\x80\x05\x97.",
        "no UTF-8": b"\x80\x02X\x02\x00\x00\x00\xff\xfe.",
    }
    return files | zip_attacks()


def zip_attacks() -> dict[str, bytes]:
    """torch files whose zip directory lies."""
    whole = io.BytesIO()
    torch.save(rosinality(), whole)
    good = whole.getvalue()
    bomb = zip_of({"x/data.pkl": b"\x80\x02}" + b"0}" * 1_000_000 + b"."}, zipfile.ZIP_DEFLATED)
    small = zip_of({"x/data.pkl": dump({}, 2), "x/data/0": b"1234"})
    moved = bytearray(small)
    entry = moved.rindex(b"PK\x01\x02")
    moved[entry + 42 : entry + 46] = struct.pack("<I", 0)
    long = bytearray(small)
    long[entry + 20 : entry + 28] = struct.pack("<II", 1 << 30, 1 << 30)
    return {
        "zip cut off": good[: len(good) // 2],
        "zip bomb": bomb,
        "zip without data.pkl": zip_of({"x/other": b"1"}),
        "zip with two data.pkl": zip_of({"x/data.pkl": dump({}), "y/data.pkl": dump({})}),
        "zip with a program": zip_of({"x/data.pkl": dump({}), "x/code/a.py": b"1"}),
        "zip member in another's place": bytes(moved),
        "zip member beyond the file": bytes(long),
        "zip of another byte order": zip_of({"x/data.pkl": dump({}), "x/byteorder": b"big"}),
        "zip storage missing": zip_of({"x/data.pkl": good_pickle(good)}),
    }


def endless_attacks() -> dict[str, bytes]:
    """Small files that cost an ordinary reader exponential time, deep recursion or much memory."""
    levels = 80
    doubled = b"\x80\x02)" + b"".join(
        b"q" + bytes([n]) + b"h" + bytes([n]) + b"\x86" for n in range(levels)
    )
    return {
        "doubled tuple as a dict key": b"\x80\x02}" + doubled[2:] + b"Ns.",
        "doubled tuple as a set member": b"\x80\x04\x8f(" + doubled[2:] + b"\x90.",
        "doubled tuple": doubled + b".",
        "doubled tuple in a dict": b"\x80\x02}" + binunicode("G_ema") + doubled[2:] + b"s.",
        "doubled list of tensors": b"\x80\x02"
        + b"".join(b"]q" + bytes([n]) + b"(" for n in range(60))
        + b"N"
        + b"".join(b"eh" + bytes([n]) for n in reversed(range(60)))
        + b"\x85.",
        "deep tuples": b"\x80\x02)" + b"\x85" * 900_000 + b".",
        "deep lists": b"\x80\x02" + b"](" * 250_000 + b"e" * 250_000 + b".",
        "deep dicts": b"\x80\x02"
        + (b"}" + binunicode("a")) * 200_000
        + b"N"
        + b"s" * 200_000
        + b".",
        "deep modules": dump_deep_modules(3000),
        "modules shared by modules": dump({"G_ema": shared_modules(12, 40)}),
        "networks shared by networks": dump((shared_networks(12, 40),) * 3),
        "deep calls": b"\x80\x02"
        + b"ccollections\nOrderedDict\n" * 90_000
        + b")"
        + b"\x85R" * 90_000,
        "many marks": b"\x80\x02" + b"(" * 2_000_000,
        "many opcodes": b"\x80\x02N" + b"0N" * 1_000_000 + b".",
        "large stack": b"\x80\x02(" + b"N" * 900_000 + b"t.",
        "itself in itself": b"\x80\x02]q\x00h\x00a.",
    }


def dump_deep_modules(depth: int) -> bytes:
    """Persistent modules in one another, without recursion while writing."""
    opening = b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n}" + binunicode("state")
    opening += b"}" + binunicode("_modules") + b"}" + binunicode("a")
    return b"\x80\x02}" + binunicode("G_ema") + opening * depth + b"N" + b"sss\x85R" * depth + b"s."


def shared_modules(levels: int, width: int) -> Call:
    """A tree of few modules in which each stands `width` times: width**levels visits."""
    module = nvidia_module({}, "Layer")
    for _ in range(levels):
        inner = dict.fromkeys(map(str, range(width)), module)
        module = nvidia_module({}, "Layer")
        module.args[0]["state"]["_modules"] = inner
    return module


def shared_networks(levels: int, width: int) -> Call:
    network = tensorflow_network({})
    for _ in range(levels):
        network = tensorflow_network({}, dict.fromkeys(map(str, range(width)), network))
    return network


class Evil:
    """What a real attack is: an object whose pickle is a call of os.system."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        import os

        return os.system, (self.command,)


def storage_of(raw: bytes) -> Call:
    return Call(Name("torch.storage", "_load_from_bytes"), (raw,))


def weight_in_storage(storage: Call) -> dict:
    """A checkpoint whose first weight would come out of `storage`."""
    checkpoint = nvidia_torch()
    empty = Call(Name("collections", "OrderedDict"), ())
    weight = Call(
        Name("torch._utils", "_rebuild_tensor_v2"), (storage, 0, (2,), (1,), False, empty)
    )
    checkpoint["G_ema"].args[0]["state"]["_parameters"]["weight"] = weight
    return checkpoint


def io_record(raw: bytes) -> Call:
    return Call(Name("io", "BytesIO"), (raw,))


def legacy_storage(tensor: torch.Tensor) -> bytes:
    """The bytes that torch itself puts into the pickle of a tensor."""
    _, (arguments) = tensor.__reduce_ex__(2)[:2]
    storage = arguments[0]
    return storage.__reduce__()[1][0]


def numpy_array(shape: tuple, raw: bytes, dtype: str = "f4") -> Call:
    kind = Call(Name("numpy", "dtype"), (dtype, False, True), (3, "<", None, None, None, -1, -1, 0))
    rebuild = Name("numpy.core.multiarray", "_reconstruct")
    return Call(rebuild, (Name("numpy", "ndarray"), (0,), b"b"), (1, shape, kind, False, raw))


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def good_pickle(archive: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        return file.read(next(name for name in file.namelist() if name.endswith("data.pkl")))
