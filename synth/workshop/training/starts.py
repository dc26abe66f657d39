"""What a training has learned so far, in a small file from which one begins elsewhere.

In: the folder of a run, finished or not. Out: the average network's synthesis layers in half
precision, with the run's lineage; no optimizer, mapping or noise. A run that begins with it has its
lines before its own. A finished generator (.safetensors) is a start, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from synth.generators import load_native
from synth.learning.run_state import STATE_FILE, load_state
from synth.storage.atomic import write_atomically
from synth.workshop.training.ledger import Ledger, make_lineage_card

KIND = "moodreel-training-start-1"
_PREFIX = "synthesis."


def save_start(run: Path, out: Path) -> None:
    """Write the file. Raises FileNotFoundError when the folder holds no run."""
    file = run / STATE_FILE
    state = load_state(file, "cpu")
    if state is None:
        raise FileNotFoundError(f"{file}: needs a run; got none; try step=train first")
    tensors = {
        name.removeprefix(_PREFIX): tensor.half().contiguous()
        for name, tensor in state["average"].items()
        if name.startswith(_PREFIX) and not name.endswith("noise_const")
    }
    ledger = Ledger(run.name, "")
    ledger.load_json(state["ledger"])
    done = {"stage_index": state["stage_index"], "seen": state["seen"], **state["run"]}
    card = {"format": KIND, "licence": "MIT", "run": json.dumps(done)}
    with write_atomically(out) as temporary:
        save_file(tensors, temporary, {**card, **make_lineage_card(ledger.entries)})


def load_start(path: Path) -> tuple[Mapping[str, Tensor], Mapping[str, str]]:
    """Synthesis tensors by name, and the card, of such a file or of a finished generator.

    Raises FileNotFoundError for a file that is missing, and what `load_native` raises for one that
    is neither.
    """
    try:
        with safe_open(path, "pt") as file:
            card = dict(file.metadata() or {})
            if card.get("format") == KIND:
                names = list(file.keys())
                return {name: file.get_tensor(name).to(torch.float32) for name in names}, card
    except (SafetensorError, OSError):
        pass  # `load_native` says what is wrong with it
    loaded = load_native(path)
    return loaded.generator.synthesis.state_dict(), loaded.card
