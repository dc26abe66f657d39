from pathlib import Path

import pytest
import torch

from scripts import convert_checkpoint
from synth.generators import load_generator
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config


@pytest.fixture
def convert(monkeypatch, tmp_path, capsys):
    """Run the script; its exit code, output and errors."""
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MOODREEL_OFFLINE", "1")
    monkeypatch.delenv("MOODREEL_ASSETS", raising=False)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["convert_checkpoint", *map(str, arguments)])
        try:
            convert_checkpoint.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A bare state dict under NVIDIA's names, which needs no writer of its own."""
    torch.manual_seed(0)
    config = StyleGAN2Config(resolution=8, z_dim=4, w_dim=4, mapping_layers=1, channel_base=32)
    path = tmp_path_factory.mktemp("source") / "network.pt"
    torch.save({"G_ema": StyleGAN2(config).state_dict(), "D": None}, path)
    return path


def test_conversion_prints_a_summary_and_loads(convert, source, tmp_path):
    target = tmp_path / "network.safetensors"
    code, output, errors = convert(f"source={source}", f"out={target}")
    assert code == 0, errors
    generator = load_generator(target)
    assert generator.sha256 in output
    assert "architecture   stylegan2" in output and "resolution     8\n" in output
    assert "classes        none" in output
    assert convert_checkpoint.describe_classes("abcdefgh") == "8: a, b, c, d, e, f, g, ..."
    assert "discriminator  no" in output
    code, _, errors = convert(f"source={source}", f"out={target}")
    assert code == 1 and "overwrite=true" in errors
    assert convert(f"source={source}", f"out={target}", "overwrite=true")[0] == 0


def test_user_errors_are_one_line_and_leave_no_file(convert, source, tmp_path):
    target = tmp_path / "network.safetensors"
    broken = tmp_path / "broken.pkl"
    broken.write_bytes(b"\x80\x04")
    cases = {
        (broken, target): "broken.pkl: needs",
        (tmp_path / "nowhere.pkl", target): "no such file",
        (source, tmp_path / "network.pkl"): ".safetensors",
        (source, target, f"sha256='{'0' * 64}'"): "sha256",
        ("ffhq", target): "MOODREEL_OFFLINE",
    }
    for arguments, message in cases.items():
        source_file, out, *settings = arguments
        code, _, errors = convert(f"source={source_file}", f"out={out}", *settings)
        assert code == 1 and not target.exists()
        assert errors.startswith("error: ") and message in errors
        assert errors.count("\n") == 1
