"""The scorecards of many films become one table; what failed is listed with its reason.

    python -m scripts.collect_scores folder=outputs/video/face.seed=range-0,1000_1f3a9c02
    python -m scripts.collect_scores folder=outputs/video

In: the folder of a sweep (`generate_video -m`), or any folder with films in it. Out: in that folder
scores.csv, scores.parquet (with the extra `tables`), scores.png, and failures.csv with the films
that are not finished and why. May be asked while films are still being made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.attempts import FINISHED, Outcome, find_outcome
from scripts.entry import Place, run_script
from scripts.reporting import say
from scripts.sweeping import SWEEP_FILE, find_varied, load_parts
from synth.film.film import SCORECARD
from synth.scores.score_table import Row, can_write_parquet, draw_table, make_row, save_table
from synth.scores.scorecard import load_scorecard

#: Reasons that are printed; failures.csv has all.
_MOST_SHOWN = 20


@dataclass(frozen=True)
class CollectJob:
    """The entries of configs/collect_scores.yaml."""

    folder: str


@dataclass(frozen=True)
class Listed:
    """A film that there should be: its folder, and what varies among the films."""

    folder: Path
    varied: dict[str, str]


def collect_scores(job: CollectJob, place: Place) -> None:
    """Write the table, the picture and the list of failures, and say how many there are."""
    folder = Path(job.folder)
    rows, failures, states = [], [], Counter()
    for film in list_films(folder):
        name = film.folder.relative_to(folder).as_posix()
        outcome, row = read_film(film, name)
        states[outcome.state] += 1
        if row is None:
            failures.append({"film": name, "state": outcome.state, "reason": outcome.reason})
        else:
            rows.append(row)
    files = ["scores.csv", *(["scores.parquet"] if can_write_parquet() else [])]
    for file in files:
        save_table(folder / file, rows)
    draw_table(rows, folder / "scores.png")
    save_table(folder / "failures.csv", failures, ("film", "state", "reason"))
    counted = ", ".join(f"{count} {state}" for state, count in states.items())
    say(f"{folder}: {counted}; {', '.join(files)}, scores.png, failures.csv")
    if failures:
        say(format_failures(failures))


def list_films(folder: Path) -> list[Listed]:
    """The films of a sweep, or all below a folder. Raises ValueError where there is none."""
    if (folder / SWEEP_FILE).is_file():
        parts = load_parts(folder)
        varied = find_varied(parts)
        return [Listed(folder / part.name, varied[part.name]) for part in parts]
    found = [Listed(path, {}) for path in _find_folders(folder)]
    if not found:
        raise ValueError(
            f"needs a folder with films or of a sweep; got none in {folder}; "
            "try the folder that generate_video -m named"
        )
    return found


def read_film(film: Listed, name: str) -> tuple[Outcome, Row | None]:
    """What has become of a film, and its row if it is finished."""
    outcome = find_outcome(film.folder)
    if outcome.state != FINISHED:
        return outcome, None
    try:
        return outcome, make_row(name, film.varied, load_scorecard(film.folder / SCORECARD))
    except (OSError, ValueError) as error:
        return Outcome("damaged", str(error)), None


def format_failures(failures: Sequence[Row]) -> str:
    """Reasons, the most frequent first, each with how many films it has and one of them."""
    reasons = Counter(f"{one['state']}: {one['reason']}" for one in failures)
    first = {f"{one['state']}: {one['reason']}": one["film"] for one in reversed(failures)}
    lines = [
        f"  {count} {reason} ({first[reason]})"
        for reason, count in reasons.most_common(_MOST_SHOWN)
    ]
    left = len(reasons) - len(lines)
    return "\n".join([*lines, *([f"  and {left} other reasons"] if left else [])])


def _find_folders(folder: Path) -> Iterator[Path]:
    """Folders with a scorecard, hidden ones left out."""
    for path in sorted(folder.rglob(SCORECARD)):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path.parent


def main() -> None:
    """The command line."""
    run_script("collect_scores", CollectJob, collect_scores)


if __name__ == "__main__":
    main()
