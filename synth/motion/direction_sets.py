"""Emotion directions on disk: one .safetensors per set, with a card that says what it is for.

File: a tensor [layer, w_dim] of norm 1 under each emotion's name; metadata, all text: `format`,
`coefficients` (JSON, name -> length of intensity 1), `calm_levels` (JSON, name -> mean projection
of calm faces), `generator_name`, `generator_sha256`, and the card's further entries (labels, sample
count, held-out accuracy, calibration, licence ...). `directions.exchange` reads and writes the .npy
files of others.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from synth.emotions import Emotion
from synth.generators.base import Generator, name_weights
from synth.generators.capabilities import need_faces
from synth.motion.directions import Direction
from synth.plain_text import parse_json
from synth.storage.assets import hash_file
from synth.storage.atomic import check_output_path, write_atomically

FORMAT = "moodreel-directions"
#: Directions that come with Moodreel: those of the bundled generator.
BUNDLED_FOLDER = Path(__file__).parent / "weights"
_RESERVED = ("format", "coefficients", "calm_levels", "generator_name", "generator_sha256")


@dataclass(frozen=True, eq=False)
class DirectionSet:
    """Directions for the emotions other than calm, all of one shape, and what they are for.

    `generator_sha256` is that of the weights' file they were fitted on; `calm_levels` are mean
    projections of calm faces, all rows together, where they are known; `card` holds further
    entries as text; `sha256` is that of the file they were read from, empty for a new set.
    """

    directions: Mapping[Emotion, Direction]
    generator_name: str
    generator_sha256: str
    calm_levels: Mapping[Emotion, float] = field(default_factory=dict)
    card: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""

    def __post_init__(self) -> None:
        if not self.directions:
            raise ValueError("needs at least one direction; got none")
        if Emotion.CALM in self.directions:
            raise ValueError("needs no direction for calm, which is the face itself; got one")
        shapes = {tuple(direction.vector.shape) for direction in self.directions.values()}
        if len(shapes) != 1:
            raise ValueError(f"needs directions of one shape; got {sorted(shapes)}")
        if not all(map(math.isfinite, self.calm_levels.values())):
            raise ValueError(f"needs finite calm levels; got {dict(self.calm_levels)}")
        taken = sorted(set(self.card) & set(_RESERVED))
        if taken:
            raise ValueError(f"needs card entries other than {', '.join(_RESERVED)}; got {taken}")

    @property
    def shape(self) -> tuple[int, ...]:
        """(layer, w_dim) of every direction."""
        return tuple(next(iter(self.directions.values())).vector.shape)


def save_directions(path: str | Path, directions: DirectionSet) -> None:
    """Write a set to `path` (.safetensors), whole or not at all."""
    path = Path(path)
    check_output_path(path, ".safetensors")
    ordered = sorted(directions.directions.items())
    coefficients = {emotion.label: direction.coefficient for emotion, direction in ordered}
    metadata = {
        "format": FORMAT,
        "coefficients": json.dumps(coefficients),
        "calm_levels": json.dumps({e.label: v for e, v in sorted(directions.calm_levels.items())}),
        "generator_name": directions.generator_name,
        "generator_sha256": directions.generator_sha256,
        **directions.card,
    }
    tensors = {
        emotion.label: direction.vector.detach().cpu().float().contiguous()
        for emotion, direction in ordered
    }
    with write_atomically(path) as temporary:
        save_file(tensors, str(temporary), metadata=metadata)


def load_directions(path: str | Path) -> DirectionSet:
    """Read a set. Raises OSError when there is no file, ValueError naming it when it is no set."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: needs a file of directions; got none there")
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path}: needs an intact .safetensors file; {error}") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path}: needs format {FORMAT!r}; got {metadata.get('format')!r}")
    try:
        coefficients = parse_json(metadata["coefficients"], "coefficients")
        calm_levels = parse_json(metadata.get("calm_levels", "{}"), "calm_levels")
        return DirectionSet(
            {
                Emotion.parse(name): Direction(vector, float(coefficients[name]))
                for name, vector in tensors.items()
            },
            metadata["generator_name"],
            metadata["generator_sha256"],
            {Emotion.parse(name): float(level) for name, level in calm_levels.items()},
            {key: value for key, value in metadata.items() if key not in _RESERVED},
            hash_file(path),
        )
    except KeyError as error:
        raise ValueError(f"{path}: needs an entry {error}; got none") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: {error}") from error


def load_directions_for(generator: Generator, path: str | Path | None = None) -> DirectionSet:
    """The directions fitted for this generator: those at `path`, or the bundled ones.

    Raises ValueError when there are none, or when those at `path` have another shape; the message
    tells the command that fits them. Also for a generator that draws no faces. Warns when those at
    `path` were fitted for other weights.
    """
    need_faces(generator, "for emotion directions")
    command = (
        "`python -m scripts.fit_directions generator=file generator.path=... labels=folder "
        "labels.path=... labels.latents=... out=my.safetensors`, then "
        "directions.path=my.safetensors; or use motion=walk, which needs none"
    )
    if path is not None:
        directions = load_directions(path)
        expected = (generator.num_layers, generator.w_dim)
        if directions.shape != expected:
            raise ValueError(
                f"{path}: needs directions of shape {expected} for generator {generator.name}; got "
                f"{directions.shape}, fitted for {directions.generator_name}; try {command}"
            )
        if directions.generator_sha256 != generator.sha256:
            warnings.warn(
                f"{path}: these directions were fitted for generator "
                f"{name_weights(directions.generator_name, directions.generator_sha256)} and are "
                f"used with {name_weights(generator.name, generator.sha256)}, where they may "
                f"change something else; try {command}",
                stacklevel=2,
            )
        return directions
    bundled = find_bundled_directions(generator)
    if bundled is not None:
        return bundled
    raise ValueError(
        "needs emotion directions fitted for generator "
        f"{name_weights(generator.name, generator.sha256)}; got none; try {command}"
    )


def find_bundled_directions(generator: Generator) -> DirectionSet | None:
    """The set that comes with Moodreel for a generator of this sha256, if there is one."""
    for candidate in sorted(BUNDLED_FOLDER.glob("*.safetensors")):
        directions = load_directions(candidate)
        if directions.generator_sha256 == generator.sha256:
            return directions
    return None
