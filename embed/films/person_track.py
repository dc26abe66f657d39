"""What is known of a person in a clip, frame by frame: where they are, and W+ of how they look.

In: a clip, a recipe that says whom to follow, a generator with an encoder. Out: a `PersonTrack`,
kept in a folder. W+ are the encoder's guesses, smoothed over time: they only say how the head is
turned and what it shows, the pixels stay the clip's. Frames are read one at a time; what is kept of
each is 20 KB on disk.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter1d

from embed.faces.base import POINT_COUNT, FaceBoxEncoder, NoFaceError
from embed.faces.resampling import map_points
from embed.films.covering.finder import find_covered, load_covers
from embed.films.covering.texture import TEXTURE_PX
from embed.films.kept_blocks import ARRAYS, Findings, KeptBlocks
from embed.photos.recipe import InversionRecipe
from embed.tracking.face_tracking import PersonTracker
from embed.tracking.following import Following
from embed.tracking.video_faces import CropSettings, TrackedFrame, track_person
from synth.batches import take_batches
from synth.generators.base import Generator
from synth.progress import Progress, Report
from synth.storage.arrays import load_array
from synth.storage.assets import hash_file
from synth.storage.atomic import write_folder_atomically
from synth.storage.checksums import CHECKSUMS, write_checksums
from synth.types import Images, WPlus, to_images
from synth.video.reading import probe_video, read_frames

#: Crops that the encoder looks at, and how many at once.
CROP_PX, BATCH = 256, 8
#: Standard deviation of the smoothing of W+ over time.
SMOOTH_S = 0.12
#: It looks so many standard deviations far, and is done so many frames at a time.
REACH, CHUNK = 4.0, 512
#: So many frames are kept at once while a clip is followed; batches of frames begin where they do.
BLOCK_FRAMES = 32 * BATCH
#: A square that moves farther from one frame to the next, in its sides, is in another shot.
JUMP = 0.5

#: The file of `PersonTrack.covered`.
COVERED = "covered"

GuessRows = Callable[[Images], WPlus]


@dataclass(frozen=True, eq=False)
class PersonTrack:
    """quads [frame, 4, 2] and points [frame, 68, 2] in the clip's pixels, rows W+ float16; all NaN
    in frames that do not show the person. covered [frame]: share of the face that something is
    before. points and rows may be memory-mapped; in the record of a film they count by `sha256`, of
    the files that they are in."""

    fps: float
    quads: Float[np.ndarray, "frame 4 2"]
    points: Float[np.ndarray, "frame 68 2"] = field(compare=False)
    rows: Float[np.ndarray, "frame layer w_dim"] = field(compare=False)
    covered: Float[np.ndarray, " frame"] = field(compare=False)
    sha256: str = ""

    @property
    def seen(self) -> Bool[np.ndarray, " frame"]:
        """Frames that show the person, of all: for one frame ask `shows`."""
        return np.asarray(np.isfinite(self.quads).all((1, 2)))

    def shows(self, number: int) -> bool:
        """Whether a frame shows the person."""
        return bool(np.isfinite(self.quads[number]).all())

    def find_person(self) -> Float[torch.Tensor, "layer w_dim"]:
        """The mean of all frames that show them."""
        total = np.zeros(self.rows.shape[1:])
        numbers = np.flatnonzero(self.seen)
        for number in numbers:
            total += self.rows[number]
        return torch.from_numpy(total / len(numbers)).float()


def load_person_track(folder: Path, fps: float) -> PersonTrack:
    """What `save_person_track` wrote. Raises OSError or ValueError naming a file."""
    quads, covered = (load_array(folder / f"{name}.npy") for name in ("quads", COVERED))
    points, rows = (
        np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        for name in ("points", "rows")
    )
    return PersonTrack(fps, quads, points, rows, covered, hash_file(folder / CHECKSUMS))


def save_person_track(
    folder: Path, path: Path, recipe: InversionRecipe, generator: Generator, report: Report
) -> None:
    """Follow the person through the clip, and keep what is found in `folder`, whole or not at all.

    What a call that was stopped has found is taken up (`find_begun`), and the result is the same.
    Raises NoFaceError where no frame shows anybody, ValueError for a generator without an encoder.
    """
    guess = recipe.load_start(generator, [path.stem])
    if not callable(guess):
        raise ValueError(
            f"needs an encoder for generator {generator.name}, to follow a person; got none; try "
            "generator=bundled, or inversion/start=encoder with one of your own"
        )
    facts, blocks = probe_video(path), KeptBlocks(find_begun(folder))
    following = blocks.load_following()
    if following.given:
        report(Progress("follow", note=f"goes on at frame {following.given}"))
    parts: list[Findings] = []
    try:
        for group in take_batches(_follow(path, float(facts.fps), recipe, following), BATCH):
            parts.append(_examine(group, guess, generator))
            report(Progress("follow", min(following.given, facts.frame_count), facts.frame_count))
            if following.given % BLOCK_FRAMES == 0:
                blocks.add(Findings.join(parts), following)
                parts.clear()
    except NoFaceError as error:
        shutil.rmtree(blocks.folder, ignore_errors=True)
        raise NoFaceError(f"{path}: {error}") from error
    if parts:
        blocks.add(Findings.join(parts), following)
    _join(blocks, folder, SMOOTH_S * float(facts.fps), following.given)
    shutil.rmtree(blocks.folder, ignore_errors=True)


def find_begun(folder: Path) -> Path:
    """Where the blocks of a track lie that is to be in `folder`."""
    return folder.with_name(f"{folder.name}.begun")


def _examine(group: Sequence[TrackedFrame], guess: GuessRows, generator: Generator) -> Findings:
    """What is seen in some frames."""
    count = len(group)
    found = Findings(
        np.full((count, 4, 2), np.nan),
        np.full((count, POINT_COUNT, 2), np.nan),
        np.full((count, generator.num_layers, generator.w_dim), np.nan, np.float16),
        np.zeros((count, TEXTURE_PX, TEXTURE_PX, 3), np.uint8),
    )
    shown = [
        (k, one.face, one.points)
        for k, one in enumerate(group)
        if one.face is not None and one.points is not None
    ]
    if shown:
        layout = load_covers().layout
        w_plus = guess(to_images(np.stack([face.crop for _, face, _ in shown])))
        for (k, face, points), rows in zip(shown, w_plus.float().cpu().numpy(), strict=True):
            found.quads[k], found.points[k], found.rows[k] = face.quad, points, rows
            found.textures[k] = layout.cut(face.crop, map_points(face.to_crop, points))
    return found


def _join(blocks: KeptBlocks, folder: Path, spread: float, count: int) -> None:
    """Blocks of `count` frames as one track, its rows smoothed by `spread` frames."""
    with write_folder_atomically(folder, replace=True) as made:
        arrays: dict[str, np.memmap] = {}
        first = 0
        for found in blocks.load():
            stop = first + len(found.quads)
            for name in ARRAYS:
                part = getattr(found, name)
                if name not in arrays:
                    place, shape = made / f"{name}.npy", (count, *part.shape[1:])
                    arrays[name] = np.lib.format.open_memmap(place, "w+", part.dtype, shape)
                arrays[name][first:stop] = part
            first = stop
        for run in list_runs(arrays["quads"]):
            smooth_over_time(arrays["rows"], run, spread)
        seen = np.asarray(np.isfinite(arrays["quads"]).all((1, 2)))
        np.save(made / f"{COVERED}.npy", find_covered(arrays.pop("textures"), seen))
        (made / "textures.npy").unlink()
        for array in arrays.values():
            array.flush()
        write_checksums(made)


def smooth_over_time(
    rows: Float[np.ndarray, "frame layer w_dim"], run: slice, spread: float, chunk: int = CHUNK
) -> None:
    """Smooth the frames of a run in place, `chunk` at a time; spread: standard deviation in frames.

    Before the first frame and after the last one the rows count as these have them.
    """
    margin = math.ceil(REACH * spread)
    before = rows[run.start : run.start].astype(np.float32)
    for start in range(run.start, run.stop, chunk):
        count = min(chunk, run.stop - start)
        after = rows[start : min(start + count + margin, run.stop)].astype(np.float32)
        known = np.concatenate([before, after])
        smooth = gaussian_filter1d(known, spread, axis=0, mode="nearest", truncate=REACH)
        rows[start : start + count] = smooth[len(before) : len(before) + count]
        before = known[max(0, len(before) + count - margin) : len(before) + count]


def list_runs(quads: Float[np.ndarray, "frame 4 2"]) -> list[slice]:
    """Frames one after another that show the person without a jump."""
    middles = quads.mean(1)
    sides = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    numbers = np.zeros(len(quads), int)
    for k in range(1, len(quads)):
        away = np.linalg.norm(middles[k] - middles[k - 1]) / sides[k]
        numbers[k] = numbers[k - 1] + (not away <= JUMP)
    runs = []
    for _, frames in groupby(np.flatnonzero(np.isfinite(sides)), key=lambda k: numbers[k]):
        listed = list(frames)
        runs.append(slice(int(listed[0]), int(listed[-1]) + 1))
    return runs


def _follow(
    path: Path, fps: float, recipe: InversionRecipe, following: Following
) -> Iterator[TrackedFrame]:
    assert recipe.finder is not None
    someone = recipe.observer
    encoder = someone if isinstance(someone, FaceBoxEncoder) else None
    frames = (frame for chunk in read_frames(path) for frame in chunk)
    tracker = PersonTracker(recipe.finder, encoder, recipe.which)
    crop, due = CropSettings(CROP_PX, recipe.padding), islice(frames, following.given, None)
    return track_person(due, fps, tracker, crop=crop, following=following)
