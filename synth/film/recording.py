"""Frames become closed segments on the disk, and segments a video; a killed run loses one at most.

In: a Renderer, and the folder that segments are kept in. Out: that folder with a folder for each
segment, which appears there at once and whole (its frames, their sha256, how long they took, and
checksums of it all); later the video. Segments that are there are not drawn again. Where they begin
depends on the film alone, and so the video's bytes do not tell how often it was interrupted.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import numpy as np

from synth.film.disk_space import SpaceWatch
from synth.film.rendering import Renderer
from synth.plain_text import load_json
from synth.storage.atomic import write_folder_atomically, write_text_atomically
from synth.storage.checksums import find_damage, write_checksums
from synth.types import Frames
from synth.video.background import check_chunks, run_in_background, writing_to
from synth.video.encoders import Encoding, check_encoding
from synth.video.reading import VideoFacts
from synth.video.segments import Segment, join_segments, open_segment
from synth.video.writing import fit_frames

#: A segment has at least so many frames: fewer would make the file larger, more would be lost.
LEAST_FRAMES = 96
NOTE = "segment.json"
#: How often what is missing in the end is made again, before something must be wrong.
_ROUNDS = 3


def plan_segments(folder: Path, frame_count: int, gop_frames: int) -> tuple[Segment, ...]:
    """Where segments begin: every so many whole groups of pictures; a short rest joins the last."""
    length = math.ceil(LEAST_FRAMES / gop_frames) * gop_frames
    starts = list(range(0, frame_count, length))
    if len(starts) > 1 and frame_count - starts[-1] < length / 2:
        starts.pop()
    stops = [*starts[1:], frame_count]
    return tuple(
        Segment(folder / f"{number:06d}", range(start, stop))
        for number, (start, stop) in enumerate(zip(starts, stops, strict=True))
    )


@dataclass(frozen=True, eq=False)
class Recording:
    """One film being recorded.

    video: the file's name, whose suffix chooses the kind. space: is told how much was written.
    """

    renderer: Renderer
    folder: Path
    video: Path
    encoding: Encoding
    size_px: int | None
    space: SpaceWatch

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All segments, also those to come."""
        return plan_segments(self.folder, self.renderer.frame_count, self.encoding.gop_frames)

    def record(self) -> None:
        """Draw and keep the segments that are not there; damaged ones count as missing.

        Raises what rendering and writing raise; finished segments stay whatever happens.
        """
        for _ in range(_ROUNDS):
            missing = find_missing(self.segments)
            if not missing:
                return
            for neighbours in _group_neighbours(missing):
                self._record(neighbours)
        raise OSError(
            errno.EIO, "segments vanish as soon as they are written; try another disk", self.folder
        )

    def join(self) -> VideoFacts:
        """Write the video out of its segments."""
        return join_segments(self.video, self.segments, self.encoding)

    def read_render_time_s(self) -> float:
        """What drawing and encoding took, all runs together."""
        notes = (load_json(segment.folder / NOTE) for segment in self.segments)
        return round(sum(note["render_time_s"] for note in notes), 3)

    def _record(self, segments: list[Segment]) -> None:
        """Record segments that follow each other, in one go."""
        frames = range(segments[0].frames.start, segments[-1].frames.stop)
        chunks = check_chunks(self.renderer.render(frames))
        run_in_background(chunks, lambda drawn: self._write(drawn, segments))

    def _write(self, chunks: Iterator[Frames], segments: list[Segment]) -> None:
        codec = check_encoding(self.video, self.encoding)
        fitting = (fit_frames(chunk, self.size_px, codec) for chunk in chunks)
        frames = chain.from_iterable(fitting)
        began_s = time.monotonic()
        for segment in segments:
            digest = hashlib.sha256()
            # The video's name, since the segment's own says nothing to anybody.
            with writing_to(self.video), _write_segment(segment) as place:
                with open_segment(place, self.video, self.encoding) as encoder:
                    for frame in islice(frames, len(segment.frames)):
                        digest.update(np.ascontiguousarray(frame).data)
                        encoder.write(frame)
                spent_s, began_s = time.monotonic() - began_s, time.monotonic()
                note = {
                    "frames": [segment.frames.start, segment.frames.stop],
                    "frames_sha256": digest.hexdigest(),
                    "render_time_s": round(spent_s, 3),
                }
                write_text_atomically(place.folder / NOTE, json.dumps(note) + "\n")
                write_checksums(place.folder)
            self.space.add(segment)


def count_recorded(folder: Path) -> int:
    """Frames of the segments that are in the folder, as their notes have it."""
    notes = [load_json(path) for path in folder.glob(f"[0-9]*/{NOTE}")]
    return sum(note["frames"][1] - note["frames"][0] for note in notes)


def find_missing(segments: tuple[Segment, ...]) -> list[Segment]:
    """Segments that are not there whole; what is damaged goes."""
    missing = []
    for segment in segments:
        if find_damage(segment.folder) is not None:
            shutil.rmtree(segment.folder, ignore_errors=True)
            missing.append(segment)
    return missing


@contextmanager
def _write_segment(segment: Segment) -> Iterator[Segment]:
    """The segment in a temporary folder, which gets its place when the block ends well."""
    with write_folder_atomically(segment.folder, replace=True) as temporary:
        yield replace(segment, folder=temporary)


def _group_neighbours(segments: list[Segment]) -> list[list[Segment]]:
    """Segments in groups without a gap."""
    groups: list[list[Segment]] = []
    for segment in segments:
        if groups and groups[-1][-1].frames.stop == segment.frames.start:
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return groups
