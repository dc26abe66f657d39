"""A finished run's average synthesis network and the fitted mapping network -> the shipped file.

The file is a native checkpoint in half precision whose card tells data, command, seed, quality on
held-out pictures, and what the training itself wrote down (`ledger`): hours, machines, pictures
seen and every run of the lineage.
"""

from __future__ import annotations

import csv
from pathlib import Path

import torch
from safetensors import safe_open

from synth.generators import save_generator
from synth.generators.bundled import BUNDLED_NAME
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.learning.rendered_faces import load_dataset
from synth.learning.run_state import STATE_FILE, load_state
from synth.workshop.training.dataset import describe_data
from synth.workshop.training.ledger import Ledger, make_lineage_card
from synth.workshop.training.report import FIGURES


def pack_generator(run: Path, mapping: Path, out: Path, data: Path) -> None:
    """Write the file. Raises ValueError when the run is not finished or the mapping is another's.

    mapping: file of `save_mapping`; data: the folder of pictures, for the card.
    """
    file = run / STATE_FILE
    state = load_state(file, "cpu")
    if state is None:
        raise FileNotFoundError(f"{file}: needs a finished run; got none; try training first")
    stages = state["run"]["plan"]
    if state["stage_index"] < len(stages):
        raise ValueError(
            f"{run}: needs a finished run; got one in stage {state['stage_index'] + 1} of "
            f"{len(stages)}; try the training's command again, it goes on"
        )
    generator = StyleGAN2(StyleGAN2Config.from_json(state["run"]["config"]))
    generator.load_state_dict(state["average"])
    fit = _load_mapping(generator, mapping)
    for size in generator.config.resolutions:
        block = generator.synthesis.block_at(size)
        for layer in (block.conv1,) if size == 4 else (block.conv0, block.conv1):
            # Trained without noise: none is shipped as if it meant something.
            layer.noise_const.zero_()
    save_generator(
        out, generator, BUNDLED_NAME, {**_make_card(run, data, state), **fit}, dtype=torch.float16
    )


def _load_mapping(generator: StyleGAN2, mapping: Path) -> dict[str, str]:
    """Fill the mapping network; -> what its file says about its fit."""
    with safe_open(mapping, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        header = file.metadata() or {}
    try:
        generator.mapping.load_state_dict(tensors)
    except RuntimeError as error:
        raise ValueError(f"{mapping}: needs this generator's mapping network; {error}") from error
    return {name: text for name, text in header.items() if name.startswith("mapping_")}


def _make_card(run: Path, data: Path, state: dict) -> dict[str, str]:
    with open(run / "log.csv", encoding="utf-8", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    ledger = Ledger(run.name, "")
    ledger.load_json(state["ledger"])
    return {
        "licence": "MIT",
        "data": describe_data(data, load_dataset(data)),
        "command": "python -m scripts.train_generator step=train (docs/training-the-generator.md)",
        "seed": str(state["run"]["seed"]),
        **{f"held_out_{name}": last[name] for name in FIGURES if name in last},
        **make_lineage_card(ledger.entries),
    }
