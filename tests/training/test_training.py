"""The training loop on a tiny network and pictures that are a known function of w."""

from pathlib import Path

import numpy as np
import pytest
import torch

from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.training.dataset import FaceDataset, load_dataset, prepare_folder
from synth.training.folded import synthesize_folded
from synth.training.parameters import EMOTION_SLICE, map_latents_to_parameters
from synth.training.train import EMOTION_ROWS, HELD_OUT, Stage, Trainer

CONFIG = StyleGAN2Config(resolution=64, mapping_layers=2, channel_base=512, channel_max=16)
PLAN = (Stage(8, 240, 8, 2e-2), Stage(16, 32, 8, 1e-2))


@pytest.fixture(scope="module")
def data() -> FaceDataset:
    z = np.random.default_rng(0).normal(size=(HELD_OUT + 64, 512)).astype(np.float32)
    parameters = map_latents_to_parameters(z)
    shade = np.clip((210, 90, 40) + 8 * parameters[:, :3], 0, 255).astype(np.uint8)
    pictures = {s: np.tile(shade[:, None, None], (1, s, s, 1)) for s in (8, 16)}
    return FaceDataset(z, parameters, pictures)


def test_folded_synthesis_equals_the_network_with_its_gradients():
    torch.manual_seed(0)
    generator = StyleGAN2(CONFIG)
    w_plus = torch.randn(2, generator.num_layers, 512)
    plain = generator.synthesis(w_plus, "none")
    folded = synthesize_folded(generator.synthesis, w_plus, 64)
    assert torch.allclose(plain, folded, atol=1e-4)
    parameters = [p for p in generator.synthesis.parameters() if p.ndim > 0]
    for want, got in zip(
        torch.autograd.grad(plain.square().mean(), parameters),
        torch.autograd.grad(folded.square().mean(), parameters),
        strict=True,
    ):
        assert torch.allclose(want, got, atol=1e-3 * float(want.abs().max()) + 1e-6)


def test_training_learns_and_goes_on_after_a_stop(data, tmp_path: Path):
    trainer = Trainer(data, tmp_path, PLAN, CONFIG)
    trainer.run()
    rows = [line.split(",") for line in (tmp_path / "log.csv").read_text().splitlines()]
    assert [row[1] for row in rows] == ["8", "16"]
    untrained = Trainer(data, tmp_path / "none", PLAN, CONFIG)
    untrained._report()
    before = float((tmp_path / "none" / "log.csv").read_text().split(",")[3])
    assert float(rows[0][3]) > before + 3
    again = Trainer(data, tmp_path, PLAN, CONFIG)
    again._load_state()
    assert again.stage_index == len(PLAN)
    for want, got in zip(trainer.average.parameters(), again.average.parameters(), strict=True):
        assert torch.equal(want, got)


def test_late_rows_carry_another_emotion_and_nothing_else(data, tmp_path: Path):
    trainer = Trainer(data, tmp_path, PLAN, CONFIG)
    parameters = data.parameters[:16]
    rows = trainer._make_rows(parameters)
    assert torch.equal(rows[:, 0], rows[:, EMOTION_ROWS - 1])
    moved = (rows[:, EMOTION_ROWS] - rows[:, 0]).abs().sum(1) > 1e-6
    shown = torch.from_numpy(parameters[:, EMOTION_SLICE].sum(1))
    assert moved[:8].any()
    assert not moved[8:].any()
    assert shown.max() > 0


def test_a_data_set_that_is_not_finished_or_another_is_refused(tmp_path: Path):
    prepare_folder(tmp_path, 64, 64, 0, [16, 8])
    with pytest.raises(ValueError, match="no finished block"):
        load_dataset(tmp_path)
    with pytest.raises(ValueError, match="another folder"):
        prepare_folder(tmp_path, 128, 64, 0, [16, 8])
    with pytest.raises(ValueError, match="multiples"):
        prepare_folder(tmp_path / "b", 10, 10, 0, [8])
    (tmp_path / "block_00000.done").touch()
    assert load_dataset(tmp_path).pictures[8].shape == (64, 8, 8, 3)
