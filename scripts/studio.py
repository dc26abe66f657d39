"""The studio: a page in the browser, and a service, on this computer.

    python -m scripts.studio
    python -m scripts.studio address.port=8080 browse=false
    python -m scripts.studio generator=file generator.path=ffhq.pkl directions.path=mine.safetensors

In: a configuration out of configs/studio.yaml. Out: a server at 127.0.0.1 until Ctrl-C; uploads,
projects and films stay in the run's folder. docs/studio.md shows the page, docs/service.md what
programs can ask for. Needs the packages of the extra `studio`: `make studio` installs them.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from embed.photos.recipe import InversionRecipe
from scripts.building import Deferred
from scripts.entry import Place, run_script
from scripts.reporting import say
from studio.settings import Address, Limits, StudioSettings, Tools
from synth.faces.face_cutting import FaceCutter
from synth.film.settings import RenderSettings, ScoreSettings
from synth.generators.base import Generator
from synth.judging.emotion_scoring import EmotionScorer
from synth.motion.emotion_track import EmotionTrack

#: Settings that `generate_video` has as well: a film's command line repeats them.
SHARED = ("generator", "directions", "render", "scorecard")


@dataclass(frozen=True)
class DirectionsFile:
    """The file of directions."""

    path: str | None


@dataclass(frozen=True)
class StudioJob:
    """The entries of configs/studio.yaml."""

    address: Address
    limits: Limits
    browse: bool
    models: str | None
    render: RenderSettings
    scorecard: ScoreSettings
    inversion: InversionRecipe
    classifier: EmotionScorer
    cutter: FaceCutter
    directions: DirectionsFile
    generator: Deferred[Generator]


def run_studio(job: StudioJob, place: Place) -> None:
    """Serve until the process is stopped."""
    if importlib.util.find_spec("starlette") is None or importlib.util.find_spec("uvicorn") is None:
        raise ValueError(
            "needs the packages starlette and uvicorn; found them missing; try make studio, or "
            "pip install 'moodreel[studio]'"
        )
    from studio.serving import serve

    overrides = _list_overrides()
    path = next((x.partition("=")[2] for x in overrides if x.startswith("generator.path=")), None)
    tools = Tools(
        load_generator=job.generator.build,
        render=job.render,
        score=job.scorecard,
        recipe=job.inversion,
        read_clip=make_reader(job.cutter, job.classifier),
        directions=job.directions.path,
        generator_path=path or "bundled",
        command=tuple(keep_shared(overrides)),
    )
    models = None if job.models is None else find_models(job.models)
    settings = StudioSettings(place.folder, tools, job.address, job.limits, models)
    serve(settings, say, job.browse)


def find_models(folder: str) -> Path:
    """The folder of generators and directions. Raises ValueError where there is none."""
    if not Path(folder).is_dir():
        raise ValueError(f"needs a folder of generators for models; got {folder}; check the path")
    return Path(folder).resolve()


def make_reader(cutter: FaceCutter, scorer: EmotionScorer) -> Callable[[str, float], EmotionTrack]:
    """What turns a clip into the track of its emotions."""

    def read_clip(path: str, fps: float) -> EmotionTrack:
        # Here, since Keras takes seconds to import and most visits read no clip.
        from emotion_seq.predict import replay_video

        return replay_video(path, cutter, scorer, fps=fps)

    return read_clip


def keep_shared(overrides: Iterable[str]) -> list[str]:
    """Those settings of the studio that a film's command line needs as well."""
    return [text for text in overrides if text.partition("=")[0].split(".")[0] in SHARED]


def _list_overrides() -> list[str]:
    from hydra.core.hydra_config import HydraConfig

    return [str(text) for text in HydraConfig.get().overrides.task]


def main() -> None:
    """The command line."""
    run_script("studio", StudioJob, run_studio)


if __name__ == "__main__":
    main()
