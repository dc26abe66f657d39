"""What voters answered, read with the study's key: votes between methods, and who did not look.

In: key.json, and files that the page gave out. Out: `Voter`s with their votes, each told to the
methods of the two films; how many of the trials that catch they failed. A vote on a pair of the
same film fails unless it is for neither; one on a film and its frozen copy unless it is for the
film. Without "no difference" among the answers there are none of the first kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth.plain_text import load_json, show
from synth.scores.preferences.making import KEY_FORMAT

ANSWERS_FORMAT = "moodreel-preference-answers-1"
CHOICES = ("left", "right", "neither", "broken")
#: A file of answers may be so large: a voter's thousands of trials.
MOST_BYTES = 10_000_000


@dataclass(frozen=True)
class KeyFilm:
    """Whose a film is, and whether it stands still."""

    method: str
    is_frozen: bool


@dataclass(frozen=True)
class Key:
    """A study's key: films and trials (kind, names of films) by their names."""

    study: str
    question: str
    methods: tuple[str, ...]
    films: Mapping[str, KeyFilm]
    trials: Mapping[str, tuple[str, tuple[str, str]]]


@dataclass(frozen=True)
class Vote:
    """One answer to a pair of two methods: for the first of them (1), the other (0), neither (0.5).

    methods: in the order of the key. trial: its name, the same for all voters.
    """

    trial: str
    methods: tuple[str, str]
    score: float


@dataclass(frozen=True)
class Voter:
    """Everything that one voter answered.

    caught, failed: trials that catch, and those that were failed, by their kind. broken: pairs that
    could not be shown. seconds: spent on each answer. left: sides chosen, true for the left.
    """

    name: str
    votes: tuple[Vote, ...]
    caught: Mapping[str, int]
    failed: Mapping[str, int]
    broken: int
    seconds: tuple[float, ...]
    left: tuple[bool, ...]

    @property
    def failed_share(self) -> float:
        """Of the trials that catch; 0 for a voter who came to none."""
        return sum(self.failed.values()) / max(sum(self.caught.values()), 1)


def load_key(path: str | Path) -> Key:
    """Read a study's key. Raises ValueError naming a file that is none, OSError for none there."""
    try:
        content = load_json(path)
        if content["format"] != KEY_FORMAT:
            raise ValueError(f"format {show(content['format'])}")
        films = {
            name: KeyFilm(film["method"], film["frozen"]) for name, film in content["films"].items()
        }
        trials = {
            name: (trial["kind"], (trial["films"][0], trial["films"][1]))
            for name, trial in content["trials"].items()
        }
        if not {name for _, pair in trials.values() for name in pair} <= set(films):
            raise ValueError("trials of unknown films")
        question = content["settings"]["question"]
        return Key(content["study"], question, tuple(content["methods"]), films, trials)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise ValueError(
            f"needs a study's key.json of format {KEY_FORMAT}; {path} is none ({error})"
        ) from error


def load_voters(paths: Sequence[Path], key: Key) -> list[Voter]:
    """The voters of these files; of several files of one voter the one with most answers counts.

    Raises ValueError naming a file that holds no answers to this study.
    """
    voters: dict[str, tuple[int, Voter]] = {}
    for path in paths:
        content = _load_answers(path, key)
        try:
            voter = read_voter(content, key)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(
                f"needs answers as the study's page gives them; {path} has others ({error})"
            ) from error
        count = len(content["answers"])
        if count >= voters.get(voter.name, (0, voter))[0]:
            voters[voter.name] = (count, voter)
    return [voter for _, voter in voters.values()]


def read_voter(content: Mapping[str, Any], key: Key) -> Voter:
    """The page's JSON -> a voter. Raises KeyError, TypeError or ValueError for anything else."""
    votes: list[Vote] = []
    caught, failed = {"same": 0, "frozen": 0}, {"same": 0, "frozen": 0}
    seconds, left, broken, seen = [], [], 0, set()
    for answer in content["answers"]:
        trial, chosen = answer["trial"], answer["chosen"]
        kind, films = key.trials[trial]
        shown = (answer["left"], answer["right"])
        if trial in seen or chosen not in CHOICES or sorted(shown) != sorted(films):
            raise ValueError(f"answer {show(answer)}")
        seen.add(trial)
        if chosen == "broken":
            broken += 1
            continue
        seconds.append(float(answer["seconds"]))
        if chosen != "neither":
            left.append(chosen == "left")
        preferred = {"left": shown[0], "right": shown[1]}.get(chosen)
        if kind == "pair":
            votes.append(_make_vote(trial, films, preferred, key))
            continue
        caught[kind] += 1
        wanted = None if kind == "same" else next(f for f in films if not key.films[f].is_frozen)
        failed[kind] += preferred != wanted
    return Voter(
        str(content["voter"]), tuple(votes), caught, failed, broken, tuple(seconds), tuple(left)
    )


def _load_answers(path: Path, key: Key) -> Any:
    """The content of a file of answers to this study."""
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"needs a file of answers below {MOST_BYTES} bytes; {path} is larger")
    try:
        content = load_json(path)
        found, study = content["format"], content["study"]
        if found != ANSWERS_FORMAT or not isinstance(content["answers"], list):
            raise ValueError(f"format {show(found)}")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"needs answers of format {ANSWERS_FORMAT}; {path} has none ({error})"
        ) from error
    if study != key.study:
        raise ValueError(
            f"needs answers to study {key.study}; {path} answers study {show(study)}; try its own "
            "key.json"
        )
    return content


def _make_vote(trial: str, films: tuple[str, str], preferred: str | None, key: Key) -> Vote:
    """Told to methods, the one that stands first in the key first."""
    first, second = sorted(films, key=lambda name: key.methods.index(key.films[name].method))
    score = 0.5 if preferred is None else float(preferred == first)
    return Vote(trial, (key.films[first].method, key.films[second].method), score)
