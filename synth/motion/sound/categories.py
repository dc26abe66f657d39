"""What each turn of a film shows: an emotion, another person, or a class (the paper's categories).

In: a list of categories, perhaps shorter than the film has turns, and a face. Out: for every turn a
name, W+ [turn, layer, w_dim] of what it shows, and of the same at rest. Turns beyond the list get
categories drawn at random, the same for the same seed (algorithm 1, lines 15 to 19).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import numpy as np
import torch

from synth.devices import find_device
from synth.emotions import Emotion
from synth.faces.face import Face
from synth.faces.random_faces import map_seeds, sample_z
from synth.generators.base import Generator
from synth.generators.capabilities import find_capabilities
from synth.generators.classes import weigh_classes
from synth.motion.direction_sets import DirectionSet, load_directions_for
from synth.motion.masks import MASKS, LayerMask
from synth.motion.neutral import find_start
from synth.plain_text import show
from synth.types import WPlus

KINDS = ("emotions", "people", "classes")
#: Seeds and classes have no names that could be misspelt; so many of a list are plenty.
_MOST_CATEGORIES = 10_000
Category = str | int


@dataclass(frozen=True, eq=False)
class Cast:
    """What the turns show: names, W+ at full strength and at rest, [turn, layer, w_dim] each."""

    names: tuple[str, ...]
    full: WPlus
    rest: WPlus


@dataclass(frozen=True)
class CastSettings:
    """Who or what a film of sound shows.

    kind: emotions, people (another one at each turn) or classes of a conditional generator.
    categories: emotions, seeds, or classes by name or number, in the order of the turns.
    new_z: another person, or other things of a class, at each turn; None: for classes only, as in
    the paper. seed: of what is drawn at random; psi: truncation of random faces.
    intensity: of emotions, 1 the full one; directions, calm_first and mask as for motion=emotions.
    Raises ValueError for values that cannot be, such as an unknown emotion.
    """

    kind: str = "emotions"
    categories: Sequence[Category] | None = None
    new_z: bool | None = None
    seed: int = 1
    psi: float | int = 0.7
    intensity: float | int = 1.0
    directions: DirectionSet | str | Path | None = None
    calm_first: bool = True
    mask: LayerMask = MASKS["emotion"]

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"needs kind out of {', '.join(KINDS)}; got {show(self.kind)}")
        if not 0 <= self.intensity <= 2:
            raise ValueError(f"needs an intensity from 0 to 2; got {self.intensity}; try 1")
        if not 0 <= self.seed < 2**31:
            raise ValueError(f"needs a seed from 0 to 2^31 - 1; got {self.seed}; try 1")
        if self.categories is None:
            return
        if not 1 <= len(self.categories) <= _MOST_CATEGORIES:
            raise ValueError(
                f"needs 1 to {_MOST_CATEGORIES} categories; got {len(self.categories)}; try null "
                "for random ones"
            )
        for category in self.categories:
            if self.kind == "emotions":
                Emotion.parse(category)
            elif self.kind == "people":
                _check_seed(category)

    def find_cast(self, face: Face, turns: int) -> Cast:
        """What each turn shows of, or beside, this face.

        Raises ValueError for a generator without directions or classes, and for an unknown class.
        """
        if self.kind == "emotions":
            return _cast_emotions(self, face, turns)
        if self.kind == "people":
            return _cast_people(self, face, turns)
        return _cast_classes(self, face, turns)


def _cast_emotions(settings: CastSettings, face: Face, turns: int) -> Cast:
    """Emotions of one person, or with `new_z` of another one at each turn."""
    fitted = _load_directions(face.generator, settings.directions)
    emotions = _pick_emotions(settings, turns)
    seeds = range(settings.seed, settings.seed + turns - 1) if settings.new_z else ()
    others = map_seeds(seeds, face.generator, settings.psi) if seeds else ()
    people = torch.stack(
        [
            find_start(rows, fitted, settings.mask, settings.calm_first)
            for rows in (face.rows.cpu(), *others)
        ]
    )
    rest = people if settings.new_z else people.expand(turns, -1, -1)
    steps = {Emotion.CALM: torch.zeros_like(rest[0])}
    for emotion, direction in fitted.directions.items():
        steps[emotion] = float(settings.intensity) * direction.step(settings.mask, rest[0])
    missing = sorted({emotion.label for emotion in emotions if emotion not in steps})
    if missing:
        raise ValueError(
            f"needs a direction for {', '.join(missing)}; got none in those of "
            f"{fitted.generator_name}; try other motion.cast.categories"
        )
    full = rest + torch.stack([steps[emotion] for emotion in emotions])
    return Cast(tuple(emotion.label for emotion in emotions), full, rest)


def _cast_people(settings: CastSettings, face: Face, turns: int) -> Cast:
    """The film's face and others, or those of the seeds that were given."""
    given = [int(seed) for seed in settings.categories or ()][:turns]
    more = turns - len(given) if given else turns - 1
    # Nobody comes a second time unasked.
    others = (seed for seed in count(settings.seed) if seed not in {face.seed, *given})
    seeds = [*given, *islice(others, more)]
    rows = map_seeds(seeds, face.generator, settings.psi) if seeds else face.rows[None][:0].cpu()
    names = [f"seed {seed}" for seed in seeds]
    if not given:
        rows, names = torch.cat([face.rows[None].cpu(), rows]), [face.label or "start", *names]
    return Cast(tuple(names), rows, _find_middle(rows))


