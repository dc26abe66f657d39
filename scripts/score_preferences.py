"""What people prefer: their answers to a study, with the study's key.

    python -m scripts.score_preferences key=key.json 'answers=[answers]'

In: key.json of a study, and files that its page gave out, or folders of them. Out: in the run's
folder preferences.json, .md and .png: shares and strengths with intervals, agreement, and who was
left out. docs/preferences.md
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.entry import Place, run_script
from scripts.reporting import say
from synth.scores.preferences.answers import load_key, load_voters
from synth.scores.preferences.report import save_results
from synth.scores.preferences.results import score_voters


@dataclass(frozen=True)
class PreferencesJob:
    """The entries of configs/score_preferences.yaml."""

    key: str
    answers: list[str]
    most_failed: float


def score_preferences(job: PreferencesJob, place: Place) -> None:
    """Score all answers; print the page."""
    key = load_key(job.key)
    voters = load_voters(list_answers(job.answers), key)
    results = score_voters(key, voters, job.most_failed)
    say(save_results(place.folder / "preferences.json", results))


def list_answers(places: Sequence[str]) -> list[Path]:
    """Files as they are, and every .json of a folder. Raises ValueError for none."""
    found: list[Path] = []
    for path in map(Path, places):
        found += sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not found:
        raise ValueError(
            f"needs files of answers, or folders of .json; found none in {list(places)}"
        )
    return found


def main() -> None:
    """The command line."""
    run_script("score_preferences", PreferencesJob, score_preferences)


if __name__ == "__main__":
    main()
