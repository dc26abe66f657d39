"""What many films and photos cost: measured here one by one, computed for many machines.

    python -m benchmarks.scale
    python -m benchmarks.scale --films 5 --photos 2 --count 1000000 --machines 1 8 64 video.crf=23

In: settings of generate_video; by default its own film, at full size, with its scorecard. Out: a
table of what one film and one photo took (the median of all but the first, which also loads
weights), and one of what so many take on so many machines like this one: count x seconds /
machines, and count x bytes. Nothing in the second table is measured: machines that wait for each
other or for their disk take longer.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.attempts import FINISHED
from scripts.building import read_job
from scripts.constructors import CONFIGS, find_constructors
from scripts.entry import Place
from scripts.generate_videos_ray import FilmMaker
from scripts.invert import PhotosJob, invert_photos
from scripts.sweeping import read_sweep
from synth.film.film import SCORECARD
from synth.scores.scorecard import load_scorecard

DAY_S = 86400.0


@dataclass(frozen=True)
class Cost:
    """What one of many takes, and what it leaves: the first, those after it, and of these the part
    that is drawing and encoding (None: not told apart)."""

    name: str
    first_s: float
    seconds: float
    drawing_s: float | None
    size_bytes: float


def measure_films(count: int, settings: Sequence[str], folder: Path) -> Cost:
    """Make films of the seeds from 0 on, as a worker of many does.

    Raises ValueError where one cannot be made.
    """
    sweep = read_sweep([*settings, f"face.seed=range(0,{count})", f"paths.outputs={folder}"])
    maker, spent_s, drawing_s, sizes = FilmMaker(os.getcwd()), [], [], []
    for part in sweep.parts:
        began_s = time.monotonic()
        outcome = maker.make(str(folder), part)
        spent_s.append(time.monotonic() - began_s)
        if outcome.state != FINISHED:
            raise ValueError(f"needs films that can be made; {part.name}: {outcome.reason}")
        drawing_s.append(load_scorecard(folder / part.name / SCORECARD).render_time_s or 0.0)
        sizes.append(measure_bytes(folder / part.name))
    return _summarise("film", spent_s, drawing_s, sizes)


def measure_photos(count: int, folder: Path) -> Cost:
    """Invert a photo that scikit-image brings along, so many times under other names."""
    from hydra import compose, initialize_config_dir
    from skimage import data

    (folder / "album").mkdir()
    for number in range(count):
        Image.fromarray(data.astronaut()).save(folder / "album" / f"photo{number}.png")
    spent_s, sizes = [], []
    for number in range(count):
        settings = [f"photos={folder / 'album' / f'photo{number}.png'}"]
        with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
            job = read_job(compose("invert", settings), PhotosJob, find_constructors("invert"))
        began_s = time.monotonic()
        invert_photos(job, Place(folder, folder, ""))
        spent_s.append(time.monotonic() - began_s)
        sizes.append(measure_bytes(folder / "photos" / f"photo{number}"))
    return _summarise("photo", spent_s, [], sizes)


def measure_bytes(folder: Path) -> int:
    """What a folder's files take. Raises OSError where there is none."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: needs results there; got none")
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def format_measured(costs: Sequence[Cost]) -> str:
    """What was measured, as Markdown."""
    lines = ["| | first, s | each after it, s | of that drawing, s | on disk, MB |"]
    lines += ["|---|---|---|---|---|"]
    for cost in costs:
        drawing = "" if cost.drawing_s is None else f"{cost.drawing_s:.1f}"
        size = f"{cost.size_bytes / 1e6:.2f}"
        lines.append(
            f"| {cost.name} | {cost.first_s:.1f} | {cost.seconds:.1f} | {drawing} | {size} |"
        )
    return "\n".join(lines)


def format_computed(costs: Sequence[Cost], count: int, machines: Sequence[int]) -> str:
    """What `count` of each take on so many machines, as Markdown."""
    heads = [f"{number} machine{'s' * (number > 1)}" for number in machines]
    lines = [f"| {count:,} | {' | '.join(heads)} | on disk |", "|---" * (len(heads) + 2) + "|"]
    for cost in costs:
        days = [f"{count * cost.seconds / number / DAY_S:,.1f} days" for number in machines]
        disk = f"{count * cost.size_bytes / 1e12:.2f} TB"
        lines.append(f"| {cost.name}s | {' | '.join(days)} | {disk} |")
    return "\n".join(lines)


def _summarise(
    name: str, spent_s: Sequence[float], drawing_s: Sequence[float], sizes: Sequence[int]
) -> Cost:
    later = spent_s[1:] or spent_s
    drawing = float(np.median(drawing_s[1:] or drawing_s)) if drawing_s else None
    return Cost(name, spent_s[0], float(np.median(later)), drawing, float(np.median(sizes)))


@contextmanager
def _quiet_folder() -> Iterator[Path]:
    """A folder for results, and a cache of its own, so that nothing was computed before."""
    before = os.environ.get("MOODREEL_CONFIG")
    with tempfile.TemporaryDirectory() as name:
        os.environ["MOODREEL_CONFIG"] = str(Path(name) / "config")
        try:
            yield Path(name)
        finally:
            del os.environ["MOODREEL_CONFIG"]
            if before is not None:
                os.environ["MOODREEL_CONFIG"] = before


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("settings", nargs="*", help="settings of generate_video")
    parser.add_argument("--films", type=int, default=3, help="films to make; 0: none")
    parser.add_argument("--photos", type=int, default=2, help="photos to invert; 0: none")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--machines", type=int, nargs="+", default=[1, 10, 100, 1000])
    given = parser.parse_args()
    costs = []
    with _quiet_folder() as folder:
        if given.films:
            costs.append(measure_films(given.films, given.settings, folder))
        if given.photos:
            costs.append(measure_photos(given.photos, folder))
    print(f"\n{os.cpu_count()} cores\n\n{format_measured(costs)}\n")
    print(format_computed(costs, given.count, given.machines))


if __name__ == "__main__":
    main()
