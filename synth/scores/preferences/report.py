"""Results of a preference study: JSON for programs, a page of Markdown and a plot for people."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from synth.scores.preferences.results import PreferenceResults, Share
from synth.storage.atomic import write_atomically, write_text_atomically
from synth.video.provenance import SOFTWARE

FIRST, SECOND, NEITHER = "#c2571a", "#3b6ea5", "#c9c5bb"


def save_results(path: Path, results: PreferenceResults) -> str:
    """Write `path` (.json), and the same name as .md and .png; -> the page."""
    if path.suffix != ".json":
        raise ValueError(f"needs results named .json; got {path}; try preferences.json")
    text = json.dumps(asdict(results), indent=1, allow_nan=False)
    page = format_results(results)
    write_text_atomically(path, text + "\n")
    write_text_atomically(path.with_suffix(".md"), page)
    with write_atomically(path.with_suffix(".png")) as temporary:
        draw_results(results, temporary)
    return page


def format_results(results: PreferenceResults) -> str:
    """The results as Markdown, with what is needed to trust them or not."""
    pairs = "\n".join(
        f"| {pair.methods[0]} / {pair.methods[1]} | {pair.answers} | {_percent(pair.first)} | "
        f"{_percent(pair.second)} | {_percent(pair.neither)} |"
        for pair in results.pairs
    )
    facts = "\n".join(f"- {line}" for line in _list_facts(results))
    return (
        f"# Preferences: {results.question}\n\n{facts}\n\n"
        "| methods | answers | the first, % | the second, % | neither, % |\n|---|---|---|---|---|\n"
        f"{pairs}\n\nIn brackets: Wilson's 95 % intervals, as if answers were independent.\n\n"
        f"{_format_strengths(results)}\n"
        "How it is asked and computed: docs/preferences.md\n"
    )


def draw_results(results: PreferenceResults, path: Path) -> None:
    """Strengths with their intervals, and shares of answers for every two methods, as PNG."""
    rows = max(len(results.pairs), len(results.strengths or {}))
    figure = Figure(figsize=(11, 1.9 + 0.5 * rows), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(2, 3))
    _draw_strengths(left, results)
    _draw_shares(right, results)
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(
        f"{results.question} · {results.voters} voters, {results.answers} answers",
        fontsize=11,
        x=0.01,
        ha="left",
    )
    figure.savefig(path, format="png", metadata={"Software": SOFTWARE})


def _draw_strengths(axis: Axes, results: PreferenceResults) -> None:
    found = list((results.strengths or {}).items())[::-1]
    if not found:
        axis.text(0.5, 0.5, "no strengths", transform=axis.transAxes, ha="center")
    for row, (_, strength) in enumerate(found):
        axis.plot((strength.low, strength.high), (row, row), color=SECOND, linewidth=2.5)
        axis.plot(strength.log_odds, row, "o", color=FIRST, markersize=8)
    axis.set_yticks(range(len(found)), [name for name, _ in found])
    axis.set_ylim(-0.6, len(found) - 0.4)
    axis.axvline(0, color="#888888", linewidth=0.8)
    axis.grid(axis="x", alpha=0.25)
    axis.set_xlabel("strength, log-odds, with 95 % intervals")


def _draw_shares(axis: Axes, results: PreferenceResults) -> None:
    pairs = results.pairs[::-1]
    for row, pair in enumerate(pairs):
        start = 0.0
        parts = ((pair.first, FIRST), (pair.neither, NEITHER), (pair.second, SECOND))
        for part, colour in parts:
            axis.barh(row, 100 * part.share, left=100 * start, color=colour, height=0.62)
            if part.share > 0.06:
                place = 100 * (start + part.share / 2)
                ink = "#222222" if colour == NEITHER else "white"
                axis.text(
                    place, row, f"{100 * part.share:.0f}", color=ink, ha="center", va="center"
                )
            start += part.share
    axis.set_yticks(range(len(pairs)), [f"{p.methods[0]}\nor {p.methods[1]}" for p in pairs])
    axis.set_ylim(-0.6, len(pairs) - 0.4)
    axis.set_xlim(0, 100)
    axis.set_xlabel("% of answers: for the first, for neither (grey), for the second")


def _format_strengths(results: PreferenceResults) -> str:
    if results.strengths is None:
        return "No strengths: the comparisons do not connect all methods.\n"
    rows = "\n".join(
        f"| {name} | {s.log_odds:+.2f} | {s.low:+.2f} to {s.high:+.2f} | {100 * s.chance:.0f} |"
        for name, s in results.strengths.items()
    )
    return (
        "| method | strength, log-odds | 95 % interval | preferred to an average one, % |\n"
        f"|---|---|---|---|\n{rows}\n\n"
        f"Bradley-Terry, neither as half a vote for each; intervals are those of "
        f"{results.intervals_of}; prior: {results.prior_votes_a_pair:g} vote for every two methods "
        "that were compared, half for each.\n"
    )


def _list_facts(results: PreferenceResults) -> list[str]:
    excluded = ", ".join(f"{name} ({share:.0%})" for name, share in results.excluded.items())
    caught = ", ".join(f"{c.failed} of {c.shown} {kind}" for kind, c in results.catches.items())
    left = results.left
    agreement = "no pair was answered by two voters"
    if results.agreement is not None:
        alpha = "" if results.alpha is None else f", Krippendorff's alpha {results.alpha:.2f}"
        agreement = f"two voters give the same answer to {100 * results.agreement:.0f} %{alpha}"
    seconds = "" if results.median_s is None else f", {results.median_s:.1f} s each (median)"
    return [
        f"{results.voters} voters, {results.answers} answers{seconds}",
        f"excluded, for more than {results.most_failed:.0%} failed catches: {excluded or 'nobody'}",
        f"catches failed by all voters: {caught}",
        f"agreement: {agreement}",
        f"the left film was chosen in {_percent(left)} % of choices",
        f"pairs that could not be shown: {results.broken}",
    ]


def _percent(share: Share) -> str:
    return f"{100 * share.share:.0f} ({100 * share.low:.0f}-{100 * share.high:.0f})"
