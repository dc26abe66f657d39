"""An inversion whose tuning is not finished: kept, so that whoever was stopped goes on from there.

In: an `Inversion` of photos, without z and noise maps. Out: a .safetensors file with the same
numbers, bit for bit, written whole or not at all; one that is damaged counts as none.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from embed.inversion.result import Inversion
from synth.storage.atomic import write_atomically
from synth.types import WPlus

FORMAT = "moodreel-begun-inversion"
_ARRAYS = ("losses", "perceptual", "pixel", "start_losses", "failed", "curve", "resolutions")


def save_begun(path: Path, found: Inversion) -> None:
    """Keep an inversion. Raises ValueError for one with z or noise maps, OSError for the disk."""
    if found.z is not None or found.noise_maps is not None:
        raise ValueError("needs an inversion of W+ alone to keep; got one with z or noise maps")
    arrays = {name: np.ascontiguousarray(getattr(found, name)) for name in _ARRAYS}
    arrays["w_plus"] = np.ascontiguousarray(found.w_plus.numpy())
    card = {"format": FORMAT, "ended": found.ended, "seconds": repr(float(found.seconds))}
    with write_atomically(path) as temporary:
        save_file(arrays, temporary, card)


def load_begun(path: Path) -> Inversion | None:
    """The inversion that was kept; None where there is none that can be read."""
    try:
        with safe_open(str(path), framework="pt") as file:
            card = dict(file.metadata() or {})
            if card.get("format") != FORMAT:
                return None
            arrays = {name: file.get_tensor(name).numpy() for name in _ARRAYS}
            w_plus: WPlus = file.get_tensor("w_plus")
            return Inversion(w_plus, **arrays, seconds=float(card["seconds"]), ended=card["ended"])
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
