"""Convert a generator's checkpoint (NVIDIA, rosinality, Hugging Face's BigGAN) to our safetensors.

    python -m scripts.convert_checkpoint source=ffhq.pkl out=ffhq.safetensors
    python -m scripts.convert_checkpoint source=ffhq out=ffhq.safetensors    # by its card's name

Nothing in the source is executed (docs/checkpoint-safety.md). A summary of what was found is
printed. Loading a checkpoint converts it by itself; this script is for keeping the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import safe_open

from scripts.entry import Place, run_script
from scripts.reporting import say
from synth.checkpoints.isolation import ChildReport
from synth.generators import convert_checkpoint, load_with_card
from synth.storage.assets import fetch_asset, find_card, hash_file, load_cards
from synth.storage.atomic import check_output_path

#: Names of classes in the summary.
SHOWN_CLASSES = 7


@dataclass(frozen=True)
class ConversionJob:
    """The entries of configs/convert_checkpoint.yaml."""

    source: str
    out: str
    sha256: str | None
    overwrite: bool


def convert(job: ConversionJob, place: Place) -> None:
    """Convert, and print the summary."""
    out = Path(job.out)
    check_output_path(out, ".safetensors")
    if out.exists() and not job.overwrite:
        raise ValueError(f"{out}: needs a new file; got an old one; try overwrite=true")
    source = _find_source(job.source, job.sha256)
    report = convert_checkpoint(source, out)
    say(summarize(source, out, report))


def summarize(source: Path, out: Path, report: ChildReport) -> str:
    """A few lines about a conversion, which is opened as a user will open it."""
    loaded = load_with_card(out)
    generator = loaded.generator
    with safe_open(out, framework="np") as file:
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
        f"written        {out} ({out.stat().st_size:,} bytes)",
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


def _find_source(source: str, sha256: str | None) -> Path:
    path = Path(source)
    if not path.exists() and source in load_cards():
        path, sha256 = fetch_asset(source), sha256 or find_card(source).sha256
    if sha256 is not None and path.is_file():
        found = hash_file(path)
        if found != sha256.lower():
            raise ValueError(f"{path}: needs the file with sha256 {sha256}; got {found}")
    return path


def main() -> None:
    """The command line."""
    run_script("convert_checkpoint", ConversionJob, convert)


if __name__ == "__main__":
    main()
