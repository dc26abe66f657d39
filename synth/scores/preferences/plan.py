"""Which films are shown to whom: pairs of two methods, and pairs that catch who does not look.

In: films by method, and settings. Out: a `StudyPlan`. Every film that is shown has a name that
tells nothing. A trial is a pair of films; a sheet is the trials that one voter gets, with as many
of every two methods as there is room for, and every catch trial:

    pair    films of two methods, the k-th of one with the k-th of the other, or with all
    same    a film and a copy of it: nobody can prefer one
    frozen  a film and its first frame, standing still for as long

Order and sides are left to the page, which draws them for every voter.
"""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from pathlib import Path

MATCHES = ("index", "all")
#: Letters and digits that cannot be taken for one another.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_ID_LETTERS = 10
_SEED_BITS = 64


@dataclass(frozen=True)
class StudySettings:
    """What is asked of whom.

    question: above every pair. title: of the page. undecided: whether "no difference" is an answer.
    match: index (the k-th film of one method with the k-th of another), or all with all.
    per_voter: pairs that one voter is shown, besides those that catch; None: all there are.
    sheets: how many different selections there are to be shown, where one voter does not see all.
    same, frozen: pairs of each kind that catch. plays: how often a pair plays before it waits.
    seed: what names and selections are drawn from; None: a secret one, kept in the key.
    size_px: longer side of the films; None: as they are. crf: quality, 0 best. marked: say in every
    film's metadata that it is generated; false where some are not.
    Raises ValueError for settings that cannot be met.
    """

    question: str = "Which film looks more real?"
    title: str = "Moodreel"
    undecided: bool = True
    match: str = "index"
    per_voter: int | None = 40
    sheets: int = 20
    same: int = 2
    frozen: int = 2
    plays: int = 2
    seed: int | None = None
    size_px: int | None = None
    crf: int = 12
    marked: bool = True

    def __post_init__(self) -> None:
        if self.match not in MATCHES:
            raise ValueError(f"needs match index or all; got {self.match!r}; try index")
        if min(self.sheets, self.plays, 1 if self.per_voter is None else self.per_voter) < 1:
            raise ValueError(
                "needs per_voter, sheets and plays of 1 or more; got "
                f"{self.per_voter}, {self.sheets} and {self.plays}"
            )
        if min(self.same, self.frozen) < 0:
            raise ValueError(f"needs same and frozen of 0 or more; got {self.same}, {self.frozen}")
        if self.same and not self.undecided:
            raise ValueError(
                "needs undecided=true for pairs of the same film, to which there is no other "
                "answer; got same above 0; try same=0"
            )


@dataclass(frozen=True)
class ShownFilm:
    """A film of the page: whose it is, the file that it is made from, whether it stands still."""

    method: str
    source: Path
    is_frozen: bool = False


@dataclass(frozen=True)
class Trial:
    """Two films side by side; kind is pair, same or frozen (of which the second is)."""

    kind: str
    films: tuple[str, str]


@dataclass(frozen=True)
class StudyPlan:
    """Films and trials by their names, and the sheets: names of trials."""

    name: str
    seed: int
    films: Mapping[str, ShownFilm]
    trials: Mapping[str, Trial]
    sheets: tuple[tuple[str, ...], ...]


def plan_study(films: Mapping[str, Sequence[Path]], settings: StudySettings) -> StudyPlan:
    """Draw the study of these films by method.

    Raises ValueError for fewer than two methods, a method without films, and, where films are
    matched by index, for methods of different numbers of films.
    """
    _check_films(films, settings)
    seed = secrets.randbits(_SEED_BITS) if settings.seed is None else settings.seed
    draw = _Draw(random.Random(seed))
    shown = {(m, p): draw.add_film(ShownFilm(m, p)) for m, paths in films.items() for p in paths}
    groups: list[list[str]] = []
    for one, other in combinations(films, 2):
        both = zip(films[one], films[other], strict=False)
        pairs = both if settings.match == "index" else product(films[one], films[other])
        trials = [Trial("pair", (shown[one, a], shown[other, b])) for a, b in pairs]
        groups.append([draw.add_trial(trial) for trial in trials])
    catches = draw.add_catches(settings)
    sheets = tuple(
        tuple(draw.random.sample([*chosen, *catches], len(chosen) + len(catches)))
        for chosen in draw.deal(groups, settings)
    )
    used = {name for sheet in sheets for name in sheet}
    kept = {name: trial for name, trial in draw.trials.items() if name in used}
    wanted = {name for trial in kept.values() for name in trial.films}
    return StudyPlan(
        name=draw.make_name(),
        seed=seed,
        films={name: film for name, film in draw.films.items() if name in wanted},
        trials=kept,
        sheets=sheets,
    )


@dataclass(frozen=True)
class _Draw:
    """Names and choices out of one stream of random numbers."""

    random: random.Random
    films: dict[str, ShownFilm] = field(default_factory=dict)
    trials: dict[str, Trial] = field(default_factory=dict)

    def make_name(self) -> str:
        return "".join(self.random.choices(_LETTERS, k=_ID_LETTERS))

    def add_film(self, film: ShownFilm) -> str:
        name = self._make_free_name()
        self.films[name] = film
        return name

    def add_trial(self, trial: Trial) -> str:
        name = self._make_free_name()
        self.trials[name] = trial
        return name

    def add_catches(self, settings: StudySettings) -> list[str]:
        """The trials that catch, of films drawn from all methods."""
        kinds = ["same"] * settings.same + ["frozen"] * settings.frozen
        plain = list(self.films)
        order = self.random.sample(plain, len(plain))
        names = []
        for number, kind in enumerate(kinds):
            name = order[number % len(order)]
            film = self.films[name]
            copy = self.add_film(ShownFilm(film.method, film.source, kind == "frozen"))
            names.append(self.add_trial(Trial(kind, (name, copy))))
        return names

    def deal(self, groups: Sequence[Sequence[str]], settings: StudySettings) -> list[list[str]]:
        """Sheets of trials: as many of every group as of another, and every trial about as often.

        One trial more of a group than of another, where it does not come out even, goes round.
        """
        total = sum(map(len, groups))
        if settings.per_voter is None or settings.per_voter >= total:
            return [[name for group in groups for name in group]]
        shown: Counter[str] = Counter()
        sheets = []
        for number in range(settings.sheets):
            sheet: list[str] = []
            turn = number
            while len(sheet) < settings.per_voter:
                left = [name for name in groups[turn % len(groups)] if name not in sheet]
                turn += 1
                if left:
                    least = min(shown[name] for name in left)
                    sheet.append(self.random.choice([n for n in left if shown[n] == least]))
            shown.update(sheet)
            sheets.append(sheet)
        return sheets

    def _make_free_name(self) -> str:
        while (name := self.make_name()) in {*self.films, *self.trials}:
            pass
        return name


def _check_films(films: Mapping[str, Sequence[Path]], settings: StudySettings) -> None:
    counts = {name: len(paths) for name, paths in films.items()}
    told = ", ".join(f"{count} of {name}" for name, count in counts.items()) or "none"
    if len(films) < 2 or not all(counts.values()):
        raise ValueError(
            f"needs films of two methods or more; got {told}; try "
            "'methods={one: FOLDER, other: FOLDER}'"
        )
    if settings.match == "index" and len(set(counts.values())) > 1:
        raise ValueError(
            f"needs as many films of every method to match them by index; got {told}; try match=all"
        )
