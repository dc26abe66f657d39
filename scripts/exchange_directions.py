"""Directions of others become a set, sets become .npy files, and doubts are told.

    python -m scripts.exchange_directions source=latent_directions generator=ffhq \\
        out=theirs.safetensors
    python -m scripts.exchange_directions source=mine.safetensors out=exported
    python -m scripts.exchange_directions source=mine.safetensors sign_faces=8

In: a set (.safetensors), one .npy, or a folder of .npy files named by emotions: [layer, w_dim],
[w_dim], or [1, w_dim] as InterFaceGAN saves boundaries. Out, where `out` is given: a set, or a
folder of .npy files; and what speaks against using them with this generator, a line each.
"""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from directions.checks import find_doubts
from directions.exchange import export_set, import_set, list_direction_files
from scripts.entry import build, run_script
from scripts.setting_types import EXCHANGE_TYPES, check_types
from synth.faces.latents import load_latents
from synth.faces.random_faces import map_seeds
from synth.generators.base import Generator
from synth.motion.direction_sets import DirectionSet, load_directions, save_directions
from synth.motion.masks import LayerMask
from synth.storage.atomic import check_output_path

SET_SUFFIX = ".safetensors"


def exchange(config: DictConfig, folder: Path) -> None:
    """Run as configs/exchange_directions.yaml describes it."""
    check_types(config, EXCHANGE_TYPES)
    source, out = Path(config.source), None if config.out is None else Path(config.out)
    if out is not None and out.suffix:
        check_output_path(out, ".safetensors")
    mask: LayerMask = build(config.mask)
    generator: Generator = build(config.generator)
    fitted = read_source(source, generator, config.coefficient)
    for doubt in doubt_set(config, fitted, generator, mask):
        print(f"doubt: {doubt}")
    if out is None:
        print(f"{source}: {len(fitted.directions)} directions")
    elif out.suffix:
        save_directions(out, fitted)
        print(f"{out}: {len(fitted.directions)} directions for {generator.name}")
    else:
        paths = export_set(out, fitted)
        print(f"{out}: {', '.join(path.name for path in paths)}, intensity 1 each")


def read_source(source: Path, generator: Generator, coefficient: float) -> DirectionSet:
    """A set, or files of others as one."""
    if source.suffix == SET_SUFFIX:
        return load_directions(source)
    return import_set(list_direction_files(source), generator, coefficient)


def doubt_set(
    config: DictConfig, fitted: DirectionSet, generator: Generator, mask: LayerMask
) -> list[str]:
    """What speaks against the set; on the faces of `latents`, or on random ones."""
    faces = scorer = None
    if config.latents is not None:
        faces = load_latents(config.latents, generator)
    if config.sign_faces:
        scorer = build(config.classifier)
        if faces is None:
            faces = map_seeds(range(config.sign_faces), generator, 0.7)
        faces = faces[: config.sign_faces]
    return find_doubts(fitted, generator, mask, faces, scorer)


def main() -> None:
    """The command line."""
    run_script("exchange_directions", exchange)


if __name__ == "__main__":
    main()
