"""Keras networks on disk with a card inside: a .keras file is a zip, and the card a part of it.

Any Keras opens such a file; `load_keras_file` gives the card as well, and says in one sentence
what is wrong with another file.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emotion_seq.keras_backend import keras
from synth.storage.atomic import write_atomically

CARD = "card.json"
_LARGEST_CARD = 1 << 20


def save_keras_file(path: str | Path, model: Any, kind: str, card: Mapping[str, Any]) -> None:
    """Write model and card, whole or not at all; `kind` is checked when it is read.

    Raises ValueError for a path that does not end in .keras.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise ValueError(f"needs a file name ending in .keras; got {path}")
    with write_atomically(path) as temporary:
        model.save(temporary, overwrite=True)
        with zipfile.ZipFile(temporary, "a") as archive:
            text = json.dumps({**card, "kind": kind}, indent=2)
            archive.writestr(zipfile.ZipInfo(CARD, (1980, 1, 1, 0, 0, 0)), text)


def load_keras_file(path: str | Path, kind: str) -> tuple[Any, dict[str, Any]]:
    """Read (model, card). Nothing in the file is executed (Keras's safe mode).

    Raises FileNotFoundError, and ValueError naming the file when it is broken or of another kind.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"needs a .keras file; found nothing at {path}; check the path")
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(CARD).file_size > _LARGEST_CARD:
                raise ValueError("its card is too large")
            card = json.loads(archive.read(CARD))
        if card.get("kind") != kind:
            raise ValueError(f"it holds {card.get('kind')!r}")
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"{path}: needs a .keras file of {kind} written by Moodreel; {reason}; try training "
            "again, or another file"
        ) from error
    return model, card
