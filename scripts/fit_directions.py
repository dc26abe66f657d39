"""Labelled latents become a file of emotion directions.

    python -m scripts.fit_directions
    python -m scripts.fit_directions generator=file generator.path=ffhq.pkl \\
        labels=latents labels.path=labelled.npz out=ffhq_directions.safetensors

In: a generator, and latents with known emotions: those of the bundled generator are known from
its training (labels=known), those of any other are read from a file (labels=latents). Out: one
.safetensors, to be used with `directions.path=...`, and a line per emotion on what was measured.
Emotions that no latent has are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from omegaconf import DictConfig

from directions.fit import FittedEmotion, LabelledLatents, fit_directions
from directions.store import DirectionSet, save_directions
from scripts.entry import build, run_script
from scripts.setting_types import FIT_TYPES, check_types
from synth.atomic import check_output_path
from synth.emotions import Emotion
from synth.generators.base import Generator


def fit_set(config: DictConfig, folder: Path) -> None:
    """Fit and save as configs/fit_directions.yaml describes it."""
    check_types(config, FIT_TYPES)
    check_output_path(Path(config.out), ".safetensors")
    generator: Generator = build(config.generator)
    labelled: LabelledLatents = build(config.labels, generator=generator)
    fitted = fit_directions(labelled, generator.num_layers, config.c, config.seed)
    for emotion, found in fitted.items():
        print(
            f"{emotion.label:10s} {found.count:6d} latents, held-out AUC {found.held_out_auc:.4f}, "
            f"coefficient {found.direction.coefficient:.2f}"
        )
    save_directions(config.out, make_set(generator, labelled, fitted, config))
    print(f"{config.out}: {len(fitted)} directions for {generator.name}")


def make_set(
    generator: Generator,
    labelled: LabelledLatents,
    fitted: Mapping[Emotion, FittedEmotion],
    config: DictConfig,
) -> DirectionSet:
    """The directions with a card of how they were fitted and what was measured."""
    card = {
        "labels": str(config.labels._target_),
        "samples": str(len(labelled.latents)),
        "c": f"{config.c:g}",
        "seed": str(config.seed),
        "held_out_auc": json.dumps({e.label: round(f.held_out_auc, 4) for e, f in fitted.items()}),
        "licence": "as the generator's",
    }
    return DirectionSet(
        {emotion: found.direction for emotion, found in fitted.items()},
        generator.name,
        generator.sha256,
        {emotion: found.calm_level for emotion, found in fitted.items()},
        card,
    )


def main() -> None:
    """The command line."""
    run_script("fit_directions", fit_set)


if __name__ == "__main__":
    main()
