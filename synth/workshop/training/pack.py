"""A finished run's average synthesis network and the fitted mapping network -> the shipped file.

The file is a native checkpoint in half precision whose card tells data, command, seed, quality on
held-out pictures, and what the training itself wrote down (`ledger`): hours, machines, pictures seen
and every run of the lineage.
"""

from __future__ import annotations

import csv
from pathlib import Path

import torch
from safetensors.torch import load_file

from synth.checkpoints.native import save_generator
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.workshop.training.dataset import describe_data, load_dataset

NAME = "moodreel-faces"


def pack_generator(run: Path, mapping: Path, out: Path, data: Path) -> None:
    """Write the file. Raises ValueError when the run is not finished or the mapping is another's.

    mapping: file of `save_mapping`; data: the folder of pictures, for the card.
    """
    state = torch.load(run / "state.pt", map_location="cpu", weights_only=True)
    stages = state["run"]["plan"]
    if state["stage_index"] < len(stages):
        raise ValueError(
            f"{run}: needs a finished run; got one in stage {state['stage_index'] + 1} of "
            f"{len(stages)}; try the training's command again, it goes on"
        )
    generator = StyleGAN2(StyleGAN2Config.from_json(state["run"]["config"]))
    generator.load_state_dict(state["average"])
    _load_mapping(generator, mapping)
    for size in generator.config.resolutions:
        block = generator.synthesis.block_at(size)
        for layer in (block.conv1,) if size == 4 else (block.conv0, block.conv1):
            # Trained without noise: none is shipped as if it meant something.
            layer.noise_const.zero_()
    save_generator(out, generator, NAME, _make_card(run, data, state) | fit, torch.float16)


def _load_mapping(generator: StyleGAN2, mapping: Path) -> None:
    try:
        generator.mapping.load_state_dict(load_file(mapping))
    except RuntimeError as error:
        raise ValueError(f"{mapping}: needs this generator's mapping network; {error}") from error


def _make_card(run: Path, data: Path, state: dict, hours: float) -> dict[str, str]:
    with open(run / "log.csv", encoding="utf-8", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    return {
        "licence": "MIT",
        "data": describe_data(data, load_dataset(data)),
        "command": "python -m scripts.train_generator train (docs/bundled-generator.md)",
        "seed": str(state["run"]["seed"]),
        "hours_on_two_cores": f"{hours:g}",
        "stages": "; ".join(
            f"{stage['resolution']}: {stage['pictures']} pictures" for stage in state["run"]["plan"]
        ),
        "held_out_psnr_db": last["psnr_db"],
        "held_out_face_psnr_db": last["face_psnr_db"],
    }
