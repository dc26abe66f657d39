"""What is to be seen in a clip -> shares of classes over time (Abate and Unger, 2.2 and 2.3).

1. Each frame has a class: probabilities are averaged over 10 frames at a time, and the likeliest
   class is that of all of them. (Emotions come decided, with their strengths; what is missing to 1
   is calm.)
2. Each class is a vector with a 1 at its place. Vectors are averaged over 20 frames at a time, and
   joined linearly from the middle of one such window to the middle of the next, so that a frame may
   be half of one class and half of another.

Windows begin anew at every cut, where the source lets them reach over it: a new scene would else
melt out of the old one while its latent has long jumped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import Float, Int

from synth.motion.footage.clip import Clip, FrameTimes, Picture, Shots
from synth.progress import Report
from synth.types import Frames

Shares = Float[np.ndarray, "time classes"]

#: Frames that are classified together.
BATCH = 16


@runtime_checkable
class PictureClassifier(Protocol):
    """Tells what thing is in a picture."""

    #: Goes into the film's record.
    name: str
    class_count: int

    def classify(self, pictures: Frames) -> Float[np.ndarray, "frame classes"]:
        """uint8 RGB pictures of one size -> probabilities of the classes."""
        ...


@dataclass(frozen=True, eq=False)
class SeenEmotions:
    """What the main face of each shot showed, whenever it was seen.

    times_s, shots: when, and in which shot; emotions: numbers of `Emotion`; strengths: 0 to 1.
    """

    times_s: FrameTimes
    shots: Shots
    emotions: Int[np.ndarray, " frame"]
    strengths: FrameTimes


@runtime_checkable
class EmotionReader(Protocol):
    """Finds faces in a video and tells what they show."""

    #: Goes into the film's record.
    name: str

    def read_emotions(self, path: str | Path, report: Report) -> SeenEmotions:
        """Look through a video; shots are numbered as `synth.video.sampling` numbers them."""
        ...


@dataclass(frozen=True, eq=False)
class Labels:
    """The class of each frame, and how strongly it shows; the rest to 1 goes to class `rest`."""

    numbers: Int[np.ndarray, " frame"]
    strengths: FrameTimes
    class_count: int
    rest: int = 0


class Voter:
    """A watcher: the class of each frame, `vote_frames` of a shot at a time."""

    def __init__(self, classifier: PictureClassifier, vote_frames: int, side_px: int) -> None:
        self._classifier, self._vote_frames = classifier, vote_frames
        self._side_px = side_px
        self._waiting: list[np.ndarray] = []
        self._shots: list[int] = []
        self._group: list[np.ndarray] = []
        self._group_shot = 0
        self._numbers: list[int] = []

    def see(self, picture: Picture, shot: int) -> None:
        """The next frame, which is classified when there are enough."""
        size = (self._side_px, self._side_px)
        self._waiting.append(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
        self._shots.append(shot)
        if len(self._waiting) == BATCH:
            self._classify()

    def finish(self) -> Labels:
        """The classes of all frames that were seen."""
        self._classify()
        self._close_group()
        numbers = np.array(self._numbers, np.int64)
        return Labels(numbers, np.ones(len(numbers)), self._classifier.class_count)

    def _classify(self) -> None:
        if not self._waiting:
            return
        found = self._classifier.classify(np.stack(self._waiting))
        expected = (len(self._waiting), self._classifier.class_count)
        if found.shape != expected or not np.isfinite(found).all():
            raise ValueError(
                f"needs finite probabilities {list(expected)} from {self._classifier.name}; got "
                f"{list(found.shape)}; try another classifier"
            )
        for row, shot in zip(found, self._shots, strict=True):
            if shot != self._group_shot or len(self._group) == self._vote_frames:
                self._close_group()
            self._group.append(row)
            self._group_shot = shot
        self._waiting.clear()
        self._shots.clear()

    def _close_group(self) -> None:
        if self._group:
            chosen = int(np.mean(self._group, axis=0).argmax())
            self._numbers += [chosen] * len(self._group)
            self._group.clear()


@dataclass(frozen=True, eq=False)
class ClassCurve:
    """Shares of classes over time: nodes in the middles of windows, a straight way between them.

    nodes_s, node_shots [node]; shares [node, classes]. Before a shot's first node and after its
    last one the shares stay.
    """

    nodes_s: FrameTimes
    node_shots: Shots
    shares: Float[np.ndarray, "frame classes"]

    def __call__(self, times_s: Float[np.ndarray, " time"], shots: Int[np.ndarray, " time"]):
        """Shares at these times [time, classes], each within its shot."""
        first = np.searchsorted(self.node_shots, shots, side="left")
        last = np.searchsorted(self.node_shots, shots, side="right") - 1
        before = np.searchsorted(self.nodes_s, times_s, side="right") - 1
        before = np.clip(before, first, last)
        after = np.minimum(before + 1, last)
        gaps = self.nodes_s[after] - self.nodes_s[before]
        way = ((times_s - self.nodes_s[before]) / np.where(gaps > 0, gaps, 1.0)).clip(0, 1)
        way = (way * (gaps > 0))[:, None]
        return (1 - way) * self.shares[before] + way * self.shares[after]


def join_labels(clip: Clip, labels: Labels, blend_frames: int) -> ClassCurve:
    """Average each shot's class vectors over `blend_frames` at a time."""
    windows = [
        slice(start, min(start + blend_frames, shot.stop))
        for shot in clip.list_shots()
        for start in range(shot.start, shot.stop, blend_frames)
    ]
    shares = np.zeros((len(windows), labels.class_count), np.float32)
    for row, window in zip(shares, windows, strict=True):
        strengths = labels.strengths[window]
        np.add.at(row, labels.numbers[window], strengths)
        row[labels.rest] += (1 - strengths).sum()
        row /= window.stop - window.start
    nodes_s = np.array([clip.times_s[window].mean() for window in windows])
    return ClassCurve(nodes_s, clip.shots[[window.start for window in windows]], shares)


def label_emotions(clip: Clip, seen: SeenEmotions, class_count: int) -> tuple[Labels, list[int]]:
    """The emotion of each frame, and the numbers of shots without a face, which are calm.

    A frame without a face goes on with the emotion that was seen last in its shot; before the first
    face, with that of the first.
    """
    numbers = np.zeros(len(clip.times_s), np.int64)
    strengths = np.ones(len(clip.times_s))
    faceless: list[int] = []
    for shot in clip.list_shots():
        number = int(clip.shots[shot.start])
        own = np.flatnonzero(seen.shots == number)
        if not len(own):
            faceless.append(number)
            continue
        at = np.searchsorted(seen.times_s[own], clip.times_s[shot] + 1e-6, side="right") - 1
        chosen = own[at.clip(min=0)]
        numbers[shot], strengths[shot] = seen.emotions[chosen], seen.strengths[chosen]
    return Labels(numbers, strengths, class_count), faceless


def name_runs(clip: Clip, curve: ClassCurve, names: Sequence[str]) -> list[tuple[float, str]]:
    """(seconds, name) of each stretch with one main class, at its middle."""
    main = curve.shares.argmax(1)
    edges = np.flatnonzero((np.diff(main) != 0) | (np.diff(curve.node_shots) != 0)) + 1
    starts, stops = np.r_[0, edges], np.r_[edges, len(main)]
    return [
        (float(curve.nodes_s[(start + stop - 1) // 2]), names[int(main[start])])
        for start, stop in zip(starts, stops, strict=True)
    ]
