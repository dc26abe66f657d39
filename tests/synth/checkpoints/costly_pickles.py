"""Files of some megabytes whose reading costs the square of their size, done carelessly."""

from checkpoint_attacks import binunicode, legacy_storage, storage_of
from checkpoint_samples import nvidia_module, ordered
from named_pickles import Call, Name, dump
from torch import zeros

#: Python's hash of a whole number is what is left of it after this one is taken away.
_MODULUS = (1 << 61) - 1


def costly_pickles() -> dict[str, bytes]:
    return {
        "keys of one hash": keys_of_one_hash(),
        "long names again and again": long_names(),
        "a large dict in many places": shared_dict(),
        "a large record in many places": shared_record(),
        "a storage with a long pickle": long_storage(),
        "text as bytes of many arrays": shared_text(),
        "modules with the same tensors": shared_tensors(),
    }


def keys_of_one_hash(count: int = 190_000) -> bytes:
    keys = [b"\x8a\x0a" + (k * _MODULUS).to_bytes(10, "little") + b"Ns" for k in range(count)]
    return b"\x80\x02}" + b"".join(keys) + b"."


def long_names(count: int = 140_000, length: int = 1_000_000) -> bytes:
    name = binunicode("a" * length)
    return b"\x80\x04(" + name + b"q\x00" + b"h\x00h\x00\x930" * count + b"l."


def shared_dict(count: int = 90_000, entries: int = 120_000) -> bytes:
    large = b"}q\x00(" + b"".join(binunicode(f"{k:06d}") + b"N" for k in range(entries)) + b"u"
    return b"\x80\x02](" + large + b"h\x00" * count + b"e."


def shared_record(count: int = 90_000, entries: int = 120_000) -> bytes:
    record = b"ccollections\nOrderedDict\n)Rq\x00("
    record += b"".join(binunicode(f"{k:06d}") + b"N" for k in range(entries)) + b"u"
    return b"\x80\x02](" + record + b"h\x00" * count + b"e."


def long_storage(count: int = 8_000, opcodes: int = 400_000) -> bytes:
    # A legacy torch file whose first pickle, its magic number, comes after much else.
    raw = legacy_storage(zeros(2))
    raw = raw[:2] + b"N0" * (opcodes // 2) + raw[2:]
    storage = raw
    rebuild = Name("torch._utils", "_rebuild_tensor_v2")
    tensors = [
        Call(rebuild, (storage_of(storage), 0, (2,), (1,), False, ordered())) for _ in range(count)
    ]
    return dump(tensors)


def shared_text(count: int = 15_000, length: int = 1_500_000) -> bytes:
    kind = Call(Name("numpy", "dtype"), ("u1", False, True))
    text = Call(Name("_codecs", "encode"), ("\xff" * (length // 2), "latin1"))
    arrays = [
        Call(
            Name("numpy.core.multiarray", "_reconstruct"),
            (Name("numpy", "ndarray"), (0,), b"b"),
            (1, (length // 2,), kind, False, text),
        )
        for _ in range(count)
    ]
    return dump(arrays, 2)


def shared_tensors(width: int = 5_000, visits: int = 10_000) -> bytes:
    weight = Call(
        Name("torch._utils", "_rebuild_tensor_v2"),
        (storage_of(legacy_storage(zeros(2))), 0, (2,), (1,), False, ordered()),
    )
    module = nvidia_module({}, "Layer")
    module.args[0]["state"]["_parameters"] = {f"w{k}": weight for k in range(width)}
    network = nvidia_module({}, "Generator")
    network.args[0]["state"]["_modules"] = {f"m{k}": module for k in range(visits)}
    return dump({"G_ema": network})
