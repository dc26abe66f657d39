"""Which generator draws, and which directions move it, as an order names them.

In: plain JSON, `{"generator": NAME, "directions": NAME}`. Out: `ModelOrder`. A name is the id of an
upload, or that of a file in the folder which the studio was given at its start; never a path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.identifiers import check_id
from synth.plain_text import show

SUFFIXES = (".safetensors", ".pkl", ".pt", ".pth", ".bin")
_FILE = re.compile(r"[\w][\w .+-]{0,119}")


def is_file_name(value: str) -> bool:
    """Whether a name is that of a file of a model: no folders, nothing hidden."""
    return bool(_FILE.fullmatch(value)) and value.endswith(SUFFIXES)


@dataclass(frozen=True)
class ModelOrder:
    """None: the studio's own generator, and the directions that belong to the generator.

    Raises ValueError for anything that is neither an id nor the name of a file.
    """

    generator: str | None = None
    directions: str | None = None

    def __post_init__(self) -> None:
        for value in (self.generator, self.directions):
            if value is not None and not is_file_name(value):
                check_id(value)


OWN = ModelOrder()


def parse_model(content: Any) -> ModelOrder:
    """JSON -> ModelOrder; None is the studio's own. Raises ValueError."""
    if content is None:
        return OWN
    if not isinstance(content, Mapping) or set(content) - {"generator", "directions"}:
        raise ValueError(
            f"needs an object with generator and directions for model; got {show(content)}"
        )
    for value in content.values():
        if value is not None and not isinstance(value, str):
            raise ValueError(f"needs names for model; got {show(value)}")
    return ModelOrder(content.get("generator"), content.get("directions"))


def describe_model(model: ModelOrder) -> dict[str, str]:
    """The plain form again, without what is the studio's own."""
    plain = {"generator": model.generator, "directions": model.directions}
    return {key: value for key, value in plain.items() if value is not None}
