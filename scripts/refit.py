"""Everything that follows from the bundled generator, in order: `make refit`.

    python -m scripts.refit                          # what is out of date
    python -m scripts.refit minutes=25               # a slice; call it again to go on
    python -m scripts.refit data=faces 'only=[perceptual,judge,encoder]'
    python -m scripts.refit show=true
    python -m scripts.refit head_model=ict_facekit.npz only=[head]

Each step names the files it reads and writes. docs/refit.json keeps their hashes as they were when
the step was last done; a step whose files are all as they were then is skipped, so that a stopped
refit goes on, and only what a change touches is done again. The two networks that judge pictures
need the renders they learn from: without `data` they are left as they are; so is the head that
moves photos without `head_model`.
"""

from __future__ import annotations

import math
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.entry import Place, run_script
from scripts.reporting import say
from synth.plain_text import load_json
from synth.setting_text import write_setting
from synth.storage.assets import hash_file
from synth.storage.run_settings import are_same_settings, hash_settings, replace_settings

ROOT = Path(__file__).resolve().parents[1]
RECORD = Path("docs/refit.json")
GENERATOR = "synth/generators/weights/moodreel-people.safetensors"
PERCEPTUAL = "synth/judging/weights/moodreel-perceptual.safetensors"
JUDGE = "synth/judging/weights/moodreel-judge.safetensors"
ENCODER = "embed/encoder/weights/moodreel-encoder.safetensors"
VOCABULARY = "synth/generators/bundled_parameters.py"
HEAD = "synth/generators/weights/moodreel-head.safetensors"
DIRECTIONS = "synth/motion/weights/moodreel-people.safetensors"


@dataclass(frozen=True)
class RefitJob:
    """The entries of configs/refit.yaml."""

    minutes: float | None
    data: str | None
    head_model: str | None
    only: list[str]
    force: bool
    show: bool


