"""Faces as numbers: W+ read from and written to files, or drawn at random for a seed.

Files: `.npz` with `w` [face, layer, w_dim] as NVIDIA's projector writes it, plus string metadata;
`.npy` [layer, w_dim] or [face, layer, w_dim]; `.pt` as rosinality's projector writes it, read
without executing anything in it. A single row stands for all rows. What is read is checked against
the generator it is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from synth.checkpoints.loading import read_tensors
from synth.generators.base import Generator
from synth.storage.arrays import load_array, load_arrays
from synth.storage.atomic import write_atomically
from synth.types import WPlus


def load_latents(path: str | Path, generator: Generator) -> WPlus:
    """Every face of a file, float32 on the CPU [face, layer, w_dim].

    Raises OSError when the file cannot be read, ValueError naming it when its content is no W+ of
    this generator (layer count, width, finite values).
    """
    path = Path(path)
    readers = {".npz": _read_npz, ".npy": load_array, ".pt": _read_pt}
    if path.suffix.lower() not in readers:
        raise ValueError(
            f"{path}: needs latents as .npz, .npy or .pt; got {path.suffix or 'no suffix'!r}"
        )
    if not path.is_file():
        raise FileNotFoundError(f"{path}: needs a latents file; got none there; check the path")
    array = readers[path.suffix.lower()](path)
    if array.dtype.kind != "f":
        raise ValueError(f"{path}: needs floating-point latents; got {array.dtype}")
    array = array[None] if array.ndim == 2 else array
    if array.ndim == 3 and array.shape[1] == 1:  # one w stands for all rows
        array = np.repeat(array, generator.num_layers, axis=1)
    w_plus = torch.from_numpy(np.array(array, dtype=np.float32))
    check_w_plus(w_plus, generator, str(path))
    return w_plus


def load_times(path: str | Path) -> np.ndarray | None:
    """`times_s` of a film's latents, as it stands in the file; None where there is none."""
    if Path(path).suffix.lower() != ".npz":
        return None
    return load_arrays(path, ("times_s",)).get("times_s")


def save_latents(
    path: str | Path, w_plus: WPlus, metadata: Mapping[str, np.ndarray | str] | None = None
) -> None:
    """Write W+ [face, layer, w_dim] as `w` in an .npz, with further arrays or texts beside it."""
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"{path}: needs a name ending in .npz for latents; got {path.suffix!r}")
    extra = {key: np.asarray(value) for key, value in (metadata or {}).items()}
    if "w" in extra or any(array.dtype == object for array in extra.values()):
        raise ValueError(f"{path}: needs metadata of plain arrays not called 'w'")
    with write_atomically(path) as temporary:
        np.savez(temporary, w=w_plus.detach().cpu().float().numpy(), **extra)  # pyright: ignore


def check_w_plus(w_plus: torch.Tensor, generator: Generator, source: str) -> None:
    """Raise ValueError naming `source` unless this is finite W+ that the generator takes."""
    expected = (generator.num_layers, generator.w_dim)
    if w_plus.ndim != 3 or len(w_plus) == 0 or tuple(w_plus.shape[1:]) != expected:
        raise ValueError(
            f"{source}: needs W+ of shape [faces, {expected[0]}, {expected[1]}] for generator "
            f"{generator.name}; got {list(w_plus.shape)}; try the generator these latents were "
            "made with"
        )
    if not torch.isfinite(w_plus).all():
        bad = torch.nonzero(~torch.isfinite(w_plus))[0].tolist()
        raise ValueError(
            f"{source}: needs finite W+; got NaN or infinity at [face, row, dim] {bad}"
        )


def _read_npz(path: Path) -> np.ndarray:
    found = load_arrays(path, ("w",))
    if "w" not in found:
        names = ", ".join(load_arrays(path)) or "none"
        raise ValueError(f"{path}: needs an array called 'w'; got {names}"[:400])
    return found["w"]


def _read_pt(path: Path) -> np.ndarray:
    """Every `latent` of rosinality's {picture: {latent, img, noise}}, or the file's only tensor."""
    tensors = read_tensors(path)
    latents = [array for name, array in tensors.items() if name.split("/")[-1] == "latent"]
    latents = latents or list(tensors.values())
    if len(latents) == 0 or len({array.shape for array in latents}) > 1:
        raise ValueError(
            f"{path}: needs tensors called 'latent' of one shape, or a single tensor; got "
            f"{', '.join(tensors) or 'none'}"[:400]
        )
    if latents[0].ndim <= 2:  # one face in each: W+, or one w for all of its rows
        return np.stack([np.atleast_2d(array) for array in latents])
    return np.concatenate(latents)
