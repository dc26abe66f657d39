"""A key and its voters -> how films of one method do against those of another.

Voters who fail more than `most_failed` of the trials that catch do not count; they are named. Of
those that do, for every two methods: the shares of answers for one, for the other and for neither,
each with its Wilson interval, as if answers were independent; strengths over all methods
(`strengths`); and whether voters agree, over trials that two or more answered:

    agreement  the share of pairs of voters that gave the same answer to the same trial
    alpha      1 - D_o / D_e (Krippendorff, nominal): 1 all agree, 0 as by chance; the answers are
               for the first of the two methods, for the other, and neither
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synth.scores.preferences.answers import Key, Voter
from synth.scores.preferences.strengths import (
    PRIOR_VOTES,
    Ballot,
    Strength,
    compute_wilson,
    fit_strengths,
)

FORMAT = "moodreel-preferences-1"
#: A voter may fail so large a share of the trials that catch.
MOST_FAILED = 0.34


@dataclass(frozen=True)
class Share:
    """Answers of one kind: their number, their share, and the ends of its 95 % interval."""

    count: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class PairResult:
    """Two methods: answers for the first, the second and neither."""

    methods: tuple[str, str]
    answers: int
    first: Share
    second: Share
    neither: Share


@dataclass(frozen=True)
class Catches:
    """Trials of one kind that catch: how many were shown to all voters, and how many failed."""

    shown: int
    failed: int


@dataclass(frozen=True)
class PreferenceResults:
    """All of it. None: nothing to measure it on.

    strengths: by method, strongest first; None where comparisons do not connect all methods.
    left: how often the left film was chosen, of all choices. median_s: seconds on an answer.
    excluded: share of failed catches by the voter's name. catches: of all voters, by kind.
    """

    format: str
    study: str
    question: str
    voters: int
    excluded: dict[str, float]
    most_failed: float
    answers: int
    broken: int
    pairs: tuple[PairResult, ...]
    strengths: dict[str, Strength] | None
    intervals_of: str | None
    prior_votes_a_pair: float
    agreement: float | None
    alpha: float | None
    catches: dict[str, Catches]
    left: Share
    median_s: float | None


def score_voters(
    key: Key, voters: Sequence[Voter], most_failed: float = MOST_FAILED
) -> PreferenceResults:
    """What the voters prefer. Raises ValueError for none who count, or a share out of range."""
    if not 0 <= most_failed <= 1:
        raise ValueError(f"needs most_failed from 0 to 1; got {most_failed}; try {MOST_FAILED}")
    counting = [voter for voter in voters if voter.failed_share <= most_failed]
    votes = [vote for voter in counting for vote in voter.votes]
    if not votes:
        raise ValueError(
            f"needs answers of a voter who fails at most {most_failed:g} of the trials that catch; "
            f"got {len(voters)} voters, none of whom counts; try a larger most_failed"
        )
    found = fit_strengths([_count_wins(key, voter) for voter in counting])
    strengths = None if found is None else dict(zip(key.methods, found[0], strict=True))
    agreement, alpha = measure_agreement(counting)
    sides = [side for voter in counting for side in voter.left]
    seconds = [second for voter in counting for second in voter.seconds]
    return PreferenceResults(
        format=FORMAT,
        study=key.study,
        question=key.question,
        voters=len(counting),
        excluded={v.name: round(v.failed_share, 4) for v in voters if v not in counting},
        most_failed=most_failed,
        answers=len(votes),
        broken=sum(voter.broken for voter in counting),
        pairs=tuple(_share_pairs(key, counting)),
        strengths=strengths and dict(sorted(strengths.items(), key=lambda m: -m[1].log_odds)),
        intervals_of=None if found is None else found[1],
        prior_votes_a_pair=PRIOR_VOTES,
        agreement=agreement,
        alpha=alpha,
        catches={
            kind: Catches(sum(v.caught[kind] for v in voters), sum(v.failed[kind] for v in voters))
            for kind in ("same", "frozen")
        },
        left=_share(sum(sides), len(sides)),
        median_s=float(np.median(seconds)) if seconds else None,
    )


def measure_agreement(voters: Sequence[Voter]) -> tuple[float | None, float | None]:
    """Agreement and alpha; None where no trial was answered by two voters, or all said the same."""
    by_trial: defaultdict[str, Counter[float]] = defaultdict(Counter)
    for voter in voters:
        for vote in voter.votes:
            by_trial[vote.trial][vote.score] += 1
    shared = [counts for counts in by_trial.values() if counts.total() > 1]
    if not shared:
        return None, None
    same = sum(n * (n - 1) for counts in shared for n in counts.values())
    agreement = same / sum(counts.total() * (counts.total() - 1) for counts in shared)
    total = sum(counts.total() for counts in shared)
    # Krippendorff's coincidences: a trial of n answers counts as n of them.
    observed = sum(
        (counts.total() ** 2 - sum(n * n for n in counts.values())) / (counts.total() - 1)
        for counts in shared
    )
    overall = sum(shared, Counter())
    expected = (total**2 - sum(n * n for n in overall.values())) / (total - 1)
    return agreement, 1 - observed / expected if expected else None


def _share_pairs(key: Key, voters: Sequence[Voter]) -> list[PairResult]:
    scores: defaultdict[tuple[str, str], Counter[float]] = defaultdict(Counter)
    for voter in voters:
        for vote in voter.votes:
            scores[vote.methods][vote.score] += 1
    order = {method: number for number, method in enumerate(key.methods)}
    results = []
    for methods in sorted(scores, key=lambda pair: (order[pair[0]], order[pair[1]])):
        counts = scores[methods]
        total = counts.total()
        shares = (_share(counts[score], total) for score in (1.0, 0.0, 0.5))
        results.append(PairResult(methods, total, *shares))
    return results


def _count_wins(key: Key, voter: Voter) -> Ballot:
    order = {method: number for number, method in enumerate(key.methods)}
    wins = np.zeros((len(order), len(order)))
    for vote in voter.votes:
        i, j = (order[method] for method in vote.methods)
        wins[i, j] += vote.score
        wins[j, i] += 1 - vote.score
    return Ballot(wins)


def _share(count: int, total: int) -> Share:
    return Share(count, count / total if total else 0.0, *compute_wilson(count, total))
