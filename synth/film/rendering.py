"""Generator x path -> frames, a chunk at a time, so that a film of any length fits in memory.

In: a Generator and a LatentPath. Out: an iterator of uint8 frames [frame, height, width, 3] in the
generator's own resolution; `synth.video.writing.write_video` takes it as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from tqdm import tqdm

from synth.devices import find_device
from synth.generators.base import Generator, NoiseMode
from synth.motion.paths import LatentPath, count_frames, iterate_frame_times
from synth.types import Frames, to_frames

#: Pixels worth computing at once: beyond it a CPU gains nothing and only holds more memory.
CPU_BATCH_PIXELS = 2**18
GPU_BATCH_PIXELS = 2**23
MAX_BATCH = 32


def choose_batch_size(resolution: int, device: torch.device) -> int:
    """Frames rendered at once: 1 at 1024x1024 and 4 at 256x256 on a CPU, more on a GPU."""
    pixels = CPU_BATCH_PIXELS if device.type == "cpu" else GPU_BATCH_PIXELS
    return min(max(pixels // resolution**2, 1), MAX_BATCH)


def check_batch_size(batch_size: int) -> None:
    """Raise ValueError for a batch without frames."""
    if batch_size < 1:
        raise ValueError(f"needs a batch of at least 1 frame; got batch_size={batch_size}; try 1")


def render_frames(
    generator: Generator,
    path: LatentPath,
    fps: float | int = 25.0,
    batch_size: int | None = None,
    noise_mode: NoiseMode = "const",
    noise_seed: int | None = None,
    show_progress: bool = True,
) -> Iterator[Frames]:
    """Yield the path's frames in chunks of `batch_size` (None: by resolution and device).

    Every chunk is computed at the full batch size, the last one filled up with copies that are
    dropped: a compiled generator then meets one shape only.
    Raises ValueError for a batch size below 1, and for NaN pixels.
    """
    frame_count = count_frames(path, fps)
    device = find_device(generator)
    if batch_size is None:
        batch_size = choose_batch_size(generator.resolution, device)
    check_batch_size(batch_size)
    batch_size = min(batch_size, frame_count)
    with tqdm(
        total=frame_count, desc="render", unit="frame", disable=None if show_progress else True
    ) as progress:
        for times_s in iterate_frame_times(path, fps, batch_size):
            # Not around the yield: the mode belongs to the thread, and so to the caller.
            with torch.inference_mode():
                w_plus = path(times_s).to(device)
                missing = batch_size - len(w_plus)
                if missing:
                    w_plus = torch.cat([w_plus, w_plus[-1:].expand(missing, -1, -1)])
                images = generator.synthesis(w_plus, noise_mode=noise_mode, noise_seed=noise_seed)
                frames = to_frames(images[: len(times_s)])
            yield frames
            progress.update(len(frames))
