"""Save a scorecard: JSON for programs, a page of Markdown and a plot over time for people.

In: a Scorecard. Out: scorecard.json, .md and .png. Page and plot bear the mark of generated media
where the card names the generator; of somebody's own film nothing of the kind is said.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from synth.scores.emotion_control import EmotionControl
from synth.scores.scorecard import Scorecard
from synth.storage.atomic import write_atomically, write_text_atomically
from synth.video.provenance import MARK, SOFTWARE

PANEL_COLOURS = ("#3b6ea5", "#c2571a", "#5d8a3a")


def save_scorecard(
    path: str | Path, scorecard: Scorecard, with_report: bool = True, marked: bool = True
) -> None:
    """Write `path` (.json), and the same name as .md and .png; each file whole or not at all.

    Without `with_report` the JSON only, which is quick; not `marked` without the mark in any case.
    """
    path = Path(path)
    if path.suffix != ".json":
        raise ValueError(f"needs a scorecard named .json; got {path}; try scorecard.json")
    text = json.dumps(asdict(scorecard), indent=1, allow_nan=False)
    write_text_atomically(path, text + "\n")
    if not with_report:
        return
    write_text_atomically(path.with_suffix(".md"), format_markdown(scorecard, marked))
    with write_atomically(path.with_suffix(".png")) as temporary:
        draw_curves(scorecard, temporary, marked)


def format_markdown(card: Scorecard, marked: bool = True) -> str:
    """The card as Markdown: what was measured, the numbers, and what they stand for."""
    stride = "every frame" if card.face_stride == 1 else f"every {card.face_stride}th frame"
    looked = f"{card.face_encoder}, {stride}" if card.face_encoder else "nobody looked for faces"
    rows = [
        ("ACD, consecutive frames", _show(card.acd_consecutive), "0 is a still picture"),
        ("ACD, all pairs", _show(card.acd_pairwise), "drift counts here too"),
        (
            "identity distance to the first face",
            f"{_show(card.identity_distance_mean)} mean, {_show(card.identity_distance_max)} max",
            "smaller keeps the person better",
        ),
        (
            "expression size",
            f"{_show(card.expression_size_mean)} mean, {_show(card.expression_size_max)} max",
            "in eye distances; 0 is a frozen face",
        ),
        ("flicker", _show(card.flicker_mean), "grey levels of 255; 0 is none"),
        (
            "frames without a face",
            f"{len(card.frames_without_face)} of {len(card.curves.face_frames)} looked at",
            _list_frames(card.frames_without_face),
        ),
    ]
    rows += _list_emotions(card.emotion_control)
    table = "\n".join(f"| {name} | {value} | {note} |" for name, value, note in rows)
    facts = "\n".join(f"- {line}" for line in _list_facts(card))
    mark = f"{MARK}\n\n" if marked and _is_generated(card) else ""
    return (
        f"# Scorecard of {card.source}\n\n{mark}{facts}\n- faces: {looked}\n\n"
        f"| measure | value | reading |\n|---|---|---|\n{table}\n\n"
        "What the measures mean, and their limits: docs/scorecard.md\n"
    )


def draw_curves(card: Scorecard, path: Path, marked: bool = True) -> None:
    """Identity distance, expression size and flicker over time, one above the other, as PNG."""
    figure = Figure(figsize=(9, 6.5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(3, 1, sharex=True)
    face_times_s = np.array(card.curves.face_frames) / card.fps
    times_s = np.arange(card.frame_count) / card.fps
    panels = [
        (face_times_s, card.curves.identity_distance, "identity distance\nto the first face"),
        (face_times_s, card.curves.expression_size, "expression size\n(eye distances)"),
        (times_s, card.curves.flicker, "flicker\n(grey levels)"),
    ]
    for axis, colour, (x, values, label) in zip(axes, PANEL_COLOURS, panels, strict=True):
        y = np.array([np.nan if value is None else value for value in values])
        axis.plot(x, y, color=colour, linewidth=1.6, marker="." if len(y) < 3 else None)
        if np.isfinite(y).any():
            axis.fill_between(x, 0, y, color=colour, alpha=0.15)
            axis.axhline(np.nanmean(y), color=colour, linewidth=0.8, linestyle="--")
        else:
            axis.text(0.5, 0.5, "nothing to measure", transform=axis.transAxes, ha="center")
        axis.set_ylabel(label, fontsize=9)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    for frame in card.frames_without_face:
        axes[0].axvline(frame / card.fps, color="#b00020", alpha=0.4, linewidth=0.8)
    axes[-1].set_xlabel("seconds")
    axes[0].set_title(
        f"{card.source}: ACD {_show(card.acd_consecutive)} consecutive, "
        f"{_show(card.acd_pairwise)} pairwise; dashed: mean",
        fontsize=10,
        loc="left",
    )
    comment = {"Comment": MARK} if marked and _is_generated(card) else {}
    figure.savefig(path, format="png", metadata={"Software": SOFTWARE, **comment})


def _is_generated(card: Scorecard) -> bool:
    return card.generator_name is not None


def _list_facts(card: Scorecard) -> list[str]:
    size = f"{card.width_px}x{card.height_px}"
    if card.native_resolution_px is not None:
        size += f" (rendered at {card.native_resolution_px}x{card.native_resolution_px})"
    lines = [f"{card.frame_count} frames, {card.fps:g} fps, {card.duration_s:.2f} s, {size}"]
    if card.generator_name is not None:
        lines.append(f"generator {card.generator_name}, sha256 {card.generator_sha256}")
    if card.seed is not None:
        lines.append(f"seed {card.seed}")
    if card.render_time_s is not None:
        lines.append(f"rendered and encoded in {card.render_time_s:.1f} s")
    lines += [f"warning: {text}" for text in card.warnings]
    return lines


def _list_emotions(control: EmotionControl | None) -> list[tuple[str, str, str]]:
    """Rows on emotions that were told; none where nobody looked."""
    if control is None:
        return []
    asked = sum(count for found in control.shown.values() for count in found.values())
    return [
        ("linearity of emotions", _show(control.linearity), f"1 is as told; by {control.scorer}"),
        (
            "confusion of emotions",
            _show(control.confusion),
            "of fear with surprise and anger with disgust; 0 is none",
        ),
        ("emotion shown as told", _show(control.accuracy), f"share of {asked} frames that ask"),
    ]


def _list_frames(frames: tuple[int, ...], most: int = 12) -> str:
    shown = ", ".join(map(str, frames[:most]))
    return f"{shown} and {len(frames) - most} more" if len(frames) > most else shown or "none"


def _show(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4f}"
