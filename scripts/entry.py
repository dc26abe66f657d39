"""What all scripts share: compose a configuration, build our objects from it, report errors.

A script's main is `run_script("name", job)`: configs/name.yaml and the command line become a
configuration, and `job(configuration, folder)` gets the run's folder. Errors that a user can mend
become one line on stderr and exit code 1; Ctrl-C exits with 130. MOODREEL_DEBUG=1 shows the
traceback as well.
"""

from __future__ import annotations

import importlib
import inspect
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from scripts.setting_types import check_value, find_kinds
from synth.devices import choose_device as choose_device  # for scripts
from synth.scores.observations import FaceObserver, NeedsModels
from synth.scores.scorecard import check_face_stride

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
#: Configurations may name targets in these packages only.
OWN_PACKAGES = ("synth", "embed", "directions", "emotion_seq")
FAILED, INTERRUPTED, TERMINATED = 1, 130, 143


def run_script(config_name: str, job: Callable[[DictConfig, Path], None]) -> None:
    """Compose configs/<config_name>.yaml with the command line and run `job`; exit on errors."""

    def run_job(config: DictConfig) -> None:
        with reporting_errors():  # here, since Hydra would add a line of its own
            job(config, Path(HydraConfig.get().runtime.output_dir))

    # Hydra then raises what went wrong instead of printing its own report.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    with reporting_errors():
        hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name=config_name)(run_job)()


@contextmanager
def reporting_errors() -> Iterator[None]:
    """Turn a user's mistakes, full disks and Ctrl-C into one line on stderr and an exit code.

    Anything else is a fault of ours and keeps its traceback.
    """
    # An exit by exception lets every temporary file be removed; the default would not.
    before = _handle_sigterm(_exit_on_sigterm)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            yield
    except KeyboardInterrupt:
        _report("interrupted; files that were not finished are removed")
        sys.exit(INTERRUPTED)
    except torch.OutOfMemoryError as error:
        _report(f"not enough memory on the device: {error}; try render.batch_size=1")
        sys.exit(FAILED)
    except MissingMandatoryValue as error:
        _report(f"needs a value for {error.full_key}; got none; try {error.full_key}=...")
        sys.exit(FAILED)
    except (ValueError, OSError, HydraException, OmegaConfBaseException) as error:
        _report(str(error))
        sys.exit(FAILED)
    finally:
        _handle_sigterm(before)


def build(config: object, **more: Any) -> Any:
    """Call what `_target_` names with the mapping's other entries and `more`; nested ones first.

    Only functions and classes defined in OWN_PACKAGES are accepted. Raises ValueError for another
    target, and for entries that the target does not take.
    """
    if isinstance(config, DictConfig | ListConfig):
        config = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    if isinstance(config, list):
        return [build(item) for item in config]
    if not isinstance(config, Mapping):
        return config
    entries = {str(key): build(value) for key, value in config.items() if key != "_target_"}
    if "_target_" not in config:
        return entries
    target = check_settings({"_target_": config["_target_"], **entries}, **more)
    return target(**entries | more)


def check_settings(config: Mapping[Any, Any], **more: Any) -> Callable[..., Any]:
    """What `_target_` names, without calling it.

    Raises ValueError when it does not take the settings, or takes values of another kind.
    """
    target = _find_target(config["_target_"])
    arguments = {str(key): value for key, value in config.items() if key != "_target_"}
    try:
        inspect.signature(target).bind(**arguments | more)
    except TypeError as error:
        raise ValueError(f"needs settings that {config['_target_']} takes; {error}") from error
    kinds = find_kinds(target)
    for name, value in arguments.items():
        check_value(name, value, kinds.get(name, Any))
    return target


def build_observer(config: DictConfig) -> FaceObserver | None:
    """Who looks for faces, by the group `scorecard`, with its models at hand; None for nobody.

    Raises ValueError for a stride below 1, and for a model that cannot be had.
    """
    check_face_stride(config.face_stride)
    observer: FaceObserver | None = build(config.observer)
    if isinstance(observer, NeedsModels):
        observer.fetch_models()
    return observer


def _find_target(path: object) -> Callable[..., Any]:
    """The function or class that a dotted path names, defined in one of our packages."""
    module_name, _, attribute = str(path).rpartition(".")
    if module_name.split(".")[0] in OWN_PACKAGES:
        try:
            target = getattr(importlib.import_module(module_name), attribute, None)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.split(".")[0] not in OWN_PACKAGES:
                raise
            target = None
        # A module of ours may import anything: what counts is where the target was defined.
        owner = str(getattr(target, "__module__", "")).split(".")[0]
        if callable(target) and owner in OWN_PACKAGES:
            return target
    raise ValueError(
        f"needs a _target_ defined in {', '.join(OWN_PACKAGES)}; got {path!r}; check its spelling"
    )


def _report(message: str) -> None:
    if os.environ.get("MOODREEL_DEBUG") == "1":
        traceback.print_exc()
    print(f"error: {' '.join(message.split())}", file=sys.stderr)


def _show_warning(message: Warning | str, category: type[Warning], *place: Any) -> None:
    """One line for the user; where in the code it arose is of no use to them."""
    print(f"warning: {' '.join(str(message).split())}", file=sys.stderr)


def _handle_sigterm(handler: Any) -> Any:
    """Set what SIGTERM does and return what it did; only the main thread may."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(signal.SIGTERM, handler)


def _exit_on_sigterm(signal_number: int, frame: object) -> None:
    sys.exit(TERMINATED)
