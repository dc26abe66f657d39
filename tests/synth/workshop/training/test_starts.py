"""What a run has learned so far begins another one, elsewhere."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from training_samples import PLAN, make_faces, make_trainer

from synth.checkpoints.errors import CheckpointError
from synth.generators import save_generator
from synth.generators.bundled import BUNDLED_WEIGHTS
from synth.generators.stylegan2 import StyleGAN2
from synth.workshop.training.ledger import read_lineage
from synth.workshop.training.plans import FULL_CONFIG
from synth.workshop.training.starts import load_start, save_start


@pytest.fixture(scope="module")
def data():
    return make_faces()


def test_a_run_goes_on_from_what_another_kept(data, tmp_path: Path):
    first = make_trainer(data, tmp_path / "first", PLAN[1:])
    first.run()
    save_start(first.folder, tmp_path / "start.safetensors")
    with safe_open(tmp_path / "start.safetensors", "pt") as file:
        names = list(file.keys())
        assert not [name for name in names if "noise_const" in name or "fc" in name]
        assert file.get_tensor(names[0]).dtype == torch.float16
    second = make_trainer(data, tmp_path / "second", PLAN[1:], seed=1)
    second.start_from(*load_start(tmp_path / "start.safetensors"))
    learned = first.average.synthesis.state_dict()
    for network in (second.generator, second.average):
        for name, tensor in network.synthesis.state_dict().items():
            if not name.endswith("noise_const"):
                assert torch.allclose(tensor, learned[name], rtol=1e-3, atol=1e-4), name
    second.run()
    lines = [(entry.run, entry.pictures) for entry in second.ledger.entries]
    assert lines == [("first", 32), ("second", 32)]


def test_a_generator_is_a_start_too(data, tmp_path: Path):
    trainer = make_trainer(data, tmp_path / "run")
    file = tmp_path / "own.safetensors"
    save_generator(file, trainer.average, "own", {"hours_on_two_cores": "1.5"})
    learned, card = load_start(file)
    assert torch.equal(learned["b4.const"], trainer.average.synthesis.b4.const)
    assert read_lineage(card)[0].hours == 1.5


def test_what_ships_can_be_trained_further():
    learned, card = load_start(BUNDLED_WEIGHTS)
    wanted = StyleGAN2(FULL_CONFIG).synthesis.state_dict()
    assert {name: tensor.shape for name, tensor in learned.items()} == {
        name: tensor.shape for name, tensor in wanted.items()
    }
    assert sum(entry.pictures for entry in read_lineage(card)) > 100_000


def test_what_is_no_start_is_named(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors: needs"):
        load_start(tmp_path / "none.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=r"broken\.safetensors: needs a whole"):
        load_start(tmp_path / "broken.safetensors")
    with pytest.raises(FileNotFoundError, match=r"state\.pt: needs a run"):
        save_start(tmp_path, tmp_path / "out.safetensors")
