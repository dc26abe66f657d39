"""What many films and photos cost: measured here one by one, computed for many machines.

    python -m benchmarks.scale
    python -m benchmarks.scale --films 5 --photos 2 --count 1000000 --machines 1 8 64 video.crf=23

In: settings of generate_video; by default its own film, at full size, with its scorecard. Out: a
table of what one film and one photo took (the median of all but the first, which also loads
weights): seconds by the clock, which another program at work makes more, and core seconds (all
threads of this process together), which it does not. Then a table of what so many take on so many
machines like this one with all cores at work: count x core seconds / (machines x cores), and count
x bytes. Nothing in the second table is measured: machines that wait for their disk take longer.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.signing import signing_as
from scripts.attempts import FINISHED
from scripts.building import read_job
from scripts.constructors import CONFIGS, find_constructors
from scripts.entry import Place
from scripts.generate_videos_ray import FilmMaker
from scripts.invert import PhotosJob, invert_photos
from scripts.sweeping import read_sweep

HOUR_S, DAY_S = 3600.0, 86400.0


@dataclass(frozen=True)
class Cost:
    """What one of many takes, and what it leaves: the first by the clock; those after it by the
    clock and in core seconds."""

    name: str
    first_s: float
    seconds: float
    core_s: float
    size_bytes: float


@dataclass(frozen=True)
class Spent:
    """What one took: by the clock, in core seconds, and on the disk."""

    seconds: float
    core_s: float
    size_bytes: int


def measure_films(count: int, settings: Sequence[str], folder: Path) -> Cost:
    """Make films of the seeds from 0 on, as a worker of many does.

    Raises ValueError where one cannot be made.
    """
    sweep = read_sweep([*settings, f"face.seed=range(0,{count})", f"paths.outputs={folder}"])
    maker, spent = FilmMaker(os.getcwd()), []
    for part in sweep.parts:
        outcome, seconds, core_s = _time(lambda part=part: maker.make(str(folder), part))
        if outcome.state != FINISHED:
            raise ValueError(f"needs films that can be made; {part.name}: {outcome.reason}")
        spent.append(Spent(seconds, core_s, measure_bytes(folder / part.name)))
    return _summarise("film", spent)


def measure_photos(count: int, folder: Path) -> Cost:
    """Invert a photo that scikit-image brings along, so many times under other names."""
    from hydra import compose, initialize_config_dir
    from skimage import data

    (folder / "album").mkdir()
    for number in range(count):
        Image.fromarray(data.astronaut()).save(folder / "album" / f"photo{number}.png")
    spent = []
    for number in range(count):
        settings = [f"photos={folder / 'album' / f'photo{number}.png'}"]
        with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
            job = read_job(compose("invert", settings), PhotosJob, find_constructors("invert"))
        place = Place(folder, folder, "")
        _, seconds, core_s = _time(lambda job=job, place=place: invert_photos(job, place))
        spent.append(Spent(seconds, core_s, measure_bytes(folder / "photos") // (number + 1)))
    return _summarise("photo", spent)


def measure_bytes(folder: Path) -> int:
    """What a folder's files take. Raises OSError where there is none."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: needs results there; got none")
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def format_measured(costs: Sequence[Cost]) -> str:
    """What was measured, as Markdown."""
    lines = [
        "| | first, s | each after it, s | core seconds | on disk, MB |",
        "|---|---|---|---|---|",
    ]
    for cost in costs:
        times = f"{cost.first_s:.1f} | {cost.seconds:.1f} | {cost.core_s:.1f}"
        lines.append(f"| {cost.name} | {times} | {cost.size_bytes / 1e6:.2f} |")
    return "\n".join(lines)


def format_computed(costs: Sequence[Cost], count: int, machines: Sequence[int], cores: int) -> str:
    """What `count` of each take on so many machines of so many cores, as Markdown."""
    heads = [f"{number} machine{'s' * (number > 1)}" for number in machines]
    lines = [f"| {count:,} | {' | '.join(heads)} | on disk |", "|---" * (len(heads) + 2) + "|"]
    for cost in costs:
        all_s = count * cost.core_s / cores
        days = [_format_time(all_s / number) for number in machines]
        disk = f"{count * cost.size_bytes / 1e12:.2f} TB"
        lines.append(f"| {cost.name}s | {' | '.join(days)} | {disk} |")
    return "\n".join(lines)


def _format_time(seconds: float) -> str:
    if seconds < DAY_S:
        return f"{seconds / HOUR_S:,.1f} hours"
    return f"{seconds / DAY_S:,.1f} days"


def _time(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What it gives, and what it took by the clock and in core seconds."""
    began_s, began_core_s = time.monotonic(), time.process_time()
    found = work()
    return found, time.monotonic() - began_s, time.process_time() - began_core_s


def _summarise(name: str, spent: Sequence[Spent]) -> Cost:
    later = spent[1:] or spent
    return Cost(
        name,
        spent[0].seconds,
        float(np.median([one.seconds for one in later])),
        float(np.median([one.core_s for one in later])),
        float(np.median([one.size_bytes for one in spent])),
    )


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
    with tempfile.TemporaryDirectory() as name, signing_as(Path(name) / "config"):
        folder = Path(name)
        if given.films:
            costs.append(measure_films(given.films, given.settings, folder))
        if given.photos:
            costs.append(measure_photos(given.photos, folder))
    cores = os.cpu_count() or 1
    print(f"\n{cores} cores\n\n{format_measured(costs)}\n")
    print(format_computed(costs, given.count, given.machines, cores))


if __name__ == "__main__":
    main()
