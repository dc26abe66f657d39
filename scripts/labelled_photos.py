"""Labelled photos are aligned and inverted before directions are fitted to them.

In: the configuration of `scripts.fit_directions` with labels=folder and no folder of latents. Out:
the folder `paths.run` with a result for each photo, as `scripts.invert` leaves it; the same
command goes on where it was stopped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf

from directions.fitting.fit import check_labels
from directions.fitting.settings import FitSettings
from directions.labels.inverted import choose_pictures, label_latents
from embed.photos.batch import BatchJob
from embed.photos.listing import make_item
from embed.photos.photo_face import check_generator
from embed.photos.recipe import InversionRecipe
from scripts.entry import build, check_settings, choose_device
from scripts.invert import run_job
from synth.generators.base import Generator

#: Settings of labels=folder that say which pictures count.
CHOICES = ("path", "layout", "numbers", "single_pictures", "most_per_emotion", "seed")


def is_missing_latents(config: DictConfig) -> bool:
    """Whether the labels are those of photos that nobody has inverted yet."""
    return "latents" in config.labels and config.labels.latents is None


def invert_labelled(config: DictConfig, generator: Generator, settings: FitSettings) -> Path:
    """Invert the photos that count for the fit; -> the folder of the results.

    Raises ValueError or OSError for labels that cannot be fitted, before anything is inverted, for
    a recipe that tunes the generator, and when no photo could be inverted.
    """
    own = check_generator(generator)
    recipe: InversionRecipe = build(config.inversion)
    if recipe.tune:
        raise ValueError(
            "needs latents of one generator for all photos; got inversion.tune=true, which makes "
            "a generator for each; try inversion.tune=false"
        )
    labels: Any = OmegaConf.to_container(config.labels, resolve=True, throw_on_missing=True)
    check_settings(labels, generator=generator)
    pictures = choose_pictures(**{name: labels[name] for name in CHOICES})
    check_labels(label_latents(pictures, np.zeros((len(pictures), 1))), settings)
    recipe.fetch_models()
    folder = Path(config.paths.run)
    named = {picture.path: make_item(picture.path.as_posix(), picture.path) for picture in pictures}
    job = BatchJob(folder, batch=config.batch, retry_failed=config.retry_failed)
    run_job(job, list(named.values()), recipe, own, choose_device(recipe.device))
    return folder
