"""Whether a film will fit on the disk: guessed before it is begun, counted while it grows.

In: what will be encoded, and the folder. Out: nothing, a warning, or a refusal. A guess from the
kind of file, quality and size is right within a factor of three or so, and refuses only what would
not fit even then; from the first segment on what it measures counts.
"""

from __future__ import annotations

import errno
import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path

from synth.video.encoders import Encoding, check_encoding
from synth.video.segments import Segment

#: Bytes for each pixel of a film of a moving face, at crf 18 (30 for VP9) where that matters.
BYTES_PER_PIXEL = {"png": 1.2, "gif": 0.7, "libvpx-vp9": 0.005}
OTHER_BYTES_PER_PIXEL = 0.012
#: crf by which a file halves.
_HALVING_CRF = 6
_USUAL_CRF = {"libvpx-vp9": 30}
#: How far a guess may be off.
UNSURE = 3
#: What goes beside the video: contact sheet, scorecard, latents.
BESIDE_BYTES = 4e6


def guess_video_bytes(
    video: Path, encoding: Encoding, size_px: tuple[int, int], frame_count: int
) -> float:
    """How large a film of `size_px` (height, width) may become."""
    codec = check_encoding(video, encoding)
    rate = BYTES_PER_PIXEL.get(codec, OTHER_BYTES_PER_PIXEL)
    if codec not in ("png", "gif"):
        rate *= 2 ** ((_USUAL_CRF.get(codec, 18) - encoding.crf) / _HALVING_CRF)
    return rate * size_px[0] * size_px[1] * frame_count


def count_copies(video: Path, with_sound: bool) -> int:
    """How often the pictures lie on the disk at once: segments, video, the video with its sound."""
    if not video.suffix:
        return 1  # pictures are linked
    return 3 if with_sound else 2


def check_space(folder: Path, needed_bytes: float) -> None:
    """Warn where the disk of `folder` may be too small; OSError where it is."""
    free_bytes = _find_free(folder)
    told = f"needs about {_name(needed_bytes)} for the film; got {_name(free_bytes)} free"
    advice = "try another disk (paths.outputs=...), a smaller size or a higher crf"
    if free_bytes < needed_bytes / UNSURE:
        raise OSError(errno.ENOSPC, f"{told}; {advice}", str(folder))
    if free_bytes < needed_bytes + BESIDE_BYTES:
        warnings.warn(
            f"{folder}: {told}; should it not do, the film pauses and loses nothing", stacklevel=3
        )


@dataclass
class SpaceWatch:
    """Counts what segments take, and warns once when those to come will not fit.

    copies: of `count_copies`; the segments themselves are one.
    """

    folder: Path
    frame_count: int
    copies: int
    _written_bytes: int = 0
    _frames: int = 0
    _has_warned: bool = False

    def add(self, segment: Segment) -> None:
        """One more segment is on the disk."""
        files = (path for path in segment.folder.rglob("*") if path.is_file())
        self._written_bytes += sum(path.stat().st_size for path in files)
        self._frames += len(segment.frames)
        left = self.frame_count - segment.frames.stop + (self.copies - 1) * self.frame_count
        needed_bytes = self._written_bytes / self._frames * left + BESIDE_BYTES
        free_bytes = _find_free(self.folder)
        if free_bytes < needed_bytes and not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"{self.folder}: needs about {_name(needed_bytes)} more for the film; got "
                f"{_name(free_bytes)} free; should it not do, the film pauses and loses nothing",
                stacklevel=2,
            )


def _find_free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _name(size_bytes: float) -> str:
    """Bytes for people."""
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.1f} MB"
