"""What training does to single layers: their rates, their size, what they may know."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from training_samples import PLAN, make_faces, make_trainer

from synth.generators.bundled_parameters import EMOTION_SLICE, make_target_latents
from synth.learning.rendered_faces import FaceDataset
from synth.workshop.training.late_rows import EMOTION_ROWS
from synth.workshop.training.plans import Stage


@pytest.fixture(scope="module")
def data() -> FaceDataset:
    return make_faces()


def enlarge(data: FaceDataset) -> FaceDataset:
    """The same with pictures of 64 pixels."""
    large = data.pictures[32].repeat(2, 1).repeat(2, 2)
    return replace(data, pictures={**data.pictures, 64: large})


@pytest.mark.parametrize(("below", "moved"), [(0.0, False), (0.1, True)])
def test_layers_below_learn_at_a_rate_of_their_own(data, tmp_path: Path, below, moved):
    run = make_trainer(data, tmp_path, (Stage(16, 16, 8, 1e-2, below=below),))
    run.unit_weights.divide()
    before = {name: tensor.clone() for name, tensor in run.generator.state_dict().items()}
    run.run()
    changes = {
        block: (run.generator.state_dict()[f"synthesis.{block}.conv1.weight"]
                - before[f"synthesis.{block}.conv1.weight"]).abs().max()
        for block in ("b4", "b8", "b16")
    }  # fmt: skip
    assert changes["b16"] > 5e-5
    for block in ("b4", "b8"):
        assert (1e-5 < changes[block] < 0.3 * changes["b16"]) if moved else changes[block] < 1e-6


def test_weights_keep_their_size_and_pictures_stay(data, tmp_path: Path):
    run = make_trainer(data, tmp_path, PLAN)
    synthesis = run.generator.synthesis
    w_plus = torch.randn(2, run.generator.num_layers, 512)
    random = torch.Generator().manual_seed(1)
    for size in synthesis.config.resolutions:
        layer = synthesis.block_at(size).conv1
        layer.weight.data *= 0.5 + 20 * torch.rand(len(layer.weight), 1, 1, 1, generator=random)
        layer.affine.weight.data *= 7
        layer.affine.bias.data *= 7
    synthesis.dtype = torch.float32
    before = synthesis(w_plus, "none")
    run.unit_weights.divide()
    assert torch.allclose(synthesis(w_plus, "none"), before, atol=1e-4)
    run.run()
    for size in synthesis.config.resolutions:
        rms = synthesis.block_at(size).conv1.weight.square().mean((1, 2, 3)).sqrt()
        assert torch.allclose(rms, torch.ones_like(rms), atol=1e-4)


def test_every_weight_moves_against_its_own_gradient(data, tmp_path: Path, monkeypatch):
    run = make_trainer(enlarge(data), tmp_path, (Stage(64, 80, 8, 2e-2),))
    monkeypatch.setattr(run.unit_weights, "divide", lambda: None)
    monkeypatch.setattr(run.late_rows, "forget_emotions", lambda: None)
    parameters = run.regression.parameters
    before, reading = [p.detach().clone() for p in parameters], run._read(0)
    gradients = run.regression.compute(run.stage, reading).gradients
    run._set_rate()
    run._step(reading)
    for now, then, gradient in zip(parameters, before, gradients, strict=True):
        if gradient is None or now.dim() < 4:
            continue
        clear = gradient.abs() > 0.1 * gradient.abs().mean()
        against = (now.detach() - then).sign() == -gradient.sign()
        assert against[clear].float().mean() > 0.99, tuple(now.shape)


def test_late_rows_say_nothing_of_emotions(data, tmp_path: Path):
    plan = (Stage(32, 16, 8, 2e-2), Stage(64, 16, 8, 2e-2, trunk=32, patch=8))
    run = make_trainer(enlarge(data), tmp_path, plan)
    run.run()
    faces = data.parameters[:4].copy()
    w = torch.from_numpy(make_target_latents(faces))
    faces[:, EMOTION_SLICE] = faces[::-1, EMOTION_SLICE]
    other = torch.from_numpy(make_target_latents(faces))
    layers = run.average.num_layers
    for network in (run.generator, run.average):
        draw = lambda rows: network.synthesis(rows, "none")  # noqa: B023, E731
        whole = w[:, None].repeat(1, layers, 1)
        late, early = whole.clone(), whole.clone()
        late[:, EMOTION_ROWS:], early[:, :EMOTION_ROWS] = other[:, None], other[:, None]
        assert (draw(late) - draw(whole)).abs().max() < 1e-2 * (
            draw(early) - draw(whole)
        ).abs().max()
