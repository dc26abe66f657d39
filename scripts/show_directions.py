"""What directions do, to look at: a grid of faces x emotions x intensities.

    python -m scripts.show_directions out=directions.png
    python -m scripts.show_directions 'seeds=[3]' 'intensities=[0.5,1,1.5]'
    python -m scripts.show_directions face=photo face.path=me.jpg 'emotions=[happiness]'

In: faces and a set of directions. Out: one PNG. Each row is a face: as it is, at rest, and with
each emotion at each intensity; under an edit stands how far the person has moved from the calm
face, by the face encoder of the group scorecard.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from directions.grid import GridSettings, draw_grid
from scripts.building import Deferred
from scripts.entry import Place, run_script
from scripts.reporting import say
from scripts.terminal import TerminalProgress
from synth.devices import choose_device
from synth.faces.face import Face, FaceSource
from synth.faces.observers import FaceEncoder, fetch_models
from synth.film.contact_sheet import save_contact_sheet
from synth.film.marks.marking import Marker
from synth.film.settings import RenderSettings, ScoreSettings
from synth.generators.acceleration import accelerate
from synth.generators.base import Generator
from synth.storage.atomic import check_output_path


@dataclass(frozen=True)
class GridJob:
    """The entries of configs/show_directions.yaml; a `face` takes the place of the seeds."""

    grid: GridSettings
    face: FaceSource | None
    seeds: list[int]
    psi: float
    render: RenderSettings
    scorecard: ScoreSettings
    out: str
    generator: Deferred[Generator]


def show_directions(job: GridJob, place: Place) -> None:
    """Draw the grid and write it to job.out."""
    out, render = Path(job.out), job.render
    check_output_path(out, ".png")
    job.grid.check_size(1 if job.face is not None else len(job.seeds))
    if job.face is not None:
        job.face.check()
    device = choose_device(render.device)
    observer = job.scorecard.observer
    fetch_models(observer)
    with TerminalProgress() as progress:
        generator = job.generator.build()
        # Faces are found with the generator as it was loaded: an inversion needs its gradients.
        if job.face is not None:
            faces = [job.face.prepare(generator, progress)]
        else:
            faces = [Face.random(generator, seed, job.psi) for seed in job.seeds]
        page = draw_grid(
            faces,
            job.grid,
            observer if isinstance(observer, FaceEncoder) else None,
            lambda slow: accelerate(slow, render.precision, render.compile, device),
        )
    made_by = f"generator {generator.name}"
    originals = [path for face in faces for path in face.originals]
    marker = Marker.of(made_by, place.config, originals)
    save_contact_sheet(out, marker.mark(page[None])[0], made_by)
    marker.sign([out])
    pictures = len(faces) * (2 + len(job.grid.list_edits()))
    say(f"{out}: {len(faces)} faces, {pictures} pictures")


def main() -> None:
    """The command line."""
    run_script("show_directions", GridJob, show_directions)


if __name__ == "__main__":
    main()
