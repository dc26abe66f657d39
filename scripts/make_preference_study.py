"""A page on which people say which of two films they prefer, without knowing whose they are.

    python -m scripts.make_preference_study 'methods={ours: films/ours, mocogan: films/mocogan}'
    python -m scripts.make_preference_study 'methods={...}' study.match=all study.per_voter=30

In: a folder of films for each method. Out: one folder with `page`, which runs from a file or any
web server, and `key.json`, which is not for publishing. docs/preferences.md
"""

from __future__ import annotations

from dataclasses import dataclass

from scripts.entry import Place, run_script
from scripts.reporting import say
from scripts.terminal import TerminalProgress
from synth.scores.preferences.making import KEY, PAGE, make_study
from synth.scores.preferences.plan import StudySettings


@dataclass(frozen=True)
class StudyJob:
    """The entries of configs/make_preference_study.yaml."""

    methods: dict
    study: StudySettings


def make_preference_study(job: StudyJob, place: Place) -> None:
    """Write the study and say what is in it."""
    methods = {str(name): str(folder) for name, folder in job.methods.items()}
    with TerminalProgress() as progress:
        plan = make_study(methods, job.study, place.folder, progress)
    shown = len(plan.sheets[0])
    say(f"{place.folder / PAGE / 'index.html'}: {shown} pairs a voter, {len(plan.films)} films")
    say(f"{place.folder / KEY}: keep it, and do not publish it")


def main() -> None:
    """The command line."""
    run_script("make_preference_study", StudyJob, make_preference_study)


if __name__ == "__main__":
    main()
