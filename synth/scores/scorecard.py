"""All measures of one video: who it is, how much happens in the face, and how calm the picture is.

In: frames (a video file, or chunks as they are rendered), a FaceObserver, and what is known of the
run. Out: a Scorecard; `synth.scores.scorecard_report` writes it as JSON, Markdown and a plot. What
each measure means, with formulas and limits: docs/scorecard.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from synth.faces.observers import (
    FaceObserver,
)
from synth.plain_text import load_json
from synth.scores.acd import compute_acd, compute_distance_to_first
from synth.scores.emotion_control import EmotionCheck, EmotionControl
from synth.scores.expression import compute_expression_size
from synth.scores.flicker import FlickerMeter
from synth.types import Frames
from synth.video.reading import probe_video, read_frames

FORMAT = "moodreel-scorecard-1"
#: Decimals in the file: beyond them lies the rounding of single precision.
DECIMALS = 6
#: Points of a face that are asked for when no face is looked for at all.
NO_LANDMARKS = (68, 2)


@dataclass(frozen=True)
class RunFacts:
    """What the frames do not tell: how they were made. None where it is not known.

    warnings: what made the result worse than it could be, such as a budget that ended too early.
    """

    generator_name: str | None = None
    generator_sha256: str | None = None
    seed: int | None = None
    native_resolution_px: int | None = None
    render_time_s: float | None = None
    warnings: tuple[str, ...] = ()
    #: Which emotions the frames were told, and who sees whether they show them.
    emotions: EmotionCheck | None = None

    def list_known(self) -> dict[str, Any]:
        """The entries that go into the card as they are."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "emotions"}


@dataclass(frozen=True)
class Curves:
    """Values over time; None where a frame has none. Faces are looked at in `face_frames` only."""

    face_frames: tuple[int, ...]
    identity_distance: tuple[float | None, ...]
    expression_size: tuple[float | None, ...]
    #: One for each frame of the video.
    flicker: tuple[float | None, ...]


@dataclass(frozen=True)
class Scorecard:
    """The measures of one video. None: nothing to measure it on, e.g. no face in any frame."""

    format: str
    source: str
    frame_count: int
    fps: float
    duration_s: float
    width_px: int
    height_px: int
    generator_name: str | None
    generator_sha256: str | None
    seed: int | None
    native_resolution_px: int | None
    render_time_s: float | None
    warnings: tuple[str, ...]
    #: Who looked for faces; every `face_stride`-th frame was looked at.
    face_encoder: str | None
    face_stride: int
    frames_without_face: tuple[int, ...]
    acd_consecutive: float | None
    acd_pairwise: float | None
    identity_distance_mean: float | None
    identity_distance_max: float | None
    expression_size_mean: float | None
    expression_size_max: float | None
    flicker_mean: float | None
    curves: Curves
    #: Whether emotions were shown as they were told; None: nobody looked, or none were told.
    emotion_control: EmotionControl | None = None


def score_video(
    path: str | Path,
    observer: FaceObserver | None,
    facts: RunFacts | None = None,
    face_stride: int = 1,
) -> Scorecard:
    """Measure a finished video as a viewer gets it, compression and all; constant memory.

    Raises what `read_frames` raises for a file that is missing, broken or empty.
    """
    path = Path(path)
    known = probe_video(path)
    return score_frames(read_frames(path), known.fps, observer, facts, face_stride, path.name)


