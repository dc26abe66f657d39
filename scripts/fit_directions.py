"""Labelled latents become a set of emotion directions for one generator.

    python -m scripts.fit_directions
    python -m scripts.fit_directions generator=file generator.path=ffhq.pkl labels=self \\
        out=ffhq_directions.safetensors
    python -m scripts.fit_directions generator=file generator.path=ffhq.pkl labels=folder \\
        labels.path=photos out=ffhq_directions.safetensors

In: a generator, and latents with known emotions: of the bundled generator (labels=known), scored by
a classifier (labels=self), of labelled photos (labels=folder, aligned and inverted first, where a
stopped run is taken up), or from a file (labels=latents).
Out: one .safetensors, to be used with `directions.path=...`, a picture of what was found beside it,
and a line per emotion. Emotions that no latent has are left out.
"""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from directions.fitting.fit import FittedSet, fit_directions
from directions.fitting.report import describe_fit, save_fit_report
from directions.fitting.samples import LabelledLatents
from directions.fitting.settings import FitSettings
from scripts.entry import build, run_script
from scripts.labelled_photos import invert_labelled, is_missing_latents
from scripts.setting_types import FIT_TYPES, check_types
from synth.generators.base import Generator
from synth.motion.direction_sets import DirectionSet, save_directions
from synth.storage.atomic import check_output_path


def fit_set(config: DictConfig, folder: Path) -> None:
    """Fit and save as configs/fit_directions.yaml describes it."""
    check_types(config, FIT_TYPES)
    out = Path(config.out)
    check_output_path(out, ".safetensors")
    settings: FitSettings = build(config.fit)
    generator: Generator = build(config.generator)
    if is_missing_latents(config):
        config.labels.latents = str(invert_labelled(config, generator, settings))
    labelled: LabelledLatents = build(config.labels, generator=generator)
    fitted = fit_directions(labelled, generator.num_layers, settings)
    for emotion, found in fitted.emotions.items():
        print(
            f"{emotion.label:10s} {found.count:6d} latents, held-out AUC {found.held_out_auc:.4f}, "
            f"coefficient {found.direction.coefficient:.2f}"
        )
    print(
        f"C {fitted.strength.c:g}; held out: {fitted.held_out} people, {fitted.accuracy:.1%} of "
        "faces told right"
    )
    card = {
        "labels": str(config.labels._target_),
        **describe_fit(fitted, labelled, settings),
        "licence": "as the generator's",
    }
    save_directions(out, make_set(generator, fitted, card))
    if config.report:
        save_fit_report(find_report_path(out), fitted, f"{out.stem}: {generator.name}")
    print(f"{out}: {len(fitted.emotions)} directions for {generator.name}")


def make_set(generator: Generator, fitted: FittedSet, card: dict[str, str]) -> DirectionSet:
    """The directions with a card of how they were fitted and what was measured."""
    return DirectionSet(
        {emotion: found.direction for emotion, found in fitted.emotions.items()},
        generator.name,
        generator.sha256,
        {emotion: found.calm_level for emotion, found in fitted.emotions.items()},
        card,
    )


def find_report_path(out: Path) -> Path:
    """Where the picture goes: beside the set."""
    return out.with_name(f"{out.stem}_fit.png")


def main() -> None:
    """The command line."""
    run_script("fit_directions", fit_set)


if __name__ == "__main__":
    main()
