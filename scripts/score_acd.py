"""How well videos keep one person: average content distance (ACD), by the thesis's protocol.

    python -m scripts.score_acd                               35 faces x 6 expressions = 210 videos
    python -m scripts.score_acd faces=5 'expressions=[anger,fear]' name=acd_quick
    python -m scripts.score_acd 'videos=[a.mp4,b.mp4]'        any video files

In: a configuration out of configs/score_acd.yaml. Out: one scorecard per video, in videos/ those of
the protocol and in files/ those of files; the means in acd.json and acd.md, or acd_files.json and
acd_files.md. The protocol measures frames as the generator renders them, in its own resolution and
without video compression; files are measured as they are. A stopped run is taken up again by the
same command.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.building import Deferred
from scripts.entry import Place, run_script
from scripts.reporting import say
from scripts.terminal import TerminalProgress
from synth.film.acd_protocol import AcdProtocol, score_protocol
from synth.film.settings import RenderSettings, ScoreSettings
from synth.generators.base import Generator
from synth.progress import Report
from synth.scores.acd_summary import save_summary
from synth.scores.video_files import score_files


@dataclass(frozen=True)
class AcdJob:
    """The entries of configs/score_acd.yaml."""

    videos: list[str] | None
    protocol: AcdProtocol
    render: RenderSettings
    scorecard: ScoreSettings
    generator: Deferred[Generator]


def score_acd(job: AcdJob, place: Place) -> None:
    """Score the given files, or render and score the protocol's videos; print the means."""
    with TerminalProgress() as progress:
        if job.videos is not None:
            page = _score_files(job, [Path(path) for path in job.videos], place.folder, progress)
        else:
            page = _score_protocol(job, place.folder, progress)
    say(page)


def _score_files(job: AcdJob, paths: list[Path], folder: Path, report: Report) -> str:
    score = job.scorecard
    cards = score_files(paths, folder / "files", score.observer, score.face_stride, report)
    groups = {**{file: [card] for file, card in cards.items()}, "all": [*cards.values()]}
    measured = "Measured: video files as they are, compression included."
    return save_summary(folder / "acd_files.json", measured, groups)


def _score_protocol(job: AcdJob, folder: Path, report: Report) -> str:
    generator = job.generator.build()
    cards = score_protocol(generator, job.protocol, folder, job.render, job.scorecard, report)
    measured = job.protocol.describe(next(iter(cards.values())))
    return save_summary(folder / "acd.json", measured, job.protocol.group_cards(cards))


def main() -> None:
    """The command line."""
    run_script("score_acd", AcdJob, score_acd)


if __name__ == "__main__":
    main()
