"""A project of the studio becomes its film, on the command line.

    python -m scripts.play_project smile.moodreel.json
    python -m scripts.play_project smile.moodreel.json video.fps=60 name=smile

In: a project's file, as the studio saves it, and further settings of scripts.generate_video. Out:
what generate_video writes. Photos, clips and sounds of a project are looked for among the uploads
of the studio below outputs/studio, or MOODREEL_STUDIO; generators that it names in the folder
models, or MOODREEL_MODELS.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from scripts import generate_video
from scripts.reporting import reporting_errors


def make_arguments(words: list[str]) -> list[str]:
    """The settings of generate_video for a project's file and what follows it.

    Raises ValueError for a file that is no project, OSError for one that cannot be read.
    """
    from studio.commands import make_model_settings, make_settings
    from studio.identifiers import is_id
    from studio.project_files import load_project
    from studio.settings import Limits
    from studio.workspace import NotFoundError, Workspace

    if not words or "=" in words[0]:
        raise ValueError("needs a project's file; got none; try play_project my.moodreel.json")
    order = load_project(Path(words[0].removeprefix("project=")))
    folder = Path(os.environ.get("MOODREEL_STUDIO", "outputs/studio"))
    find = Workspace(folder.resolve(), Limits()).find_upload
    models = Path(os.environ.get("MOODREEL_MODELS", "models")).resolve()
    try:
        settings = make_settings(order, find)
        settings += make_model_settings(order.model, lambda n: find(n) if is_id(n) else models / n)
    except NotFoundError as error:
        raise ValueError(
            f"{words[0]}: needs the file that was uploaded for it; found none in {folder}/uploads; "
            "try setting MOODREEL_STUDIO to the studio's folder"
        ) from error
    return [*settings, *words[1:]]


def main() -> None:
    """The command line."""
    with reporting_errors():
        if sys.argv[1:] in ([], ["--help"], ["-h"]):
            print(__doc__)
            return
        sys.argv = ["play_project", *make_arguments(sys.argv[1:])]
    generate_video.main()


if __name__ == "__main__":
    main()
