import json

import checkpoint_samples as samples
import numpy as np
import pytest
import torch

from synth.checkpoints import CheckpointError
from synth.generators import load_generator, save_generator


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))


def test_a_header_cannot_ask_for_more_than_the_file_holds(tmp_path):
    generator = samples.make_generator()
    path = tmp_path / "own.safetensors"
    for change in (
        {"resolution": 4096},
        {"resolution": 1 << 20},
        {"mapping_layers": 10**9},
        {"w_dim": 10**9},
        {"channel_base": 10**12, "channel_max": 10**9},
        {"z_dim": "many"},
        {"unheard_of": 1},
    ):
        save_generator(path, generator, "own", {})
        raw = path.read_bytes()
        length = int.from_bytes(raw[:8], "little")
        header = json.loads(raw[8 : 8 + length])
        config = json.loads(header["__metadata__"]["config"])
        header["__metadata__"]["config"] = json.dumps({**config, **change})
        text = json.dumps(header).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + length :])
        with pytest.raises(CheckpointError, match=r"own\.safetensors: "):
            load_generator(path)


def test_second_load_uses_the_kept_conversion_and_mends_a_broken_one(tmp_path, monkeypatch):
    path = samples.write_pickle(tmp_path / "network.pkl", samples.nvidia_torch())
    first = load_generator(path)
    (kept,) = (tmp_path / "cache" / "converted").glob("*.safetensors")
    assert first.sha256 in kept.name
    written = kept.read_bytes()
    monkeypatch.setattr("synth.checkpoints.loading.run_child", None)
    samples.assert_same_weights(load_generator(path), first)
    monkeypatch.undo()
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))
    kept.write_bytes(written[: len(written) // 2])
    samples.assert_same_weights(load_generator(path), first)
    assert kept.read_bytes() == written


def test_other_networks_are_called_what_they_are(tmp_path):
    alias_free = samples.nvidia_module(
        {"synthesis.input.weight": torch.zeros(2, 2), "mapping.fc0.weight": torch.zeros(2, 2)},
        "Generator",
    )
    path = samples.write_pickle(tmp_path / "stylegan3.pkl", {"G_ema": alias_free, "D": None})
    with pytest.raises(CheckpointError, match=r"stylegan3\.pkl: .*StyleGAN3"):
        load_generator(path)
    older = samples.tensorflow_network({"synthesis/4x4/Conv/StyleMod/weight": np.zeros((2, 2))})
    path = samples.write_pickle(tmp_path / "stylegan1.pkl", (older, older, older))
    with pytest.raises(CheckpointError, match="2019"):
        load_generator(path)
    path = samples.write_zip_torch(tmp_path / "resnet.pt", {"layer1.weight": torch.zeros(2)})
    with pytest.raises(CheckpointError, match=r"StyleGAN2.*layer1\.weight"):
        load_generator(path)
    unusual = samples.nvidia_torch()
    unusual["G_ema"].args[0]["state"]["architecture"] = "orig"
    path = samples.write_pickle(tmp_path / "orig.pkl", unusual)
    with pytest.raises(CheckpointError, match=r"architecture 'skip'.*'orig'"):
        load_generator(path)


def test_what_is_wrong_with_a_file_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_generator(tmp_path / "nowhere.pkl")
    with pytest.raises(CheckpointError, match="folder"):
        load_generator(tmp_path)
    cases = {
        "empty.pkl": (b"", "0 bytes"),
        "page.pkl": (b"<!DOCTYPE html>", "web page"),
        "lfs.pkl": (b"version https://git-lfs", "Git LFS"),
        "text.pt": (b"hello", "begins with 68 65"),
        "own.safetensors": (b"\x08\0\0\0\0\0\0\0{}      ", "moodreel-generator"),
        "cut.safetensors": (b"\xff\0\0\0\0\0\0\0{", "broken or cut off"),
    }
    for name, (content, message) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CheckpointError, match=message) as caught:
            load_generator(tmp_path / name)
        assert name in str(caught.value)


def test_wrong_sha256(tmp_path):
    path = samples.write_pickle(tmp_path / "network.pkl", samples.nvidia_torch())
    sha256 = load_generator(path).sha256
    load_generator(path, expected_sha256=sha256.upper())
    with pytest.raises(CheckpointError, match=r"network\.pkl: needs the file with sha256 0000"):
        load_generator(path, expected_sha256="0" * 64)


def test_missing_surplus_and_misshapen_tensors(tmp_path):
    for name, change in {
        "missing": lambda state: state.pop("synthesis.b8.conv0.bias"),
        "surplus": lambda state: state.update({"synthesis.b8.extra.bias": torch.zeros(2)}),
        "misshapen": lambda state: state.update({"synthesis.b8.conv0.bias": torch.zeros(99)}),
        "infinite": lambda state: state["synthesis.b8.conv0.bias"].fill_(torch.inf),
    }.items():
        state = {n: t.clone() for n, t in samples.make_generator().state_dict().items()}
        change(state)
        module = samples.nvidia_module(state, "Generator")
        path = samples.write_pickle(tmp_path / f"{name}.pkl", {"G_ema": module, "D": None})
        with pytest.raises(CheckpointError, match="finite" if name == "infinite" else "needs"):
            load_generator(path)


def test_half_a_file_never_loads(tmp_path):
    whole = samples.dump(samples.nvidia_torch())
    path = tmp_path / "cut.pkl"
    for part in (0.01, 0.3, 0.9, 0.999):
        path.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(CheckpointError, match="cut off"):
            load_generator(path)
    torch.save(samples.rosinality(), tmp_path / "whole.pt")
    whole = (tmp_path / "whole.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match="cut off"):
        load_generator(tmp_path / "cut.pt")
    assert not list((tmp_path / "cache").rglob("*.safetensors"))
