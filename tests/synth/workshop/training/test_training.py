"""The training loop on a tiny network and pictures that are a known function of w."""

import csv
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from training_samples import CONFIG, PLAN, make_faces, make_trainer

from synth.generators import load_native
from synth.learning.rendered_faces import HELD_OUT, FaceDataset, load_dataset
from synth.types import to_frames
from synth.workshop.training import train
from synth.workshop.training.batches import Step
from synth.workshop.training.dataset import prepare_folder
from synth.workshop.training.fit_mapping import save_mapping
from synth.workshop.training.ledger import make_lineage_card, read_lineage
from synth.workshop.training.order import PictureOrder
from synth.workshop.training.pack import pack_generator
from synth.workshop.training.plans import PICTURES, PLANS, Stage, count_views
from synth.workshop.training.train import Trainer

SHORT = (Stage(16, 40, 8, 2e-2, below=0.3), Stage(32, 24, 8, 1e-2, trunk=16, patch=4, patches=2))


@pytest.fixture(scope="module")
def data() -> FaceDataset:
    return make_faces()


def read_log(folder: Path) -> list[dict[str, str]]:
    with open(folder / "log.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_training_learns(data, tmp_path: Path):
    make_trainer(data, tmp_path).run()
    rows = read_log(tmp_path)
    assert [row["resolution"] for row in rows] == ["8", "16"]
    untrained = make_trainer(data, tmp_path / "none")
    untrained.folder.mkdir()
    untrained.report()
    assert float(rows[0]["psnr_db"]) > float(read_log(tmp_path / "none")[0]["psnr_db"]) + 3


def test_a_stopped_run_goes_on_where_it_was(data, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(train, "SAVE_EVERY_S", 0.0)
    first = make_trainer(data, tmp_path)
    steps = []

    def stop_after_five_steps(*arguments):
        steps.append(arguments)
        if len(steps) > 5:
            raise KeyboardInterrupt
        Trainer._step(first, *arguments)

    monkeypatch.setattr(first, "_step", stop_after_five_steps)
    with pytest.raises(KeyboardInterrupt):
        first.run()
    again = make_trainer(data, tmp_path)
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
    begun = make_trainer(data, tmp_path)
    begun.seen = 8
    begun.save_state()
    for other in (
        make_trainer(data, tmp_path, PLAN[:1]),
        make_trainer(data, tmp_path, PLAN[1:]),
        make_trainer(data, tmp_path, seed=1),
    ):
        with pytest.raises(ValueError, match="another folder"):
            other.run()


def test_a_run_begins_with_a_trained_network(data, tmp_path: Path):
    first, second = make_trainer(data, tmp_path), make_trainer(data, tmp_path)
    torch.nn.init.normal_(first.generator.synthesis.b8.conv1.weight)
    second.start_from(first.generator.synthesis.state_dict(), {})
    for network in (second.generator, second.average):
        state = network.synthesis.state_dict()
        for name, tensor in first.generator.synthesis.state_dict().items():
            assert torch.equal(state[name], tensor)
    other = make_trainer(data, tmp_path, config=replace(CONFIG, channel_max=8))
    with pytest.raises(ValueError, match="channels"):
        second.start_from(other.generator.synthesis.state_dict(), {})
    with pytest.raises(ValueError, match="layers of a StyleGAN2"):
        second.start_from({"L0_4_4.weight": torch.zeros(2)}, {})


def test_what_is_not_done_may_be_replanned(data, tmp_path: Path):
    trainer = make_trainer(data, tmp_path)
    trainer.stage_index = 1
    trainer.save_state()
    shorter = replace(PLAN[1], pictures=8)
    again = make_trainer(data, tmp_path, (PLAN[0], shorter))
    again.load_state()
    assert again.stage == shorter
    with pytest.raises(ValueError, match="another folder"):
        make_trainer(data, tmp_path, (replace(PLAN[0], pictures=8), PLAN[1])).run()


def test_a_finished_run_is_packed_with_its_card(data, tmp_path: Path):
    trainer = make_trainer(data, tmp_path / "run")
    trainer.folder.mkdir()
    prepare_folder(tmp_path / "data", {16: 64, 8: 64}, 3)
    (tmp_path / "data" / "block_00000.done").touch()
    mapping, out = tmp_path / "mapping.safetensors", tmp_path / "faces.safetensors"
    save_mapping(mapping, trainer.generator.mapping, {"emotion": 0.9876})
    trainer.report()
    trainer.save_state()
    with pytest.raises(ValueError, match="finished run"):
        pack_generator(trainer.folder, mapping, out, tmp_path / "data")
    trainer.stage_index = len(PLAN)
    trainer.save_state()
    pack_generator(trainer.folder, mapping, out, tmp_path / "data")
    loaded = load_native(out)
    assert loaded.generator.resolution == 16
    assert {"data", "command", "seed", "held_out_psnr_db", "held_out_fringe"} <= set(loaded.card)
    assert loaded.card["mapping_r2_emotion"] == "0.9876"
    w_plus = torch.randn(1, loaded.generator.num_layers, 512)
    trainer.average.dtype = torch.float32
    want, got = (net.synthesis(w_plus, "none") for net in (trainer.average, loaded.generator))
    assert torch.allclose(want, got, atol=0.02 * float(want.std()))
    assert torch.equal(got, loaded.generator.synthesis(w_plus, "const"))
    save_file({"fc0.weight": torch.zeros(2, 2)}, mapping)
    with pytest.raises(ValueError, match="mapping network"):
        pack_generator(trainer.folder, mapping, out, tmp_path / "data")


def test_held_out_pictures_are_never_drawn(data, tmp_path: Path):
    trainer = make_trainer(data, tmp_path)
    trained = data.pictures[8][HELD_OUT:, 0, 0]
    for step in range(20):
        target = trainer.reader.read(PLAN[0], Step(0, 8 * step)).target
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


def find_difference(first: Trainer, second: Trainer) -> float:
    """The largest difference of any weight of the networks or the average."""
    pairs = [
        zip(getattr(first, name).parameters(), getattr(second, name).parameters(), strict=True)
        for name in ("generator", "average")
    ]
    return max(float((a - b).detach().abs().max()) for pair in pairs for a, b in pair)


@pytest.mark.parametrize("stop_after", [3, 6])
def test_a_resumed_run_ends_as_an_undisturbed_one(data, tmp_path: Path, monkeypatch, stop_after):
    whole = make_trainer(data, tmp_path / "whole", SHORT)
    whole.run()
    first = make_trainer(data, tmp_path / "parts", SHORT)
    steps = []

    def count_steps(batch):
        steps.append(batch)
        if len(steps) == stop_after:
            # As if the slice's time were over after this step.
            monkeypatch.setattr(train, "time", SimpleNamespace(monotonic=lambda: 1e12))
        Trainer._step(first, batch)

    monkeypatch.setattr(first, "_step", count_steps)
    first.run(minutes=1e6)
    monkeypatch.undo()
    assert not first.is_finished
    again = make_trainer(data, tmp_path / "parts", SHORT)
    again.run()
    assert again.is_finished
    assert find_difference(whole, again) == 0
    assert sum(entry.pictures for entry in again.ledger.entries) == 64


def test_the_same_seed_gives_the_same_network_and_another_seed_another(data, tmp_path: Path):
    plan = SHORT[:1]
    runs = [
        make_trainer(data, tmp_path / str(i), plan, seed=seed) for i, seed in enumerate((0, 0, 1))
    ]
    for run in runs:
        run.run()
    assert find_difference(runs[0], runs[1]) == 0
    assert find_difference(runs[0], runs[2]) > 1e-2


def test_two_workers_learn_what_one_learns(data, tmp_path: Path):
    runs = [
        make_trainer(data, tmp_path / str(workers), SHORT[:1], workers=workers)
        for workers in (1, 2)
    ]
    step = Step(0, 0)
    outcomes = [run.regression.compute(run.stage, run.reader.read(run.stage, step)) for run in runs]
    assert torch.allclose(outcomes[0].loss, outcomes[1].loss, rtol=1e-2)
    for one, two in zip(*(outcome.gradients for outcome in outcomes), strict=True):
        if one is not None and two is not None and one.norm() > 1e-4:
            assert torch.cosine_similarity(one.flatten(), two.flatten(), 0) > 0.98


def test_the_card_tells_hours_machines_and_the_whole_lineage(data, tmp_path: Path):
    first = make_trainer(data, tmp_path / "first", SHORT[:1])
    first.run()
    card = make_lineage_card(first.ledger.entries)
    assert float(card["hours"]) >= 0
    assert card["pictures_seen"] == "40"
    assert "cores" in card["machines"]
    second = make_trainer(data, tmp_path / "second", SHORT[:1])
    second.start_from(first.generator.synthesis.state_dict(), card)
    second.run()
    entries = read_lineage(make_lineage_card(second.ledger.entries))
    assert [(entry.run, entry.stage, entry.pictures) for entry in entries] == [
        ("first", "16", 40),
        ("second", "16", 40),
    ]
    assert read_lineage({"hours_on_two_cores": "2.8", "stages": "64: 9"})[0].hours == 2.8


def test_no_plan_sees_a_picture_more_than_ten_times():
    for name in ("cpu", "gpu"):
        for size, views in count_views(PLANS[name], PICTURES).items():
            assert views <= 10, (name, size)


def test_passes_show_every_picture_once_and_take_in_new_ones():
    order = PictureOrder(0, 4)
    first = [order.draw(8, 14, 5) for _ in range(2)]
    assert sorted(np.concatenate(first)) == list(range(4, 14))
    order.draw(8, 24, 2)
    resumed = PictureOrder(0, 4)
    resumed.load_state_dict(order.state_dict())
    later = order.draw(8, 24, 18)
    assert later.max() > 14
    assert np.array_equal(resumed.draw(8, 24, 18), later)
    with pytest.raises(ValueError, match="held out"):
        order.draw(8, 4, 1)
