"""The training loop on a tiny network and pictures that are a known function of w."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from synth.generators import load_native
from synth.generators.bundled_parameters import (
    EMOTION_SLICE,
    make_embedding,
    map_latents_to_parameters,
)
from synth.generators.stylegan2 import StyleGAN2Config
from synth.learning.rendered_faces import HELD_OUT, FaceDataset, load_dataset
from synth.types import to_frames
from synth.workshop.training import train
from synth.workshop.training.dataset import prepare_folder
from synth.workshop.training.pack import pack_generator
from synth.workshop.training.plans import Stage
from synth.workshop.training.train import EMOTION_ROWS, Trainer

CONFIG = StyleGAN2Config(resolution=64, mapping_layers=2, channel_base=512, channel_max=16)
PLAN = (Stage(8, 240, 8, 2e-2), Stage(16, 32, 8, 1e-2))


@pytest.fixture(scope="module")
def data() -> FaceDataset:
    z = np.random.default_rng(0).normal(size=(HELD_OUT + 64, 512)).astype(np.float32)
    parameters = map_latents_to_parameters(z)
    shade = np.clip((210, 90, 40) + 8 * parameters[:, :3], 0, 255).astype(np.uint8)
    pictures = {s: np.tile(shade[:, None, None], (1, s, s, 1)) for s in (8, 16)}
    return FaceDataset(z, parameters, pictures)


def read_log(folder: Path) -> list[dict[str, str]]:
    with open(folder / "log.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_training_learns(data, tmp_path: Path):
    Trainer(data, tmp_path, PLAN, CONFIG).run()
    rows = read_log(tmp_path)
    assert [row["resolution"] for row in rows] == ["8", "16"]
    untrained = Trainer(data, tmp_path / "none", PLAN, CONFIG)
    untrained.folder.mkdir()
    untrained.report()
    assert float(rows[0]["psnr_db"]) > float(read_log(tmp_path / "none")[0]["psnr_db"]) + 3


def test_a_stopped_run_goes_on_where_it_was(data, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(train, "SAVE_EVERY_S", 0.0)
    first = Trainer(data, tmp_path, PLAN, CONFIG)
    steps = []

    def stop_after_five_steps(*arguments):
        steps.append(arguments)
        if len(steps) > 5:
            raise KeyboardInterrupt
        Trainer._step(first, *arguments)

    monkeypatch.setattr(first, "_step", stop_after_five_steps)
    with pytest.raises(KeyboardInterrupt):
        first.run()
    again = Trainer(data, tmp_path, PLAN, CONFIG)
    again.load_state()
    assert (again.stage_index, again.seen) == (0, 5 * PLAN[0].batch)
    assert len(again.optimizer.state) > 0
    for name in ("generator", "average"):
        states = (getattr(run, name).state_dict() for run in (first, again))
        for want, got in zip(*(state.values() for state in states), strict=True):
            assert torch.equal(want, got)
    monkeypatch.setattr(train, "SAVE_EVERY_S", 240.0)
    again.run()
    assert again.stage_index == len(PLAN)
    seen = [int(row["seen"]) for row in read_log(tmp_path) if row["resolution"] == "8"]
    assert seen[-1] == PLAN[0].pictures


def test_a_folder_of_another_run_is_refused(data, tmp_path: Path):
    tmp_path.mkdir(exist_ok=True)
    begun = Trainer(data, tmp_path, PLAN, CONFIG)
    begun.seen = 8
    begun.save_state()
    for other in (
        Trainer(data, tmp_path, PLAN[:1], CONFIG),
        Trainer(data, tmp_path, PLAN[1:], CONFIG),
        Trainer(data, tmp_path, PLAN, CONFIG, seed=1),
    ):
        with pytest.raises(ValueError, match="another folder"):
            other.run()


def test_a_run_begins_with_a_trained_network(data, tmp_path: Path):
    first, second = Trainer(data, tmp_path, PLAN, CONFIG), Trainer(data, tmp_path, PLAN, CONFIG)
    torch.nn.init.normal_(first.generator.synthesis.b8.conv1.weight)
    second.start_from(first.generator.synthesis)
    for network in (second.generator, second.average):
        state = network.synthesis.state_dict()
        for name, tensor in first.generator.synthesis.state_dict().items():
            assert torch.equal(state[name], tensor)
    other = Trainer(data, tmp_path, PLAN, replace(CONFIG, channel_max=8))
    with pytest.raises(ValueError, match="channels"):
        second.start_from(other.generator.synthesis)


def test_what_is_not_done_may_be_replanned(data, tmp_path: Path):
    trainer = Trainer(data, tmp_path, PLAN, CONFIG)
    trainer.stage_index = 1
    trainer.save_state()
    shorter = replace(PLAN[1], pictures=8)
    again = Trainer(data, tmp_path, (PLAN[0], shorter), CONFIG)
    again.load_state()
    assert again.stage == shorter
    with pytest.raises(ValueError, match="another folder"):
        Trainer(data, tmp_path, (replace(PLAN[0], pictures=8), PLAN[1]), CONFIG).run()


def test_a_finished_run_is_packed_with_its_card(data, tmp_path: Path):
    trainer = Trainer(data, tmp_path / "run", PLAN, CONFIG)
    trainer.folder.mkdir()
    prepare_folder(tmp_path / "data", {16: 64, 8: 64}, 3)
    (tmp_path / "data" / "block_00000.done").touch()
    mapping, out = tmp_path / "mapping.safetensors", tmp_path / "faces.safetensors"
    save_file(dict(trainer.generator.mapping.state_dict()), mapping)
    trainer.report()
    trainer.save_state()
    with pytest.raises(ValueError, match="finished run"):
        pack_generator(trainer.folder, mapping, out, tmp_path / "data", 0.5)
    trainer.stage_index = len(PLAN)
    trainer.save_state()
    pack_generator(trainer.folder, mapping, out, tmp_path / "data", 0.5)
    loaded = load_native(out)
    assert loaded.generator.resolution == 16
    assert loaded.card["hours_on_two_cores"] == "0.5"
    assert {"data", "command", "seed", "stages", "held_out_psnr_db"} <= set(loaded.card)
    w_plus = torch.randn(1, loaded.generator.num_layers, 512)
    trainer.average.dtype = torch.float32
    want, got = (net.synthesis(w_plus, "none") for net in (trainer.average, loaded.generator))
    assert torch.allclose(want, got, atol=0.02 * float(want.std()))
    assert torch.equal(got, loaded.generator.synthesis(w_plus, "const"))
    save_file({"fc0.weight": torch.zeros(2, 2)}, mapping)
    with pytest.raises(ValueError, match="mapping network"):
        pack_generator(trainer.folder, mapping, out, tmp_path / "data", 0.5)


def test_late_rows_carry_another_emotion_and_nothing_else(data, tmp_path: Path):
    trainer = Trainer(data, tmp_path, (Stage(64, 8, 8, 1e-2),), CONFIG)
    rows = trainer.make_rows(data.parameters[:16])
    assert torch.equal(rows[:, 0], rows[:, EMOTION_ROWS - 1])
    change = rows[:, EMOTION_ROWS] - rows[:, 0]
    moved = change.abs().sum(1) > 1e-6
    assert moved[:8].any()
    assert not moved[8:].any()
    emotions = torch.from_numpy(make_embedding()[:, EMOTION_SLICE])
    assert torch.allclose(change @ emotions @ emotions.T, change, atol=1e-5)


def test_held_out_pictures_are_never_drawn(data, tmp_path: Path):
    trainer = Trainer(data, tmp_path, PLAN, CONFIG)
    trained = data.pictures[8][HELD_OUT:, 0, 0]
    for _ in range(20):
        _, target = trainer.draw_batch(PLAN[0])
        for colour in to_frames(target)[:, 0, 0]:
            assert (trained == colour).all(1).any()


def test_a_data_set_that_is_not_finished_or_another_is_refused(tmp_path: Path):
    prepare_folder(tmp_path, {16: 64, 8: 64}, 0)
    with pytest.raises(ValueError, match="no finished block"):
        load_dataset(tmp_path)
    with pytest.raises(ValueError, match="another folder"):
        prepare_folder(tmp_path, {16: 64, 8: 128}, 0)
    with pytest.raises(ValueError, match="multiples"):
        prepare_folder(tmp_path / "b", {8: 10}, 0)
    (tmp_path / "block_00000.done").touch()
    assert load_dataset(tmp_path).pictures[8].shape == (64, 8, 8, 3)
