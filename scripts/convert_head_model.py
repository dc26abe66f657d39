"""Convert ICT-FaceKit's OBJ files to the head model that training reads.

git clone https://github.com/ICT-VGL/ICT-FaceKit
python -m scripts.convert_head_model source=ICT-FaceKit/FaceXModel out=ict_facekit.npz
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.entry import Place, run_script
from scripts.reporting import say
from synth.storage.atomic import check_output_path
from synth.workshop.portraits.shape.head_obj import convert_head_model


@dataclass(frozen=True)
class HeadJob:
    """The entries of configs/convert_head_model.yaml."""

    source: str
    out: str


def convert(job: HeadJob, place: Place) -> None:
    """Read the folder and write one file."""
    check_output_path(Path(job.out), ".npz")
    identities, expressions = convert_head_model(job.source, job.out)
    say(f"{job.out}: {identities} identity modes, {expressions} expressions")


def main() -> None:
    """The command line."""
    run_script("convert_head_model", HeadJob, convert)


if __name__ == "__main__":
    main()
