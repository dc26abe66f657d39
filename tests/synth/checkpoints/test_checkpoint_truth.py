"""What a checkpoint says is what is read: signs, checksums, kept conversions."""

import random
import zipfile

import checkpoint_samples as samples
import numpy as np
import pytest
import torch

from synth.checkpoints import CheckpointError, read_tensors
from synth.generators import convert_checkpoint, load_generator


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("modern", [True, False])
def test_negated_tensors_are_read_as_torch_reads_them(tmp_path, modern):
    x = torch.arange(6.0).reshape(2, 3)
    value = {"negated": torch._neg_view(x), "plain": x}
    torch.save(value, tmp_path / "a.pt", _use_new_zipfile_serialization=modern)
    found = read_tensors(tmp_path / "a.pt")
    assert torch.load(tmp_path / "a.pt")["negated"][1, 2] == -5
    np.testing.assert_array_equal(found["negated"], -x.numpy())
    np.testing.assert_array_equal(found["plain"], x.numpy())


@pytest.mark.parametrize("mark", [{"conj": True}, {"neg": 1}, {"else": True}, {"neg": {}}])
def test_other_marks_of_a_tensor_are_refused(tmp_path, mark):
    rebuild, arguments = torch.arange(2.0).__reduce_ex__(2)
    call = samples.Call(samples.Name(rebuild.__module__, rebuild.__name__), (*arguments[:6], mark))
    path = samples.write_pickle(tmp_path / "a.pkl", {"t": call}, 2)
    with pytest.raises(CheckpointError, match=r"a\.pkl: needs a plain or negated tensor"):
        read_tensors(path)


def test_a_damaged_torch_file_is_refused_wherever_it_holds_numbers(tmp_path):
    path = tmp_path / "a.pt"
    torch.save({"a": torch.randn(500), "b": torch.randn(40)}, path)
    good, expected = path.read_bytes(), read_tensors(path)
    with zipfile.ZipFile(path) as archive:
        places = [i.header_offset + 80 for i in archive.infolist() if "/data" in i.filename]
    rng = random.Random(0)
    for place in (*places, *(rng.randrange(len(good)) for _ in range(6))):
        damaged = bytearray(good)
        damaged[place] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            found = read_tensors(path)
        except CheckpointError as error:
            assert "a.pt: needs" in str(error)
        else:  # in what is never read
            for name, tensor in expected.items():
                np.testing.assert_array_equal(found[name], tensor)
    position = good.index(np.float32(expected["b"][0]).tobytes())
    path.write_bytes(good[:position] + bytes(4) + good[position + 4 :])
    with pytest.raises(CheckpointError, match=r"a\.pt: needs the zip member .* checksum"):
        read_tensors(path)


def test_a_torch_file_without_checksums_is_read(tmp_path):
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"a": torch.arange(4.0)}, tmp_path / "a.pt")
    finally:
        torch.serialization.set_crc32_options(True)
    assert read_tensors(tmp_path / "a.pt")["a"].tolist() == [0, 1, 2, 3]


def test_a_damaged_kept_conversion_is_made_again(tmp_path, monkeypatch):
    path = samples.write_pickle(tmp_path / "network.pkl", samples.nvidia_torch())
    first = load_generator(path)
    (kept,) = (tmp_path / "cache" / "converted").glob("*.safetensors")
    written = kept.read_bytes()
    for damaged in (written[:-4] + b"\0\0\x80\x3f", written + b"\0"):
        kept.write_bytes(damaged)
        samples.assert_same_weights(load_generator(path), first)
        assert kept.read_bytes() == written
    kept.with_suffix(".sha256").write_bytes(b"\xff")
    samples.assert_same_weights(load_generator(path), first)
    monkeypatch.setattr("synth.checkpoints.loading.run_child", None)
    samples.assert_same_weights(load_generator(path), first)


def write_misfit(path, change):
    state = {n: t.clone() for n, t in samples.make_generator().state_dict().items()}
    change(state)
    module = samples.nvidia_module(state, "Generator")
    return samples.write_pickle(path, {"G_ema": module, "D": None})


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda s: s.update({"mapping.fc0.weight": torch.zeros(10, 0)}), "needs weights in"),
        (lambda s: s.update({"synthesis.b8.conv0.bias": torch.zeros(99)}), "needs shape"),
        (lambda s: s.pop("synthesis.b8.conv0.bias"), "missing"),
        (lambda s: s.update({"synthesis.b8.extra.bias": torch.zeros(2)}), "unexpected"),
    ],
)
def test_nothing_that_cannot_be_loaded_gets_a_final_name(tmp_path, change, message):
    path = write_misfit(tmp_path / "network.pkl", change)
    with pytest.raises(CheckpointError, match=rf"/network\.pkl: .*{message}") as caught:
        convert_checkpoint(path, tmp_path / "out.safetensors")
    assert "out" not in str(caught.value)
    with pytest.raises(CheckpointError, match=rf"/network\.pkl: .*{message}") as caught:
        load_generator(path)
    assert "converted" not in str(caught.value)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_errors_about_a_kept_conversion_name_the_users_file(tmp_path, monkeypatch):
    path = samples.write_pickle(tmp_path / "network.pkl", samples.nvidia_torch())
    load_generator(path)
    (kept,) = (tmp_path / "cache" / "converted").glob("*.safetensors")
    kept.write_bytes(b"half")
    monkeypatch.setattr("synth.checkpoints.loading._is_as_written", lambda *_: True)
    with pytest.raises(CheckpointError, match=r"/network\.pkl: needs a whole") as caught:
        load_generator(path)
    assert "converted" not in str(caught.value)
