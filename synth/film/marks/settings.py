"""Which marks films and pictures get: the constructor is the settings of configs/marks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synth.film.marks.badge import check_place


@dataclass(frozen=True)
class MarkSettings:
    """What tells that a file was generated, besides the words in its metadata.

    watermark: an identifier in the pixels that nobody sees. manifest: a signed C2PA manifest and
    the IPTC source type, in kinds of files that carry them. badge: a visible sign in a corner,
    top_left, top_right, bottom_left or bottom_right; None: no sign. certificate, key: PEM files of
    your own to sign with, the certificate first and then those who signed it, key for ES256; None:
    those made on first use in the user's folder of settings.
    Raises ValueError for a badge elsewhere, and for one of certificate and key without the other.
    """

    watermark: bool = True
    manifest: bool = True
    badge: str | None = None
    certificate: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        if self.badge is not None:
            check_place(self.badge)
        if (self.certificate is None) != (self.key is None):
            raise ValueError(
                "needs marks.certificate and marks.key together; got one of them; "
                "try both, or neither"
            )

    def check(self) -> None:
        """Raise FileNotFoundError for a certificate or key that is not there."""
        for path in (self.certificate, self.key):
            if path is not None and not Path(path).is_file():
                raise FileNotFoundError(f"{path}: needs a PEM file; got none there")


#: Nothing at all.
UNMARKED = MarkSettings(watermark=False, manifest=False)
