"""Is this file ours, and is it still as we made it?

In: a file of pictures or film. Out: a Verdict: what its manifest and its pixels say. Four answers:
ours and unchanged; ours and changed since; a watermark without a manifest of ours; nothing.
Manifests of others are told as what they say, not judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from synth.film.marks.manifest import ManifestFacts, read_manifest
from synth.film.marks.reading import FoundWatermark, read_watermark
from synth.types import Frames, Picture
from synth.video.provenance import SOFTWARE
from synth.video.reading import probe_video, read_frames

UNCHANGED, CHANGED, WATERMARK, NOTHING = "unchanged", "changed", "watermark", "nothing"
ANSWERS = {
    UNCHANGED: "made here and unchanged",
    CHANGED: "made here and changed since",
    WATERMARK: "without a manifest of ours, but with our watermark",
    NOTHING: "no mark of ours",
}
_STILLS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
#: Frames of a film that are looked at, spread over its length.
FRAMES = 24


@dataclass(frozen=True)
class Verdict:
    """What is known of one file. status: one of ANSWERS; manifest: its own, whosever it is."""

    path: str
    status: str
    manifest: ManifestFacts | None
    watermark: FoundWatermark | None

    def to_json(self) -> dict[str, object]:
        """As plain JSON; identifiers as eight hexadecimal digits."""
        content = asdict(self)
        for part in (content["manifest"], content["watermark"]):
            if part is not None and part["identifier"] is not None:
                part["identifier"] = f"{part['identifier']:08x}"
        return json.loads(json.dumps(content))

    def describe(self) -> str:
        """In one line."""
        parts = [ANSWERS[self.status]]
        if self.manifest is not None and self.status in (WATERMARK, NOTHING):
            claims = ", ".join(
                x for x in (self.manifest.generator, *self.manifest.source_types) if x
            )
            state = "unchanged since" if self.manifest.is_unchanged else "not as it was signed"
            parts.append(
                f"a manifest by {self.manifest.signer or 'somebody'} says: {claims or 'nothing'} "
                f"({state})"
            )
        if self.watermark is not None:
            name = "id unreadable"
            if self.watermark.identifier is not None:
                name = f"id {self.watermark.identifier:08x}"
            parts.append(f"watermark: {name}, chance below 1e{self.watermark.log10_chance:.0f}")
        return f"{self.path}: {'; '.join(parts)}"


def verify_file(path: str | Path, roots: Sequence[str] = ()) -> Verdict:
    """Look at one file, or a folder of PNG frames; the pixels only where the manifest does not
    settle it.

    roots: PEM certificates whose signatures are ours. Raises OSError or ValueError for a file that
    is neither picture nor film.
    """
    path = Path(path)
    manifest = None if path.is_dir() else read_manifest(path, roots)
    if manifest is not None and manifest.is_trusted and manifest.is_unchanged:
        return Verdict(str(path), UNCHANGED, manifest, None)
    watermark = read_watermark(_sample(path))
    is_ours = manifest is not None and (
        manifest.is_trusted or (watermark is not None and _claims_us(manifest))
    )
    # A changed manifest cannot be trusted; that it claims to be ours is all it says.
    if is_ours or (manifest and _claims_us(manifest) and not manifest.is_unchanged):
        status = CHANGED
    else:
        status = NOTHING if watermark is None else WATERMARK
    return Verdict(str(path), status, manifest, watermark)


def _claims_us(manifest: ManifestFacts) -> bool:
    return not manifest.is_unchanged and manifest.generator.split(" ")[0] == SOFTWARE


def _sample(path: Path) -> Iterator[Frames]:
    """A picture, or frames spread over a film."""
    if path.suffix.lower() in _STILLS:
        yield _read_picture(path)[None]
        return
    step = max(1, probe_video(path).frame_count // FRAMES)
    for number, chunk in enumerate(read_frames(path, 1)):
        if number >= step * FRAMES:
            return
        if number % step == 0:
            yield chunk


def _read_picture(path: Path) -> Picture:
    """uint8 RGB [height, width, 3]. Raises OSError or ValueError naming the file."""
    try:
        with Image.open(path) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path}: needs a whole picture of at most {2 * (Image.MAX_IMAGE_PIXELS or 0):,} "
            f"pixels; got {path.stat().st_size} bytes that are none ({error}); try another copy"
        ) from error