def score_frames(
    chunks: Iterable[Frames],
    fps: float | int,
    observer: FaceObserver | None,
    facts: RunFacts | None = None,
    face_stride: int = 1,
    source: str = "rendered frames",
) -> Scorecard:
    """Measure frames in the order they come. Without `observer` nothing is said about faces.

    `face_stride` above 1 looks for faces in every n-th frame only; consecutive ACD is then
    taken over neighbours that far apart. Raises ValueError for no frames or a stride below 1.
    """
    check_face_stride(face_stride)
    facts = facts or RunFacts()
    flicker, count, size = FlickerMeter(), 0, (0, 0)
    embeddings, landmarks, emotions = [], [], []
    for chunk in chunks:
        flicker.add(chunk)
        picked = chunk[-count % face_stride :: face_stride]
        if observer is not None and len(picked):
            seen = observer.observe(picked)
            embeddings.append(seen.embeddings)
            landmarks.append(seen.landmarks)
        if facts.emotions is not None and len(picked):
            emotions.append(facts.emotions.look(picked))
        count, size = count + len(chunk), chunk.shape[1:3]
    if not count:
        raise ValueError(f"needs at least one frame to score; got none from {source}")
    looked_at = range(0, count, face_stride) if observer is not None else range(0)
    name = observer.name if observer is not None else None
    seen = _Seen(
        looked_at=tuple(looked_at),
        embeddings=np.concatenate(embeddings) if embeddings else np.full((1, 1), np.nan),
        landmarks=np.concatenate(landmarks) if landmarks else np.full((0, *NO_LANDMARKS), np.nan),
        flicker=flicker.read(),
    )
    return Scorecard(
        format=FORMAT,
        source=source,
        frame_count=count,
        fps=round(float(fps), DECIMALS),
        duration_s=round(count / fps, DECIMALS),
        width_px=size[1],
        height_px=size[0],
        **facts.list_known(),
        face_encoder=name,
        face_stride=face_stride,
        **seen.measure(name or "none"),
        emotion_control=(
            facts.emotions.compare(np.concatenate(emotions), range(0, count, face_stride))
            if facts.emotions is not None
            else None
        ),
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """What was seen in the frames that were looked at; NaN without a face."""

    looked_at: tuple[int, ...]
    embeddings: np.ndarray
    landmarks: np.ndarray
    flicker: np.ndarray

    def measure(self, encoder: str) -> dict[str, Any]:
        """The card's numbers by their names."""
        acd = compute_acd(self.embeddings, encoder)
        identity = compute_distance_to_first(self.embeddings)[: len(self.looked_at)]
        expression = compute_expression_size(self.landmarks)
        missing = (k for k in acd.frames_without_face if k < len(self.looked_at))
        curves = (_list(values) for values in (identity, expression, self.flicker))
        return {
            "frames_without_face": tuple(self.looked_at[k] for k in missing),
            "acd_consecutive": _round(acd.consecutive),
            "acd_pairwise": _round(acd.pairwise),
            "identity_distance_mean": _summarise(_leave_out_first(identity), np.nanmean),
            "identity_distance_max": _summarise(identity, np.nanmax),
            "expression_size_mean": _summarise(_leave_out_first(expression), np.nanmean),
            "expression_size_max": _summarise(expression, np.nanmax),
            "flicker_mean": _summarise(self.flicker, np.nanmean),
            "curves": Curves(self.looked_at, *curves),
        }


def check_face_stride(face_stride: int) -> None:
    """Raise ValueError unless faces are looked for in every n-th frame, n from 1 on."""
    if face_stride < 1:
        raise ValueError(f"needs a face stride of 1 or more; got {face_stride}; try 1")


def load_scorecard(path: str | Path) -> Scorecard:
    """Read a scorecard's JSON; raises ValueError naming the file when it is something else."""
    try:
        data = load_json(path)
        curves = Curves(**{name: tuple(values) for name, values in data.pop("curves").items()})
        data["frames_without_face"] = tuple(data["frames_without_face"])
        control = data.setdefault("emotion_control", None)  # cards of old have none
        data["emotion_control"] = None if control is None else EmotionControl(**control)
        # Cards of earlier versions have none.
        data["warnings"] = tuple(data.get("warnings", ()))
        if data["format"] != FORMAT or len(data) != len(fields(Scorecard)) - 1:
            raise ValueError(f"format {data['format']}")
        return Scorecard(**data, curves=curves)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f"needs a scorecard of format {FORMAT}; {path} is none ({error}); try scoring it again"
        ) from error


def _leave_out_first(values: np.ndarray) -> np.ndarray:
    """The first face is what the others are compared with: its 0 would only thin out the mean."""
    faces = np.flatnonzero(np.isfinite(values))
    return np.delete(values, faces[:1])


def _round(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), DECIMALS)


def _summarise(values: np.ndarray, measure: Callable[[np.ndarray], float]) -> float | None:
    """`measure` of the values that are there; None when none are."""
    return _round(float(measure(values))) if np.isfinite(values).any() else None


def _list(values: np.ndarray) -> tuple[float | None, ...]:
    return tuple(_round(value) for value in values)
