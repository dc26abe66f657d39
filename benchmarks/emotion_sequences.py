"""Which network predicts the next emotion best, and is it better than simpler models.

    python -m benchmarks.emotion_sequences meld --seeds 0 1 2
    python -m benchmarks.emotion_sequences process --seeds 0
    python -m benchmarks.emotion_sequences faces --data faces

Side by side: the thesis's plain stack of LSTM layers, the stack with shortcuts, a logistic
regression on the last two emotions, n-grams. `meld`: changes of emotion only, of MELD's train and
dev, of which each seed keeps another tenth of the dialogues as its dev: to stop by, and to choose
between networks. The first table is what to choose by, means over the seeds, all learned without
that tenth; the second is test, every emotion but the first of a dialogue, where models that need no
stopping learned from the tenth as well. `process`: the same on sequences of
`emotion_seq.measuring.process`, with the best accuracy that is possible. `faces`: classifiers on
renders of known emotions at full intensity, the folder of `scripts.train_generator step=render`.
Markdown goes to stdout.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from emotion_seq.classifiers.four_layers import TrainedScorer
from emotion_seq.classifiers.mini_xception import MiniXception
from emotion_seq.measuring.process import compute_best_accuracy, make_process
from emotion_seq.measuring.scores import Scores, score_predictions
from emotion_seq.measuring.table import Row, score_baselines, score_model, write_table
from emotion_seq.model import ModelSettings
from emotion_seq.sequence_sources import MeldSequences, ProcessSequences
from emotion_seq.train import TrainSettings, train_model
from synth.emotions import Emotion
from synth.generators.bundled_parameters import EMOTION_SLICE
from synth.judging.emotion_scoring import EmotionScorer
from synth.learning.rendered_faces import HELD_OUT, find_plain_cases, load_dataset

SHAPES = (ModelSettings(shortcuts=False), ModelSettings(shortcuts=True))
#: A face at full intensity: weight of its one emotion.
FULL = 0.85


def compare(kind: str, seeds: Sequence[int], epochs: int) -> None:
    """Two tables: dev, to choose by, and test."""
    dev: dict[str, list[Scores]] = {}
    test: list[Row] = []
    for seed in seeds:
        source = MeldSequences(seed) if kind == "meld" else ProcessSequences(seed=seed)
        splits = source.load_splits()
        for row in score_baselines(splits.train, splits.dev):
            dev.setdefault(row.name, []).append(row.scores)
        # MELD's test, and what is learned for it, are the same for every seed.
        if not test or kind == "process":
            test += score_baselines([*splits.train, *splits.dev], splits.test)
        for shape in SHAPES:
            with tempfile.TemporaryDirectory() as folder:
                settings = TrainSettings(epochs=epochs, seed=seed)
                model, losses = train_model(splits, folder, settings, shape)
            dev.setdefault(shape.name, []).append(score_model("", model, splits.dev).scores)
            name = f"{shape.name}, seed {seed}, {len(losses)} epochs"
            test.append(score_model(name, model, splits.test))
        if kind == "process":
            best = compute_best_accuracy(make_process(), splits.test)
            print(f"best possible accuracy, seed {seed}: {best:.1%}\n")
    print(write_choice(dev))
    print(write_table(test))


def write_choice(dev: Mapping[str, Sequence[Scores]]) -> str:
    """Markdown: means over the seeds."""
    lines = ["| predictor, on dev | accuracy | perplexity |", "|---|---|---|"]
    for name, scores in dev.items():
        accuracy = np.mean([one.accuracy for one in scores])
        perplexity = np.exp(np.mean([np.log(one.perplexity) for one in scores]))
        lines.append(f"| {name} | {accuracy:.1%} | {perplexity:.3f} |")
    return "\n".join(lines) + "\n"


def compare_faces(folder: Path, classifier: str | None) -> None:
    """Accuracies by emotion on held-out renders of one full emotion, or calm."""
    dataset = load_dataset(folder)
    weights = dataset.parameters[:, EMOTION_SLICE]
    plain = find_plain_cases(weights)
    shown = (plain >= 0) & ((weights.max(1) > FULL) | (plain == Emotion.CALM))
    picks = np.flatnonzero(shown[: max(HELD_OUT, 4096)])
    pictures, truth = np.array(dataset.pictures[128][picks]), plain[picks]
    scorers: list[EmotionScorer] = [MiniXception()]
    scorers += [TrainedScorer(classifier)] if classifier else []
    print("| scorer | faces | accuracy | " + " | ".join(e.label for e in Emotion) + " |")
    print("|---" * (3 + len(Emotion)) + "|")
    for scorer in scorers:
        # Ours has learned from the others.
        known = picks < HELD_OUT if isinstance(scorer, TrainedScorer) else picks >= 0
        odds, mine = scorer.score(pictures[known]), truth[known]
        scores = score_predictions(odds, mine)
        hits = odds.argmax(1) == mine
        shares = " | ".join(
            f"{hits[mine == e].mean():.0%}" if (mine == e).any() else "-" for e in Emotion
        )
        print(f"| {scorer.name} | {len(mine)} | {scores.accuracy:.1%} | {shares} |")


def main() -> None:
    """Read the command line, print tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=("meld", "process", "faces"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--data", type=Path, help="faces: folder of the renders")
    parser.add_argument("--classifier", help="faces: a .keras of scripts.train_classifier as well")
    arguments = parser.parse_args()
    if arguments.kind == "faces":
        compare_faces(arguments.data, arguments.classifier)
    else:
        compare(arguments.kind, arguments.seeds, arguments.epochs)


if __name__ == "__main__":
    main()
