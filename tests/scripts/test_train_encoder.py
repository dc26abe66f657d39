"""The script end to end: a tiny generator in a file becomes an encoder for it."""

import sys

import pytest
import torch

from embed.encoder.store import load_encoder
from scripts import train_encoder
from synth.generators import load_generator

SMALL = [
    "plan.steps=2", "plan.batch=4", "plan.fresh=2", "plan.pool=8", "plan.held_out=4",
    "plan.compared=1", "plan.picture_px=32", "plan.resolution=32", "plan.widths=[4,8]",
    "device=cpu",
]  # fmt: skip


@pytest.fixture
def run(tmp_path, tiny_generator, monkeypatch, capsys):
    """Runs the script's main; gives its exit code, stdout and stderr."""

    def call(*overrides: str) -> tuple[int, str, str]:
        base = ["generator=file", f"generator.path={tiny_generator}", f"paths.outputs={tmp_path}"]
        monkeypatch.setattr(sys, "argv", ["train_encoder", *base, *SMALL, *overrides])
        try:
            train_encoder.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    return call


def test_a_generator_becomes_its_encoder(run, tmp_path, tiny_generator):
    code, printed, error = run("name=mine")
    assert code == 0, error
    assert "encoder.safetensors: an encoder for tiny" in printed
    generator = load_generator(tiny_generator)
    encoder = load_encoder(tmp_path / "mine" / "encoder.safetensors", generator)
    assert encoder.encode(torch.zeros(1, 3, 32, 32)).shape == (1, 8, 24)
    assert encoder.card["generator_sha256"] == generator.sha256
    assert {file.name for file in (tmp_path / "mine").iterdir()} == {
        "encoder.safetensors", "state.pt", "plan.json", "log.csv", "sheet.png", "curve.png",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["out=mine.pt"], "mine.pt: needs a name ending in .safetensors"),
        (["plan.steps=many"], "needs a whole number for plan.steps; got 'many'"),
        (["plan.picture_px=48"], "needs picture_px a power of two"),
        (["plan.resolution=64"], "needs a resolution of at most 32"),
        (["perceptual=vgg"], "needs one of bundled, lpips for perceptual"),
        (["device=tpu"], "needs a device of this computer"),
        (["generator.path=nowhere.pkl"], "nowhere.pkl"),
    ],
)
def test_mistakes_are_one_line_and_leave_no_encoder(run, tmp_path, overrides, message):
    code, _, error = run(*overrides)
    assert code == 1
    assert error.startswith("error: ") and error.count("\n") == 1
    assert message in error
    assert not list(tmp_path.rglob("*.safetensors"))
