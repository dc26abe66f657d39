"""Small files that promise much: refused before anything is allocated, with one sentence."""

import io
import pickle
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from synth.plain_text import load_json, load_yaml, parse_yaml, show
from synth.storage.arrays import load_array, load_arrays


@pytest.fixture(autouse=True)
def cheap():
    """Whatever is read here takes neither long nor much memory."""
    tracemalloc.start()
    before = time.process_time()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20 and time.process_time() - before < 20


def npy(shape: tuple, dtype: str = "<f4", content: bytes = b"1234") -> bytes:
    buffer = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue() + content


def npz(path: Path, method: int = zipfile.ZIP_STORED, **parts: bytes) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(f"{name}.npy", content)
    return path


@pytest.mark.parametrize("kind", ["f2", "f8", "i4", "u1", "?", "c8", "U3", "S2"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4)])
def test_arrays_are_read_as_numpy_reads_them(tmp_path, kind, shape):
    values = np.asfortranarray(np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(kind))
    np.save(tmp_path / "a.npy", values)
    np.savez_compressed(tmp_path / "a.npz", a=values, b=np.asarray(values, order="C"))
    found = [load_array(tmp_path / "a.npy"), *load_arrays(tmp_path / "a.npz").values()]
    for one in found:
        np.testing.assert_array_equal(one, values)
        assert one.dtype == values.dtype and one.flags.writeable
    assert list(load_arrays(tmp_path / "a.npz", ("b", "c"))) == ["b"]


@pytest.mark.parametrize(
    "content, message",
    [
        (npy((1 << 40,)), "the 4398046511104 bytes that its header promises"),
        (npy((1 << 20, 1 << 40)), "promises"),
        (npy((-1, 4)), "promises"),
        (npy((2,), "|V0"), "numbers or text; got"),
        (npy((1 << 40,), "<U0"), "numbers or text; got"),
        (npy((1,), "|O"), "numbers or text; got pickled objects, which could run code"),
        (pickle.dumps(np.zeros(2)), "got a pickle, which could run code"),
        (b"hello", "as np.save writes it; got another"),
        (b"", "as np.save writes it; got another"),
        (b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 70000, "as np.save writes it"),
    ],
)
def test_headers_that_lie_and_objects_are_refused(tmp_path, content, message):
    (tmp_path / "a.npy").write_bytes(content)
    npz(tmp_path / "a.npz", zipfile.ZIP_DEFLATED, w=content)
    for load, name in ((load_array, "a.npy"), (load_arrays, "a.npz")):
        with pytest.raises(ValueError, match=rf"{name}.*: needs .*{message}") as caught:
            load(tmp_path / name)
        assert "pickle.load" not in str(caught.value) and "allow_pickle" not in str(caught.value)


def test_archives_that_unpack_to_far_more_than_their_size_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    whole = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
    with whole as archive, archive.open("w.npy", "w") as part:
        part.write(npy((1 << 28,), "u1", b""))
        for _ in range(256):
            part.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ValueError, match=r"a\.npz: needs arrays of at most .* np\.savez"):
        load_arrays(path)
    assert load_arrays(path, ("other",)) == {}


def test_damaged_archives_are_refused(tmp_path):
    path = npz(tmp_path / "a.npz", w=npy((4,), "<f4", bytes(16)))
    whole = path.read_bytes()
    for damaged in (b"", b"PK", whole[: len(whole) // 2], whole.replace(bytes(16), b"1" * 16)):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"a\.npz: needs an intact \.npz"):
            load_arrays(path)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text, message",
    [
        (BOMB, "aliases"),
        ("[" * 100_000, "levels"),
        ("- " * 5000 + "a", "levels"),
        ("{a: " * 5000, "levels"),
        ("- " + "1" * 1_000_000, "at most 40 signs"),
        ("- " + ":".join(["1"] * 300_000), "at most 40 signs"),
        ("- 0x" + "f" * 3000, "at most 40 signs"),
        ("- !!int '" + "1" * 9999 + "'", "tags"),
        ("!!python/object/apply:os.system [ls]", "tags"),
        ("- 2001-99-99", "month"),
        ("- a\n" * 250_000, "parts"),
        ("a: b: c", "not allowed"),
    ],
    ids=range(12),
)
def test_yaml_that_costs_is_one_sentence(tmp_path, text, message):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ValueError, match=rf"a\.yaml: needs YAML text; .*{message}") as caught:
        load_yaml(tmp_path / "a.yaml")
    assert len(str(caught.value)) < 600 and "\n" not in str(caught.value)


def test_ordinary_yaml_is_read(tmp_path):
    text = "emotions: [calm, {emotion: 3, time: 1.25}]\nloop: yes\nnote: '" + "1" * 99 + "'\n"
    found = parse_yaml(text, "it")
    assert found["emotions"] == ["calm", {"emotion": 3, "time": 1.25}]
    assert found["loop"] is True and found["note"] == "1" * 99


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "1" * 100_000, "{", "\ufeff["])
def test_json_that_costs_is_one_sentence(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=r"a\.json: needs JSON") as caught:
        load_json(tmp_path / "a.json")
    assert len(str(caught.value)) < 400


def test_texts_of_other_kinds_are_named(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"a\.json: needs text in UTF-8"):
        load_json(tmp_path / "a.json")
    with open(tmp_path / "b.yaml", "wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(ValueError, match=r"b\.yaml: needs a text of at most"):
        load_yaml(tmp_path / "b.yaml")


def test_what_is_shown_of_a_value_is_short():
    deep: list = []
    for _ in range(100_000):
        deep = [deep] * 9
    for value in ("a" * 10**6, [1] * 10**6, {k: k for k in range(10**5)}, 10**5000, deep):
        assert len(show(value)) < 500
    assert show("calm") == "'calm'" and show([1, None]) == "[1, None]"