def _cast_classes(settings: CastSettings, face: Face, turns: int) -> Cast:
    """Things of the classes that were given, then of random ones."""
    generator = face.generator
    names = find_capabilities(generator).class_names
    weigh_classes(
        generator, {str(name): 1.0 for name in settings.categories or (names or ("0",))[:1]}
    )
    given = [str(category) for category in settings.categories or ()][:turns]
    chosen = [
        names[int(text)] if text.isdecimal() and text not in names else text for text in given
    ]
    random = np.random.default_rng(settings.seed)
    while len(chosen) < turns:
        chosen.append(_pick_another(random, names, chosen))
    first = settings.seed if face.seed is None else face.seed
    is_new = settings.new_z is None or settings.new_z
    seeds = [first, *range(settings.seed, settings.seed + turns - 1)] if is_new else [first] * turns
    weights = torch.cat([weigh_classes(generator, {name: 1.0}) for name in chosen])
    device = find_device(generator)
    with torch.no_grad():
        rows = [
            generator.mapping(
                sample_z([seed], generator.z_dim).to(device),
                class_weights=weight[None].to(device),
                truncation_psi=float(settings.psi),
            )
            for seed, weight in zip(seeds, weights, strict=True)
        ]
    full = torch.cat(rows).float().cpu()
    return Cast(tuple(chosen), full, _find_middle(full))


def _find_middle(rows: WPlus) -> WPlus:
    """The mean of all that is shown, for each turn: pulses lead away from it."""
    return rows.mean(0, keepdim=True).expand_as(rows)


def _load_directions(generator: Generator, given: DirectionSet | str | Path | None) -> DirectionSet:
    if isinstance(given, DirectionSet):
        return given
    try:
        return load_directions_for(generator, given)
    except ValueError as error:
        raise ValueError(f"{error}, or motion.cast.kind=people, which needs none either") from error


def _pick_emotions(settings: CastSettings, turns: int) -> list[Emotion]:
    """Those that were given, then random ones: calm first where nothing was given.

    Quiet passages are calm by themselves, so calm is not among the random ones, but for the last.
    """
    given = [Emotion.parse(category) for category in settings.categories or (Emotion.CALM,)]
    chosen, random = given[:turns], np.random.default_rng(settings.seed)
    choices = [emotion for emotion in Emotion if emotion is not Emotion.CALM]
    while len(chosen) < turns:
        chosen.append(_pick_another(random, choices, chosen))
    return chosen if settings.categories else [*chosen[:-1], Emotion.CALM]


def _pick_another(random: np.random.Generator, choices: Sequence, chosen: Sequence):
    """One at random, another than the last where there is another."""
    left = [choice for choice in choices if not chosen or choice != chosen[-1]] or list(choices)
    return left[int(random.integers(len(left)))]


def _check_seed(category: object) -> None:
    text = str(category)
    if isinstance(category, bool) or not text.isdecimal() or int(text) >= 2**32:
        raise ValueError(
            f"needs seeds from 0 to 2^32 - 1 as categories of people; got {show(category)}; try "
            "[7, 12], or motion.cast.kind=emotions"
        )
