"""Generator x path -> frames, a chunk at a time, so that a film of any length fits in memory.

In: a Generator and a LatentPath. Out: an iterator of uint8 frames [frame, height, width, 3];
`synth.video.writing.write_video` takes it as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from synth.devices import find_device
from synth.faces.face import FrameStage
from synth.film.settings import RenderSettings
from synth.generators.base import Generator
from synth.motion.paths import LatentPath, count_frames, find_transforms, iterate_frame_times
from synth.progress import Progress, Report, ignore_progress
from synth.types import Frames, Times, to_frames

#: Pixels worth computing at once: beyond it a CPU gains nothing and only holds more memory.
CPU_BATCH_PIXELS = 2**18
GPU_BATCH_PIXELS = 2**23
MAX_BATCH = 32


def choose_batch_size(resolution: int, device: torch.device) -> int:
    """Frames rendered at once: 1 at 1024x1024 and 4 at 256x256 on a CPU, more on a GPU."""
    pixels = CPU_BATCH_PIXELS if device.type == "cpu" else GPU_BATCH_PIXELS
    return min(max(pixels // resolution**2, 1), MAX_BATCH)


def render_frames(
    generator: Generator,
    path: LatentPath,
    fps: float | int = 25.0,
    settings: RenderSettings = RenderSettings(),  # noqa: B008 (frozen)
    stages: Sequence[FrameStage] = (),
    report: Report = ignore_progress,
) -> Iterator[Frames]:
    """Yield all of the path's frames in chunks: see `Renderer`."""
    yield from Renderer(generator, path, fps, settings, tuple(stages), report).render()


@dataclass(frozen=True, eq=False)
class Renderer:
    """Draws the path's frames in chunks, each changed by the stages in turn.

    Every chunk is computed at the full batch size, the last one filled up with copies that are
    dropped: a compiled generator then meets one shape only. Which frames share a chunk does not
    depend on where rendering begins, and so neither does any pixel. Of the settings, batch and
    noise count here.
    """

    generator: Generator
    path: LatentPath
    fps: float | int = 25.0
    settings: RenderSettings = field(default_factory=RenderSettings)
    stages: tuple[FrameStage, ...] = ()
    report: Report = ignore_progress

    @property
    def frame_count(self) -> int:
        """Frames of the whole film."""
        return count_frames(self.path, self.fps)

    @property
    def batch_size(self) -> int:
        """Frames drawn at once."""
        chosen = self.settings.batch_size
        if chosen is None:
            chosen = choose_batch_size(self.generator.resolution, find_device(self.generator))
        return min(chosen, self.frame_count)

    def render(self, frames: range | None = None) -> Iterator[Frames]:
        """Yield the frames of that range (None: all) in chunks.

        Raises ValueError for NaN pixels, and Cancelled where the report says so.
        """
        total, size = self.frame_count, self.batch_size
        wanted = range(total) if frames is None else frames
        self.report(Progress("render", wanted.start, total))
        start = wanted.start - wanted.start % size
        for times_s in iterate_frame_times(self.path, self.fps, size, start):
            drawn = draw_chunk(self.generator, self.path, times_s, self.settings, size)
            for stage in self.stages:
                drawn = stage(drawn, times_s)
            yield drawn[max(wanted.start - start, 0) : wanted.stop - start]
            start += size
            self.report(Progress("render", min(start, wanted.stop), total))
            if start >= wanted.stop:
                return


def draw_chunk(
    generator: Generator,
    path: LatentPath,
    times_s: Times,
    settings: RenderSettings,
    batch_size: int,
) -> Frames:
    """The frames of at most `batch_size` times."""
    count, device = len(times_s), find_device(generator)
    more: dict[str, Any] = {}
    # Not around a yield: the mode belongs to the thread, and so to the caller.
    with torch.inference_mode():
        transforms = find_transforms(path, times_s)
        if transforms is not None:
            more["transform"] = _fill(transforms.to(device), batch_size)
        images = generator.synthesis(
            _fill(path(times_s).to(device), batch_size),
            noise_mode=settings.noise,
            noise_seed=settings.noise_seed,
            **more,
        )
        return to_frames(images[:count])


def _fill(rows: Tensor, count: int) -> Tensor:
    """So many rows, the last one repeated."""
    missing = count - len(rows)
    return torch.cat([rows, rows[-1:].expand(missing, -1, -1)]) if missing else rows
