"""How a film or picture gets its marks: on frames before they are written, on files after.

In: MarkSettings and an Origin. Out: `Marker`, with the stages that frames pass last, and finished
files with XMP and a signed manifest. The first is the same for the same film, so that its bytes
are; a signature is not (a nonce, and salts in the manifest, are drawn each time). So a file is
signed once, when everything else in it is finished, before it gets its final name.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from synth.faces.face import FrameStage
from synth.film.marks.badge import Badge
from synth.film.marks.convolutional_code import ID_BITS
from synth.film.marks.manifest import Origin, can_sign, find_version, sign_file
from synth.film.marks.settings import MarkSettings
from synth.film.marks.watermark import Watermark
from synth.film.marks.xmp import add_xmp, make_packet
from synth.types import Frames
from synth.video.provenance import SOFTWARE


def make_id(text: str) -> int:
    """The watermark's identifier of a film: 32 bits of the hash of what it is made from."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[: ID_BITS // 8], "big")


@dataclass(frozen=True)
class Marker:
    """Marks for what is made in one piece: its frames first, and its files when they are written.

    origin: with the identifier that frames get.
    """

    origin: Origin
    settings: MarkSettings = field(default_factory=MarkSettings)

    @classmethod
    def of(cls, made_by: str, made_from: str, originals: Iterable[Path] = ()) -> Marker:
        """All marks that are there by default. made_from: a text that tells it from others."""
        settings_sha256 = hashlib.sha256(made_from.encode()).hexdigest()
        origin = Origin(made_by, settings_sha256, make_id(made_from), tuple(originals))
        return cls(origin)

    @property
    def stages(self) -> tuple[FrameStage, ...]:
        """What touches frames last of all, in its order."""
        badge = (Badge(self.settings.badge),) if self.settings.badge else ()
        if not self.settings.watermark or self.origin.identifier is None:
            return badge
        return (*badge, Watermark(self.origin.identifier))

    def mark(self, frames: Frames) -> Frames:
        """The frames, or pictures of one size, with what shows or hides in pixels."""
        for stage in self.stages:
            frames = stage(frames, torch.zeros(len(frames), dtype=torch.float64))
        return frames

    def sign(self, paths: Iterable[Path]) -> None:
        """Give finished files, or folders of PNG, their XMP and manifest, each whole or not at all.

        Warns of kinds that carry none. Raises OSError or ValueError naming what cannot be signed.
        """
        if not self.settings.manifest:
            return
        # Here, so that films without manifests do not load what signs.
        from synth.film.marks.keys import load_key, load_or_make_key

        if self.settings.certificate is not None and self.settings.key is not None:
            key = load_key(Path(self.settings.certificate), Path(self.settings.key))
        else:
            key = load_or_make_key()
        origin = self.origin
        if not self.settings.watermark:
            origin = replace(origin, identifier=None)
        packet = make_packet(origin.source_type, f"{SOFTWARE} {find_version()}")
        for path in paths:
            for file in sorted(path.glob("*.png")) if path.is_dir() else [path]:
                if not can_sign(file):
                    warnings.warn(
                        f"{file.name}: {file.suffix} files carry no C2PA manifest; it has the "
                        "watermark and the words in its metadata",
                        stacklevel=2,
                    )
                    continue
                add_xmp(file, packet)
                sign_file(file, origin, key)
