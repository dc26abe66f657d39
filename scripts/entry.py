"""What all scripts share: compose a configuration, read it into a job, run it, report errors.

A script's main is `run_script("name", Job, run)`: configs/name.yaml and the command line become a
`Job`, a frozen dataclass of the script's own, and `run(job, place)` does the work. Errors that a
user can mend become one line on stderr and exit code 1; Ctrl-C exits with 130. MOODREEL_DEBUG=1
shows the traceback as well.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from scripts.constructors import CONFIGS, find_constructors
from scripts.reporting import reporting_errors

Job = TypeVar("Job")


@dataclass(frozen=True)
class Place:
    """Where a run's results go, and what was asked for.

    folder: of this run; shared: of all runs of a sweep together. config: the configuration as YAML.
    """

    folder: Path
    shared: Path
    config: str


def run_script(config_name: str, job_type: type[Job], run: Callable[[Job, Place], None]) -> None:
    """Compose configs/<config_name>.yaml with the command line, read the job and run it."""
    with reporting_errors():
        _run_composed(config_name, job_type, run)


def _run_composed(config_name: str, job_type: type[Job], run: Callable[[Job, Place], None]) -> None:
    # Here, so that Ctrl-C during these long imports is reported like any other.
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import DictConfig, OmegaConf

    from scripts.building import read_job

    def run_job(config: DictConfig) -> None:
        with reporting_errors():  # here too, since Hydra would add a line of its own
            folder = Path(HydraConfig.get().runtime.output_dir)
            shared = Path(OmegaConf.select(config, "paths.run", default=folder))
            place = Place(folder, shared, OmegaConf.to_yaml(config))
            prepare_process()
            run(read_job(config, job_type, find_constructors(config_name)), place)

    # Hydra then raises what went wrong instead of printing its own report.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name=config_name)(run_job)()


def prepare_process() -> None:
    """What a process that renders gains from, and a library must not decide by itself.

    Freed memory is kept for the next picture, and compiled code for the next run.
    """
    from synth.generators.acceleration import keep_compiled_code
    from synth.generators.memory import reuse_freed_memory

    reuse_freed_memory()
    keep_compiled_code()
