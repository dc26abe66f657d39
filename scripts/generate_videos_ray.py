"""Many films on a Ray cluster: what `generate_video -m` makes, with weights loaded once a worker.

    python -m scripts.generate_videos_ray 'face.seed=range(0,1000)' ray.workers=4
    python -m scripts.generate_videos_ray 'face.seed=range(0,1000)' name=thousand ray.address=auto

In: the settings of generate_video, some with several values, and those under `ray`; the extra
`ray`. Out: the folders that `generate_video -m` makes with the same settings, film by film and note
by note, so that either goes on with what the other began: what is finished is seen in the folders,
and nothing of Ray is needed for that. All computers must see one file system (docs/scale.md).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.attempts import FINISHED, Outcome, find_outcome, keep_attempt
from scripts.building import KeptParts, read_job
from scripts.constructors import CONFIGS, find_constructors
from scripts.entry import Place, check_choices, prepare_process, report_sweep
from scripts.frame_rate import settle_frame_rate
from scripts.generate_video import VideoJob, generate_video
from scripts.reporting import reporting_errors, say
from scripts.sweeping import Part, read_sweep

CONFIG = "generate_videos_ray"
#: A worker whose computer went away is started elsewhere, and its film taken up so often.
_RETRIES = 3


@dataclass(frozen=True)
class RaySettings:
    """The entries of `ray` in configs/generate_videos_ray.yaml."""

    address: str | None
    workers: int | None
    cpus: float
    gpus: float

    def __post_init__(self) -> None:
        if (self.workers is not None and self.workers < 1) or self.cpus <= 0 or self.gpus < 0:
            raise ValueError(
                "needs ray.workers from 1 on, ray.cpus above 0 and ray.gpus from 0 on; got "
                f"{self.workers}, {self.cpus}, {self.gpus}"
            )


class FilmMaker:
    """What makes films one after another in a process of its own, and loads weights once."""

    def __init__(self, directory: str) -> None:
        os.chdir(directory)  # so that settings mean the files that they mean to the caller
        prepare_process()
        self._kept = KeptParts()

    def make(self, folder: str, part: Part) -> Outcome:
        """Make one film, or see that it is there; its mistakes are noted, not raised."""
        from omegaconf import OmegaConf

        own = Path(folder) / part.name
        with keep_attempt(own):
            config = compose_film(part.settings)
            allowed = find_constructors("generate_video")
            settle_frame_rate(config, allowed)
            place = Place(own, Path(folder), OmegaConf.to_yaml(config))
            generate_video(read_job(config, VideoJob, allowed, kept=self._kept), place)
        return find_outcome(own)


def compose_film(settings: Sequence[str]) -> Any:
    """The configuration of one film, as `generate_video` would have it."""
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        return compose("generate_video", [*settings])


def generate_videos(words: Sequence[str]) -> None:
    """Make the films of a command line. Raises ValueError where some are not finished."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    sweep = read_sweep(word for word in words if not word.startswith("ray."))
    first = [*sweep.parts[0].settings, *(word for word in words if word.startswith("ray."))]
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        config = compose(CONFIG, first, return_hydra_config=True)
    check_choices(config.hydra.runtime.choices)
    settings = RaySettings(**config.ray)
    folder = Path(OmegaConf.select(config, "paths.run")).absolute()
    sweep.save(folder)
    say(f"{folder}: {len(sweep.parts)} films")
    run_workers(sweep.parts, folder, settings)
    report_sweep(folder, [part.name for part in sweep.parts])


def run_workers(parts: Sequence[Part], folder: Path, settings: RaySettings) -> None:
    """Give films to workers, the next one to whoever is free."""
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ValueError(
            "needs Ray for films on a cluster of it; got none installed; try "
            'pip install "moodreel[ray]", or generate_video -m'
        ) from error
    path = os.pathsep.join([str(CONFIGS.parent), os.environ.get("PYTHONPATH", "")])
    environment = {"env_vars": {"PYTHONPATH": path.rstrip(os.pathsep)}}
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would tell its makers
    ray.init(address=settings.address, runtime_env=environment, include_dashboard=False)
    try:
        options = {"num_cpus": settings.cpus, "num_gpus": settings.gpus}
        options |= {"max_restarts": -1, "max_task_retries": _RETRIES}
        room = ray.cluster_resources()
        count = settings.workers or max(1, int(room.get("CPU", 1) / settings.cpus))
        if settings.gpus and settings.workers is None:
            count = min(count, max(1, int(room.get("GPU", 0) / settings.gpus)))
        worker = ray.remote(FilmMaker).options(**options)
        idle = [worker.remote(os.getcwd()) for _ in range(min(count, len(parts)))]
        left, running = list(reversed(parts)), {}
        while left or running:
            while idle and left:
                maker, part = idle.pop(), left.pop()
                running[maker.make.remote(str(folder), part)] = (maker, part)
            (done,), _ = ray.wait([*running])
            maker, part = running.pop(done)
            idle.append(maker)
            try:
                outcome = ray.get(done)
            except ray.exceptions.RayError as error:  # its computer went away too often
                outcome = Outcome("lost", str(error).strip().splitlines()[0])
            if outcome.state != FINISHED:
                say(f"{part.name}: {outcome.state}: {outcome.reason}")
    finally:
        ray.shutdown()


def main() -> None:
    """The command line."""
    with reporting_errors():
        if {"-h", "--help"} & set(sys.argv):
            say(f"{__doc__}\n{(CONFIGS / CONFIG).with_suffix('.yaml').read_text(encoding='utf-8')}")
            return
        generate_videos(sys.argv[1:])


if __name__ == "__main__":
    main()
