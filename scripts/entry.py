"""What all scripts share: compose a configuration, read it into a job, run it, report errors.

A script's main is `run_script("name", Job, run)`: configs/name.yaml and the command line become a
`Job`, a frozen dataclass of the script's own, and `run(job, place)` does the work. Errors that a
user can mend become one line on stderr and exit code 1; Ctrl-C exits with 130. MOODREEL_DEBUG=1
shows the traceback as well.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, get_type_hints

from scripts.attempts import FINISHED, RUNNING, count_outcomes, keep_attempt
from scripts.constructors import CONFIGS, Constructors, find_constructors
from scripts.reporting import reporting_errors, say
from scripts.sweeping import Sweep, name_part, read_sweep

if TYPE_CHECKING:
    from omegaconf import DictConfig

Job = TypeVar("Job")
#: Fills in a configuration in place, given the constructors that it may name.
Complete = Callable[["DictConfig", Constructors], None]
#: By these the command line asks for several runs.
MANY = ("--multirun", "-m")
#: The last part of a folder that is named by the time, as configs/ write it.
_TIME = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d")


@dataclass(frozen=True)
class Place:
    """Where a run's results go, and what was asked for.

    folder: of this run; shared: of all runs of a sweep together. config: the configuration as YAML.
    """

    folder: Path
    shared: Path
    config: str

    @property
    def is_named_by_time(self) -> bool:
        """Whether the same command gets another folder the next time, as by default."""
        return bool(re.search(r"^name:.*\$\{now:", self.config, re.MULTILINE))


def run_script(
    config_name: str,
    job_type: type[Job],
    run: Callable[[Job, Place], None],
    apart: bool = False,
    complete: Complete | None = None,
) -> None:
    """Compose configs/<config_name>.yaml with the command line, read the job and run it.

    apart: each run of a sweep has a folder of its own, named by its values, and none ends the
    others by failing (`scripts.sweeping`); the configuration then has `paths: together`.
    complete: fills in what the settings leave open, before the job is read and they are kept.
    """
    is_apart = apart and is_sweep()
    with (
        reporting_errors(),
        preparing_sweep(config_name) if is_apart else nullcontext() as sweep,
    ):
        _run_composed(config_name, job_type, run, sweep.keys if sweep else None, complete)


def is_sweep() -> bool:
    """Whether the command line asks for several runs."""
    return any(flag in sys.argv for flag in MANY)


def _run_composed(
    config_name: str,
    job_type: type[Job],
    run: Callable[[Job, Place], None],
    keys: tuple[str, ...] | None,
    complete: Complete | None,
) -> None:
    """keys: the settings that vary among runs that are kept apart."""
    # Here, so that Ctrl-C during these long imports is reported like any other.
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    from scripts.building import KeptParts, read_job

    # Films of a sweep in one process share what they load.
    kept = KeptParts() if keys is not None else None
    # Now, since a launcher may run the job in a process that does not know this module.
    kinds = get_type_hints(job_type)

    def run_job(config: DictConfig) -> None:
        folder = Path(HydraConfig.get().runtime.output_dir)
        # Reporting here too, since Hydra would add a line of its own.
        with reporting_errors(), dropping_empty(folder):
            check_choices(HydraConfig.get().runtime.choices)
            shared = Path(OmegaConf.select(config, "paths.run", default=folder))
            own = shared / name_run(keys) if keys is not None else folder
            prepare_process()
            with keep_attempt(own) if keys is not None else nullcontext():
                allowed = find_constructors(config_name)
                if complete is not None:
                    complete(config, allowed)
                place = Place(own, shared, OmegaConf.to_yaml(config))
                run(read_job(config, job_type, allowed, kinds, kept), place)

    # Hydra then raises what went wrong instead of printing its own report.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    main = hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name=config_name)(
        run_job
    )
    if not is_sweep():
        main()
        return
    try:
        main()
    except Exception as error:
        raise explain_launcher(error) from error


@contextmanager
def dropping_empty(folder: Path) -> Iterator[None]:
    """Where a run fails before it has written anything, take the folder away that Hydra made for it
    and named by the time; one that the user named stays."""
    try:
        yield
    except BaseException:
        if _TIME.fullmatch(folder.name):
            with suppress(OSError):  # that it is not empty
                folder.rmdir()
        raise


@contextmanager
def preparing_sweep(config_name: str) -> Iterator[Sweep]:
    """Give the sweep its folder before it begins; at the end say what has become of its runs.

    Raises ValueError for settings that no run could have, and where runs failed.
    """
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    words = sys.argv
    sweep = read_sweep(words[1:])
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        config = compose(config_name, [*sweep.parts[0].settings], return_hydra_config=True)
    check_choices(config.hydra.runtime.choices)
    folder = Path(OmegaConf.select(config, "paths.run"))
    sweep.save(folder)
    say(f"{folder}: {len(sweep.parts)} runs")
    # The flag before the settings: among them, argparse would not know those after it.
    settings = [word for word in words[1:] if word not in MANY]
    sys.argv = [words[0], MANY[0], *settings, *sweep.naming]
    try:
        yield sweep
    finally:
        sys.argv = words
    report_sweep(folder, [part.name for part in sweep.parts])


def report_sweep(folder: Path, names: list[str]) -> None:
    """Say what has become of a sweep's runs. Raises ValueError where some have not come to an end
    and nobody is at work on them."""
    counts = count_outcomes(folder, names)
    say(f"{folder}: {', '.join(f'{count} {state}' for state, count in counts.items())}")
    if counts.keys() - {FINISHED, RUNNING}:
        raise ValueError(
            f"needs all {len(names)} runs finished; got others; "
            f"python -m scripts.collect_scores folder={folder} lists why; the same command tries "
            "again what is missing"
        )


def name_run(keys: tuple[str, ...]) -> str:
    """The folder's name of the run of a sweep that Hydra is at."""
    from hydra.core.hydra_config import HydraConfig

    return name_part(HydraConfig.get().overrides.task, keys)


def check_choices(choices: Mapping[str, object]) -> None:
    """Raise ValueError for an option of a group that does not exist.

    Hydra says nothing where the group is optional.
    """
    for group, choice in choices.items():
        folder = CONFIGS / group.split("@")[0]
        if not isinstance(choice, str) or not folder.is_dir():
            continue
        if ".." in choice or not (folder / f"{choice}.yaml").is_file():
            known = ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
            raise ValueError(f"needs {group} among {known}; got {choice}")


def explain_launcher(error: Exception) -> Exception:
    """What ended a sweep, as an error with one sentence; one that says enough stays as it is."""
    families = {family.__name__ for family in type(error).__mro__}
    if families & {"HydraException", "ValueError", "OSError"}:
        return error
    lines = str(error).strip().splitlines() or ["no message"]
    return ValueError(
        f"needs a launcher whose jobs run to their end; got {type(error).__name__}: {lines[0]}; "
        "try -m without a launcher, or launcher=local, and look into .submitit in the run's folder"
    )


def prepare_process() -> None:
    """What a process that renders gains from, and a library must not decide by itself.

    Freed memory is kept for the next picture, and compiled code for the next run.
    """
    from synth.generators.compilation import keep_compiled_code
    from synth.generators.memory import reuse_freed_memory

    reuse_freed_memory()
    keep_compiled_code()
