"""Labelled photos are aligned and inverted before directions are fitted to them.

In: labels=folder of `scripts.fit_directions` without a folder of latents. Out: the run's folder
with a result for each photo, as `scripts.invert` leaves it; the same command goes on where it was
stopped.
"""

from __future__ import annotations

import numpy as np

from directions.fitting.fit import check_labels
from directions.fitting.settings import FitSettings
from directions.labels.inverted import PhotoLabels, label_latents
from embed.photos.batch import BatchJob
from embed.photos.listing import make_item
from embed.photos.recipe import InversionRecipe
from scripts.invert import invert_items
from synth.generators.base import Generator
from synth.generators.capabilities import need_differentiable
from synth.progress import Report


def invert_labelled(
    labels: PhotoLabels,
    settings: FitSettings,
    recipe: InversionRecipe,
    generator: Generator,
    job: BatchJob,
    report: Report,
) -> None:
    """Invert the photos that count for the fit into the job's folder.

    Raises ValueError or OSError for labels that cannot be fitted, before anything is inverted, for
    a recipe that tunes the generator, and when no photo could be inverted.
    """
    own = need_differentiable(generator, "to invert photos")
    if recipe.tune:
        raise ValueError(
            "needs latents of one generator for all photos; got inversion.tune=true, which makes "
            "a generator for each; try inversion.tune=false"
        )
    pictures = labels.choose_pictures()
    check_labels(label_latents(pictures, np.zeros((len(pictures), 1))), settings)
    recipe.fetch_models()
    named = {picture.path: make_item(picture.path.as_posix(), picture.path) for picture in pictures}
    invert_items(job, list(named.values()), recipe, own, report)
