"""A tuned generator as the small file of what changed: differences of parameters, half precision.

A .safetensors file with a tensor per changed parameter of the synthesis network, and the card in
its header: format, base_sha256 (of the generator that it belongs to), base_name and further
entries as text. It is applied to a copy, and only to the generator it was made from.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from embed.inversion.tuning import copy_generator
from synth.generators.capabilities import TrainableGenerator
from synth.storage.atomic import write_atomically

FORMAT = "moodreel-tuning"
_OWN_ENTRIES = frozenset({"format", "base_sha256", "base_name"})


def save_tuning(
    path: str | Path,
    base: TrainableGenerator,
    tuned: TrainableGenerator,
    card: Mapping[str, str] | None = None,
) -> None:
    """Write what `tuned` has changed of `base`, whole or not at all.

    Raises ValueError for a base that came from no file, a tuned one of another shape or with
    values that are not finite, and a card that uses an entry of the format itself.
    """
    path, card = Path(path), dict(card or {})
    if path.suffix != ".safetensors":
        raise ValueError(f"{path}: needs a name ending in .safetensors; got {path.suffix!r}")
    if not base.sha256:
        raise ValueError(
            f"{path}: needs a generator that was loaded from a file, since its sha256 is what a "
            f"tuning belongs to; got {base.name} without one"
        )
    if taken := sorted(_OWN_ENTRIES.intersection(card)):
        raise ValueError(f"{path}: needs card entries other than {', '.join(taken)}")
    before, after = base.synthesis.state_dict(), tuned.synthesis.state_dict()
    if {k: v.shape for k, v in before.items()} != {k: v.shape for k, v in after.items()}:
        raise ValueError(f"{path}: needs a tuned copy of {base.name}; got {tuned.name}")
    changes: dict[str, Tensor] = {}
    for name, value in after.items():
        change = (value.detach().float() - before[name].float()).half().cpu()
        if not torch.isfinite(change).all():
            raise ValueError(f"{path}: needs finite changes within half precision; got {name}")
        if change.any():
            changes[name] = change.contiguous()
    own = {"format": FORMAT, "base_sha256": base.sha256, "base_name": base.name}
    with write_atomically(path) as temporary:
        save_file(changes, temporary, {**card, **own})


def load_tuning(path: str | Path, base: TrainableGenerator) -> TrainableGenerator:
    """A copy of `base` with the changes of a file.

    Raises FileNotFoundError, or ValueError naming the file, when it is broken, belongs to another
    generator, or changes what that generator has not.
    """
    changes, card = _read(Path(path))
    if card.get("base_sha256") != base.sha256:
        raise ValueError(
            f"{path}: needs the generator it was tuned from, {card.get('base_name')} with sha256 "
            f"{card.get('base_sha256')}; got {base.name} with {base.sha256 or 'none'}"
        )
    tuned = copy_generator(base)
    state = tuned.synthesis.state_dict()
    for name, change in changes.items():
        if name not in state or state[name].shape != change.shape:
            found = list(state[name].shape) if name in state else "no such parameter"
            raise ValueError(
                f"{path}: needs {name} of shape {list(change.shape)} in {base.name}; got {found}"
            )
        if not torch.isfinite(change).all():
            raise ValueError(f"{path}: needs finite changes; got NaN or infinity in {name}")
        state[name].add_(change.to(state[name]))
    return tuned


def load_tuning_card(path: str | Path) -> dict[str, str]:
    """The text entries of a tuning's header."""
    return _read(Path(path), with_tensors=False)[1]


def _read(path: Path, with_tensors: bool = True) -> tuple[dict[str, Tensor], dict[str, str]]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: needs a tuning file; got no such file; check the path")
    try:
        with safe_open(str(path), framework="pt") as file:
            card = dict(file.metadata() or {})
            names = list(file.keys()) if with_tensors else []
            changes = {name: file.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise ValueError(f"{path}: needs an intact .safetensors file; {error}") from None
    if card.get("format") != FORMAT:
        raise ValueError(f"{path}: needs format {FORMAT!r}; got {card.get('format')!r}")
    return changes, card
