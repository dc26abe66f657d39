"""A run's average synthesis network and the fitted mapping network -> the generator's file.

The file is a native checkpoint in half precision whose card tells data, plan, seed, pictures seen
and held-out quality.

    python -m synth.training.pack --run run --mapping mapping.safetensors --hours 1.5 \\
        --out synth/generators/weights/moodreel-faces.safetensors
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file

from synth.checkpoints.native import save_generator
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.training.train import CONFIG

NAME = "moodreel-faces"


def load_average(run: Path, config: StyleGAN2Config) -> StyleGAN2:
    """The average network of a run, cut to `config` where the run trained more resolutions."""
    state = torch.load(run / "state.pt", map_location="cpu", weights_only=True)["average"]
    generator = StyleGAN2(config)
    names = set(generator.state_dict())
    missing = generator.load_state_dict({k: v for k, v in state.items() if k in names}, False)
    if missing.missing_keys:
        raise ValueError(f"{run}: needs a run of this network; got none of {missing.missing_keys}")
    for module in generator.modules():
        # Trained without noise: no stored noise is shipped as if it meant something.
        if isinstance(getattr(module, "noise_const", None), torch.Tensor):
            module.noise_const.zero_()
    return generator


def cut_config(config: StyleGAN2Config, resolution: int) -> StyleGAN2Config:
    """The configuration of the same network up to a lower resolution."""
    count = resolution.bit_length() - 2
    channels = None if config.channels is None else config.channels[:count]
    return replace(config, resolution=resolution, channels=channels)


def pack_generator(run: Path, mapping: Path, out: Path, resolution: int, hours: float) -> None:
    """Write the file. Raises ValueError when run or mapping do not fit the network."""
    config = cut_config(CONFIG, resolution)
    generator = load_average(run, config)
    generator.mapping.load_state_dict(load_file(mapping))
    last = (run / "log.csv").read_text(encoding="utf-8").strip().splitlines()
    card = {
        "licence": "MIT",
        "made_from": "renders of the ICT-FaceKit head model (MIT), synth/training",
        "command": "docs/bundled-generator.md",
        "seed": "0",
        "hours_on_two_cores": f"{hours:g}",
        "held_out": "; ".join(row for row in last if f",{resolution}," in row).split("; ")[-1],
    }
    save_generator(out, generator, NAME, card, dtype=torch.float16)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--mapping", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resolution", type=int, default=CONFIG.resolution)
    parser.add_argument("--hours", type=float, required=True)
    a = parser.parse_args()
    pack_generator(a.run, a.mapping, a.out, a.resolution, a.hours)


if __name__ == "__main__":
    main()