@dataclass(frozen=True)
class RefitStep:
    """Commands that make files from files, all relative to the repository.

    commands: arguments of this Python, one after another. copies: results of a run, {from: to}.
    remove: a run's folder that is of no use afterwards. resumes: may be stopped at any time.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    copies: tuple[tuple[str, str], ...] = ()
    remove: str | None = None
    resumes: bool = False


def list_steps(data: Path | None, head_model: Path | None = None) -> list[RefitStep]:
    """All steps in the order in which they depend on each other."""
    steps = [
        RefitStep(
            "encoder",
            (GENERATOR, PERCEPTUAL, "configs/train_encoder.yaml"),
            (ENCODER,),
            (("-m", "scripts.train_encoder", "name=refit", f"out={ENCODER}"),),
            remove="outputs/refit",
            resumes=True,
        ),
        RefitStep(
            "directions",
            (
                *(GENERATOR, PERCEPTUAL, JUDGE),
                *("configs/fit_directions.yaml", "configs/calibrate_directions.yaml"),
            ),
            (DIRECTIONS,),
            (
                ("-m", "scripts.fit_directions", "out=outputs/fitted.safetensors"),
                (
                    *("-m", "scripts.calibrate_directions"),
                    *("directions.path=outputs/fitted.safetensors", "identity_budget=0.46"),
                    *("full_at=present", f"out={DIRECTIONS}", "report=false"),
                ),
            ),
        ),
        _make_film("demo", "contact_sheet.png", "docs/demo_sheet.png"),
        _make_film("readme", "video.gif", "docs/demo.gif"),
        _make_photo_page(),
        _make_film_example(),
    ]
    if head_model is not None:
        steps.insert(0, _fit_head(head_model))
    return steps if data is None else [*_list_networks(data), *steps]


def _fit_head(head_model: Path) -> RefitStep:
    """What moves a photo's pixels follows from the vocabulary and the renderer's head."""
    command = ("-m", "scripts.fit_head", write_setting("head_model", head_model))
    inputs = (str(head_model), VOCABULARY, "configs/fit_head.yaml")
    return RefitStep("head", inputs, (HEAD,), (command,))


def _list_networks(data: Path) -> list[RefitStep]:
    """What judges pictures learns from renders; both go on when stopped."""
    return [
        RefitStep(
            name,
            (str(data / "plan.json"), str(data / "parameters.npy")),
            (weights,),
            (
                (
                    *("-m", "scripts.train_networks", f"network={name}"),
                    *(write_setting("data", data), "name=refit"),
                ),
            ),
            remove=f"outputs/refit/{name}",
            resumes=True,
        )
        for name, weights in (("perceptual", PERCEPTUAL), ("judge", JUDGE))
    ]


def _make_film(name: str, result: str, document: str) -> RefitStep:
    return RefitStep(
        name,
        (GENERATOR, DIRECTIONS, f"configs/experiment/{name}.yaml"),
        (document,),
        (("-m", "scripts.generate_video", f"experiment={name}"),),
        copies=((f"outputs/{name}/{result}", document),),
    )


def _make_photo_page() -> RefitStep:
    photo = "from skimage import data, io; io.imsave('outputs/astronaut.png', data.astronaut())"
    film = (
        *("-m", "scripts.generate_video", "name=photo", "face=photo"),
        *("face.path=outputs/astronaut.png", "face.paste=true"),
        "track.emotions=[calm,happiness,surprise,sadness]",
    )
    return RefitStep(
        "photo",
        (GENERATOR, DIRECTIONS, ENCODER, PERCEPTUAL, HEAD),
        ("docs/photo_sheet.png",),
        (("-c", photo), film),
        copies=(("outputs/photo/contact_sheet.png", "docs/photo_sheet.png"),),
    )


def _make_film_example() -> RefitStep:
    """The clip, the film and the sheet of docs/photos.md, 'A person in a clip'."""
    photo = "from skimage import data, io; io.imsave('outputs/astronaut.png', data.astronaut())"
    clip, sheet, example = "outputs/clip.mp4", "docs/film_sheet.jpg", "benchmarks.film_example"
    film = (
        *("-m", "scripts.generate_video", "name=film", "face=video", f"face.path={clip}"),
        *("track.emotions=[calm,happiness,surprise,sadness]", "track.gap=1.25", "track.hold=0"),
    )
    return RefitStep(
        "film",
        (GENERATOR, DIRECTIONS, ENCODER, HEAD),
        (sheet,),
        (
            ("-c", photo),
            ("-m", example, "clip", "outputs/astronaut.png", clip),
            film,
            ("-m", example, "sheet", clip, "outputs/film/video.mp4", sheet),
        ),
    )


def hash_step(root: Path, step: RefitStep) -> dict[str, str]:
    """SHA-256 by file that the step reads or writes ('' where there is none), and of its text."""
    paths = {name: root / name for name in (*step.inputs, *step.outputs)}
    files = {name: hash_file(path) if path.is_file() else "" for name, path in paths.items()}
    return {**files, "commands": hash_settings([step.commands, step.copies])}


def read_record(root: Path) -> dict[str, dict[str, str]]:
    """Hashes by step as they were when it was last done."""
    file = root / RECORD
    return load_json(file) if file.exists() else {}


def find_due(root: Path, steps: Sequence[RefitStep]) -> list[RefitStep]:
    """Steps whose files are not as they were; what a due step writes makes later ones due too."""
    record, due, changing = read_record(root), [], set()
    for step in steps:
        is_same = are_same_settings(record.get(step.name), hash_step(root, step))
        if not is_same or changing.intersection(step.inputs):
            due.append(step)
            changing.update(step.outputs)
    return due


def drop_what_began_otherwise(root: Path, step: RefitStep) -> None:
    """A step that was stopped does not go on when the files that it reads are others since."""
    begun = root / "outputs" / f"refit_{step.name}.json"
    inputs = hash_step(root, replace(step, outputs=()))
    if step.remove and begun.exists() and not are_same_settings(load_json(begun), inputs):
        shutil.rmtree(root / step.remove, ignore_errors=True)
    replace_settings(begun, inputs)


def take_step(root: Path, step: RefitStep, until_s: float) -> bool:
    """Do one step; False when the time was over before it was done.

    Raises ChildProcessError when a command fails.
    """
    (root / "outputs").mkdir(exist_ok=True)
    drop_what_began_otherwise(root, step)
    for command in step.commands:
        child = subprocess.Popen([sys.executable, *command], cwd=root)
        try:
            code = child.wait(max(1.0, until_s - time.monotonic()) if step.resumes else None)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGINT)
            child.wait()
            return False
        except BaseException:
            child.terminate()
            child.wait()
            raise
        if code:
            raise ChildProcessError(
                f"needs step {step.name} to work; `python {' '.join(command)}` ended with {code}"
            )
    for source, target in step.copies:
        shutil.copyfile(root / source, root / target)
    if step.remove is not None:
        shutil.rmtree(root / step.remove, ignore_errors=True)
    record = {**read_record(root), step.name: hash_step(root, step)}
    replace_settings(root / RECORD, record)
    return True


def refit(root: Path, steps: Sequence[RefitStep], minutes: float) -> bool:
    """Take all steps that are due, while there is time; -> whether nothing is left."""
    until_s = time.monotonic() + 60 * minutes
    for step in steps:
        if not find_due(root, [step]):
            say(f"{step.name}: up to date")
            continue
        if time.monotonic() > until_s:
            say(f"{step.name}: left for the next call")
            return False
        say(f"{step.name}: {', '.join(step.outputs)}")
        if not take_step(root, step, until_s):
            say(f"{step.name}: stopped; the same command goes on")
            return False
    return True


def forget(root: Path, steps: Sequence[RefitStep]) -> None:
    """Make steps due whatever their files are."""
    names = {step.name for step in steps}
    record = {name: hashes for name, hashes in read_record(root).items() if name not in names}
    replace_settings(root / RECORD, record)


def take_due_steps(job: RefitJob, place: Place) -> None:
    """Take the steps that the job asks for, or print them. Raises ValueError for unknown ones."""
    data, head_model = (None if x is None else Path(x) for x in (job.data, job.head_model))
    steps = list_steps(data, head_model)
    names = [step.name for step in steps]
    if set(job.only) - set(names):
        raise ValueError(
            f"needs steps among {names}; got {job.only}; try data=... or head_model=..."
        )
    steps = [step for step in steps if not job.only or step.name in job.only]
    if job.show:
        say("\n".join(step.name for step in find_due(ROOT, steps)) or "nothing is due")
        return
    if job.force:
        forget(ROOT, steps)
    refit(ROOT, steps, math.inf if job.minutes is None else job.minutes)


def main() -> None:
    """The command line."""
    run_script("refit", RefitJob, take_due_steps)


if __name__ == "__main__":
    main()
