"""What a generator can do beyond mapping and synthesis: asked for, never guessed from its class.

A generator says so in an attribute `capabilities`; one that says nothing can do nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn

from synth.generators.base import Generator
from synth.generators.inference import InferenceWish


@dataclass(frozen=True)
class Capabilities:
    """What a generator offers.

    differentiable: gradients pass from pictures to W+ and to weights; it is an `nn.Module` whose
        `synthesis` is one too (`TrainableGenerator`).
    resolutions: at which `synthesis(..., resolution=n)` can stop, its own last; empty: at none.
        `count_rows(n)` then tells how many rows of W+ such a picture depends on.
    noise_maps: `copy_noise_maps(batch)` gives its stored noise, and `synthesis(noise_maps=...)`
        takes other maps in its place.
    transform: `synthesis(..., transform=...)` draws through transforms of the plane
        (`synth.types.Transforms`).
    compute_types: values that its attribute `dtype`, the type of feature maps, may have.
    class_names: of a class-conditional network, in the order of its classes.
    draws_faces: False for one that is known to draw something else, of which emotions say nothing.
    accelerate: lays it out for inference; None where nobody has written that.
    """

    differentiable: bool = False
    resolutions: tuple[int, ...] = ()
    noise_maps: bool = False
    transform: bool = False
    compute_types: tuple[torch.dtype, ...] = ()
    class_names: tuple[str, ...] = ()
    draws_faces: bool = True
    accelerate: Callable[[Any, InferenceWish], Generator] | None = None


@runtime_checkable
class TrainableGenerator(Protocol):
    """A generator that gradients pass through, as `need_differentiable` hands it out."""

    z_dim: int
    w_dim: int
    num_layers: int
    resolution: int
    name: str
    sha256: str

    #: An `nn.Module` each, so that they have parameters besides being called.
    mapping: Any
    synthesis: Any

    def to(self, device: torch.device | str) -> Any:
        """Move the weights."""
        ...

    def state_dict(self) -> dict[str, Tensor]:
        """The weights by name."""
        ...

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """Take weights of the same names and shapes."""
        ...

    def parameters(self) -> Any:
        """The weights that can be trained."""
        ...


def find_capabilities(generator: object) -> Capabilities:
    """What the generator says that it can do."""
    found = getattr(generator, "capabilities", None)
    return found if isinstance(found, Capabilities) else Capabilities()


def need_differentiable(generator: object, job: str) -> TrainableGenerator:
    """The generator, if gradients can pass through it. Raises ValueError for another.

    `job` says what for: 'to invert a photo'.
    """
    if not (find_capabilities(generator).differentiable and isinstance(generator, nn.Module)):
        raise ValueError(
            f"needs a generator that gradients pass through {job}; got "
            f"{type(generator).__name__}; try the one that was loaded, before it was accelerated"
        )
    return cast(TrainableGenerator, generator)


def need_faces(generator: Generator, job: str) -> None:
    """Raise ValueError for a generator that is known to draw no faces.

    `job` says what for: 'for emotion directions'.
    """
    capabilities = find_capabilities(generator)
    if not capabilities.draws_faces:
        classes = len(capabilities.class_names)
        raise ValueError(
            f"needs a generator that draws faces {job}; got {generator.name}, which draws things "
            f"of {classes} classes; try generator=bundled, or a motion that needs no emotions, "
            "such as motion=walk or motion=footage"
        )


def count_rows(generator: Generator, resolution: int) -> int:
    """How many rows of W+ a picture at that resolution depends on; all where nobody knows."""
    if resolution not in find_capabilities(generator).resolutions:
        return generator.num_layers
    counter = cast(Any, generator)
    return int(counter.count_rows(resolution))
