"""Convert a generator's checkpoint (NVIDIA, rosinality, Hugging Face's BigGAN) to our safetensors.

    python -m scripts.convert_checkpoint ffhq.pkl ffhq.safetensors
    python -m scripts.convert_checkpoint ffhq ffhq.safetensors        # by the name of its card

Nothing in the source is executed (docs/checkpoint-safety.md). A summary of what was found is
printed. Loading a checkpoint converts it by itself; this script is for keeping the result.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from safetensors import safe_open

from scripts.reporting import reporting_errors, say
from synth.checkpoints.isolation import ChildReport
from synth.generators import convert_checkpoint, load_with_card
from synth.storage.assets import fetch_asset, find_card, hash_file, load_cards

#: Names of classes in the summary.
SHOWN_CLASSES = 7


def main() -> None:
    """Read the command line, convert, and print the summary."""
    arguments = _parse_arguments()
    with reporting_errors():
        destination = Path(arguments.destination)
        if destination.suffix != ".safetensors":
            raise ValueError(f"needs a destination that ends in .safetensors; got {destination}")
        if destination.exists() and not arguments.overwrite:
            raise ValueError(f"{destination}: needs a new file; got an old one; try --overwrite")
        source = _find_source(arguments.source, arguments.sha256)
        report = convert_checkpoint(source, destination)
        say(summarize(source, destination, report))


def summarize(source: Path, destination: Path, report: ChildReport) -> str:
    """A few lines about a conversion, which is opened as a user will open it."""
    loaded = load_with_card(destination)
    generator = loaded.generator
    with safe_open(destination, framework="np") as file:
        names = list(file.keys())
    parameters = sum(tensor.numel() for tensor in generator.state_dict().values())
    has_discriminator = any(name.startswith("discriminator.") for name in names)
    lines = [
        f"source         {source} ({report.source_format})",
        f"sha256         {loaded.sha256}",
        f"architecture   {generator.architecture}",
        f"resolution     {generator.resolution}",
        f"latents        z {generator.z_dim}, {generator.num_layers} rows of w {generator.w_dim}",
        f"classes        {describe_classes(generator.capabilities.class_names)}",
        f"generator      {parameters:,} numbers",
        f"discriminator  {'yes' if has_discriminator else 'no'}",
        f"written        {destination} ({destination.stat().st_size:,} bytes)",
        f"read under     {', '.join(report.sandbox)}",
        *(f"note           {note}" for note in report.notes),
    ]
    return "\n".join(lines)


def describe_classes(names: Sequence[str]) -> str:
    """How many there are and what the first ones are called."""
    if not names:
        return "none"
    more = ", ..." if len(names) > SHOWN_CLASSES else ""
    return f"{len(names)}: {', '.join(names[:SHOWN_CLASSES])}{more}"


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.convert_checkpoint",
        description="Convert a generator to safetensors without running anything in its file.",
    )
    parser.add_argument("source", help=".pkl or .pt file, or the name of a card in assets.yaml")
    parser.add_argument("destination", help="where the .safetensors file goes")
    parser.add_argument("--sha256", help="refuse a source with another sha256")
    parser.add_argument("--overwrite", action="store_true", help="replace the destination")
    return parser.parse_args()


def _find_source(source: str, sha256: str | None) -> Path:
    path = Path(source)
    if not path.exists() and source in load_cards():
        path, sha256 = fetch_asset(source), sha256 or find_card(source).sha256
    if sha256 is not None and path.is_file():
        found = hash_file(path)
        if found != sha256.lower():
            raise ValueError(f"{path}: needs the file with sha256 {sha256}; got {found}")
    return path


if __name__ == "__main__":
    main()
