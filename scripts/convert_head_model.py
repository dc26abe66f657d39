"""Convert ICT-FaceKit's OBJ files to the head model that training reads.

git clone https://github.com/ICT-VGL/ICT-FaceKit
python -m scripts.convert_head_model ICT-FaceKit/FaceXModel ict_facekit.npz
"""

from __future__ import annotations

import argparse

from scripts.reporting import reporting_errors, say
from synth.workshop.portraits.shape.head_obj import convert_head_model


def main() -> None:
    """Read the command line and convert."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", help="the folder FaceXModel of ICT-FaceKit")
    parser.add_argument("destination", help="an .npz file")
    arguments = parser.parse_args()
    with reporting_errors():
        identities, expressions = convert_head_model(arguments.source, arguments.destination)
        say(f"{arguments.destination}: {identities} identity modes, {expressions} expressions")


if __name__ == "__main__":
    main()
