"""Where sequences to learn from come from: a file, the public MELD labels, a known process.

Each source costs nothing until `load_splits` is called, and says on the card of what was trained
from it where the data come from and what their licence allows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from emotion_seq.measuring.process import make_process
from emotion_seq.sequence_files import load_sequences
from emotion_seq.sequences import SplitSequences, split_by_film
from synth.storage.assets import fetch_asset, find_card

MELD = "meld-emotions"


@runtime_checkable
class SequenceSource(Protocol):
    """Sequences, divided by film."""

    about: str
    licence: str

    def load_splits(self) -> SplitSequences:
        """Read or draw them."""
        ...


@dataclass(frozen=True)
class SequenceFile:
    """A user's own file (`emotion_seq.sequence_files`)."""

    path: str
    seed: int = 0

    @property
    def about(self) -> str:
        """For the card."""
        return Path(self.path).name

    @property
    def licence(self) -> str:
        """For the card."""
        return "as that of the sequences it learned from"

    def load_splits(self) -> SplitSequences:
        """Split as the file says, else by film at random."""
        return split_by_film(load_sequences(self.path), seed=self.seed)


@dataclass(frozen=True)
class MeldSequences:
    """MELD's labels: train and dev to learn from, of which a tenth to stop by; test to measure."""

    seed: int = 0

    @property
    def about(self) -> str:
        """For the card."""
        return "emotion labels of MELD (Poria et al. 2019), a TV series"

    @property
    def licence(self) -> str:
        """For the card."""
        return find_card(MELD).licence

    def load_splits(self) -> SplitSequences:
        """Each dialogue counts as a film; the official test split is kept apart."""
        labelled = load_sequences(fetch_asset(MELD))
        joined = [replace(one, split="train") if one.split == "dev" else one for one in labelled]
        return split_by_film(joined, seed=self.seed)


@dataclass(frozen=True)
class ProcessSequences:
    """Drawn from `emotion_seq.measuring.process`: rules of our own, no data of anybody."""

    count: int = 1000
    seed: int = 0

    @property
    def about(self) -> str:
        """For the card."""
        return (
            f"{self.count} sequences drawn from a second-order Markov process that Moodreel's "
            "authors made up (emotion_seq/measuring/process.py); no footage, no people"
        )

    @property
    def licence(self) -> str:
        """For the card."""
        return "MIT"

    def load_splits(self) -> SplitSequences:
        """Each drawn sequence is a film of its own."""
        return split_by_film(make_process().draw(self.count, self.seed), seed=self.seed)
