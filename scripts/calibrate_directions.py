"""How far each direction goes: sense and coefficient, found on faces and stored with their curves.

    python -m scripts.calibrate_directions out=calibrated.safetensors
    python -m scripts.calibrate_directions generator=file generator.path=ffhq.pkl \\
        directions.path=mine.safetensors out=mine_calibrated.safetensors search_rows=true

In: a set of directions, a classifier of emotions (group classifier) and an encoder of persons
(group scorecard). Out: the set with a coefficient that makes intensity 1 the full emotion, within
the identity budget where one is given; the curves in its card, and as a picture beside it; and what
the finished set does to people it was not calibrated on, by the group judge. With search_rows,
which rows of W+ carry each emotion.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from directions.calibration.calibrate import CalibrationSettings, Watchers, calibrate_set
from directions.calibration.report import save_calibration_report
from scripts.building import Deferred
from scripts.entry import Place, run_script
from scripts.reporting import say
from scripts.terminal import TerminalProgress
from synth.devices import choose_device
from synth.film.settings import RenderSettings, ScoreSettings
from synth.generators.acceleration import accelerate
from synth.generators.base import Generator
from synth.judging.emotion_scoring import EmotionScorer
from synth.motion.direction_sets import save_directions
from synth.storage.atomic import check_output_path


@dataclass(frozen=True)
class CalibrationJob:
    """The entries of configs/calibrate_directions.yaml."""

    calibration: CalibrationSettings
    classifier: EmotionScorer
    scorecard: ScoreSettings
    judge: EmotionScorer | None
    render: RenderSettings
    out: str
    report: bool
    generator: Deferred[Generator]


def calibrate(job: CalibrationJob, place: Place) -> None:
    """Calibrate the set and write it to job.out."""
    out, render, observer = Path(job.out), job.render, job.scorecard.observer
    check_output_path(out, ".safetensors")
    job.calibration.check_encoder(observer)
    device = choose_device(render.device)
    with TerminalProgress() as progress:
        generator = accelerate(job.generator.build(), render.precision, render.compile, device)
        watchers = Watchers(job.classifier, observer, job.judge)
        found = calibrate_set(generator, job.calibration, watchers, progress)
    save_directions(out, found.directions)
    if job.report:
        path = out.with_name(f"{out.stem}_calibration.png")
        title = f"{out.stem}: {generator.name}"
        save_calibration_report(path, found.found, found.rows, title)
    say(f"{out}: {len(found.found)} directions for {generator.name}")


def main() -> None:
    """The command line."""
    run_script("calibrate_directions", CalibrationJob, calibrate)


if __name__ == "__main__":
    main()
