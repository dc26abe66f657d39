"""Sequences of emotions become a network that writes new ones, measured beside what it must beat.

    python -m scripts.train_sequence
    python -m scripts.train_sequence sequences=file sequences.path=mine.csv name=mine
    python -m scripts.train_sequence sequences=meld name=meld training.seed=1

In: sequences (your own, MELD's labels, or drawn from a known process). Out, in the run's folder:
model.keras for `generate_video track=lstm track.path=...`, table.md and scores.json (the network
beside most frequent, n-grams and a logistic regression), curves.png, transitions.png, sample.png (a
track that it wrote), and the state from which the same command goes on when it was stopped.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

from emotion_seq.keras_files import save_keras_file
from emotion_seq.measuring.process import count_transitions
from emotion_seq.measuring.table import Row, score_baselines, score_model, write_table
from emotion_seq.model import ModelSettings
from emotion_seq.predict import KIND, Sampling, sample_runs
from emotion_seq.seeing.curves import plot_curves
from emotion_seq.seeing.matrices import plot_transitions
from emotion_seq.seeing.timeline import plot_sequence
from emotion_seq.sequence_sources import SequenceSource
from emotion_seq.sequences import EmotionSequence, SplitSequences
from emotion_seq.train import TrainSettings, train_model
from scripts.entry import Place, run_script
from scripts.reporting import say
from scripts.terminal import TerminalProgress
from synth.storage.atomic import write_text_atomically
from synth.storage.locks import own_folder

SAMPLE_S = 40.0


@dataclass(frozen=True)
class SequenceJob:
    """The entries of configs/train_sequence.yaml; `out` None: model.keras in the run's folder."""

    sequences: SequenceSource
    network: ModelSettings
    training: TrainSettings
    out: str | None


def train_sequence(job: SequenceJob, place: Place) -> None:
    """Train, measure and save, alone in the run's folder."""
    with own_folder(place.folder) as folder:
        train_in_folder(job, folder)


def train_in_folder(job: SequenceJob, folder: Path) -> None:
    """Train, measure and save, all in one folder."""
    settings = job.training
    splits = job.sequences.load_splits()
    with TerminalProgress() as progress:
        model, losses = train_model(splits, folder, settings, job.network, progress)
    rows = score_baselines([*splits.train, *splits.dev], splits.test)
    # The weakest and the strongest: more lines would hide the network's.
    shown = (rows[0], rows[-1])
    accuracies = {f"{row.name}, test": row.scores.accuracy for row in shown}
    plot_curves(folder / "curves.png", losses, accuracies)
    rows.append(score_model(job.network.name, model, splits.test))
    plot_transitions(folder / "transitions.png", count_transitions(splits.test), "test sequences")
    sample = EmotionSequence(sample_runs(model, SAMPLE_S, [], Sampling(seed=settings.seed)))
    plot_sequence(folder / "sample.png", sample, f"{SAMPLE_S:.0f} seconds, written by the network")
    table = write_table(rows)
    write_text_atomically(folder / "table.md", table)
    scores = json.dumps([row.to_plain() for row in rows], indent=1)
    write_text_atomically(folder / "scores.json", scores)
    out = Path(job.out or folder / "model.keras")
    save_keras_file(out, model, KIND, make_card(job, splits, rows[-1]))
    say(f"{table}\n{out}: learned from {len(splits.train)} sequences, {len(losses)} epochs")


def make_card(job: SequenceJob, splits: SplitSequences, row: Row) -> dict[str, Any]:
    """What one must know to trust the file."""
    source = job.sequences
    settings = {"kind": type(source).__name__}
    if is_dataclass(source) and not isinstance(source, type):
        settings |= asdict(source)
    return {
        "network": row.name,
        "data": source.about,
        "licence": source.licence,
        "sequences": {"train": len(splits.train), "dev": len(splits.dev), "test": len(splits.test)},
        "command": "python -m scripts.train_sequence",
        "settings": {
            "sequences": settings,
            "network": asdict(job.network),
            "training": asdict(job.training),
        },
        "test_scores": row.to_plain(),
    }


def main() -> None:
    """The command line."""
    run_script("train_sequence", SequenceJob, train_sequence)


if __name__ == "__main__":
    main()
