"""Classes of a conditional generator: names and shares -> the weights that its mapping takes.

Weights are [batch, classes], one row per latent: one class is a row with a single 1, and a mixture
of classes a row of shares, usually of sum 1. For a generator whose classes are emotions, a mixture
of emotions is a mixture of classes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from synth.emotions import find_close
from synth.generators.base import ClassWeights, Generator
from synth.generators.capabilities import find_capabilities

AnyGenerator = TypeVar("AnyGenerator", bound=Generator)


def name_classes(count: int) -> tuple[str, ...]:
    """Names for classes that nobody has named."""
    return tuple(f"class {number}" for number in range(count))


def weigh_classes(generator: Generator, shares: Mapping[str, float]) -> Float[Tensor, "1 classes"]:
    """Class weights of one latent: `{"calm": 0.3, "anger": 0.7}` -> [1, classes], as they are.

    Keys are names of the generator's classes, or their numbers as text. Raises ValueError for a
    generator without classes and for a class that it does not have.
    """
    names = find_capabilities(generator).class_names
    if not names:
        raise ValueError(
            f"needs a generator with classes; got {generator.name}, which has none; "
            "try leaving the classes out"
        )
    weights = torch.zeros(1, len(names))
    for key, share in shares.items():
        weights[0, _find_class(str(key), names)] += float(share)
    if not shares or not torch.isfinite(weights).all():
        raise ValueError(f"needs at least one class with a finite share; got {dict(shares)}")
    return weights


def fix_classes(generator: AnyGenerator, shares: Mapping[str, float]) -> AnyGenerator:
    """The generator with these classes where its mapping is given none; it shares the weights.

    So that whatever draws random faces also draws those of a class. Raises ValueError as
    `weigh_classes` does.
    """
    weights = weigh_classes(generator, shares)
    twin, network = copy.copy(generator), cast(Any, generator)
    if isinstance(twin, nn.Module):
        # A shallow copy has its own attributes, but the modules' table in common.
        twin._modules = dict(network._modules)
    mapping = copy.copy(network.mapping)
    mapping.fixed_weights = weights
    cast(Any, twin).mapping = mapping
    return twin


def lacks_classes(generator: Generator) -> bool:
    """Whether it is class-conditional and nobody has fixed what it draws where it is told none."""
    fixed = getattr(generator.mapping, "fixed_weights", None)
    return bool(find_capabilities(generator).class_names) and fixed is None


def check_class_weights(
    weights: ClassWeights | None, classes: int, batch: int
) -> Float[Tensor, "batch classes"] | None:
    """Class weights that fit, in float32; None for a network without classes.

    Raises ValueError for missing or misshapen weights, and for weights of a network without.
    """
    if classes == 0:
        if weights is not None:
            raise ValueError("needs no class weights, since this network has no classes; got some")
        return None
    if weights is None:
        raise ValueError(
            f"needs class weights, since this network has {classes} classes; got none; try "
            f"class_weights of shape [batch, {classes}], or synth.generators.fix_classes"
        )
    if weights.ndim != 2 or weights.shape[1] != classes or len(weights) not in (1, batch):
        raise ValueError(
            f"needs class weights of shape [{batch}, {classes}]; got {list(weights.shape)}"
        )
    return weights.float().expand(batch, -1)


def _find_class(key: str, names: tuple[str, ...]) -> int:
    if key in names:
        return names.index(key)
    if key.isdecimal() and int(key) < len(names):
        return int(key)
    close = find_close(key, names) or names[:3]
    raise ValueError(
        f"needs the name of a class or its number from 0 to {len(names) - 1}; got {key!r}; "
        f"try {', '.join(close)}"
    )
