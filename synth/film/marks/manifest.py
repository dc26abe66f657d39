"""C2PA manifests: what made a file and of what, signed, in the file itself.

In: a finished file, where it comes from, a key. Out: the file with a manifest; and back, what a
file's manifest says and whether the file is still as it was signed. After C2PA 2.2 by way of
c2pa-python, without thumbnails, and without the network: no time stamps of others, no manifests
from elsewhere, no questions to those who issued certificates.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from synth.film.marks.ingredients import Ingredient, list_ingredients
from synth.film.marks.keys import SigningKey
from synth.film.marks.xmp import GENERATED, OF_A_PERSON, SOURCE_TYPES
from synth.storage.atomic import write_atomically
from synth.video.provenance import SOFTWARE

#: Kinds of files that carry a manifest.
MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
}
WATERMARK_NAME = "org.moodreel.watermark.1"
SETTINGS_NAME = "org.moodreel.settings"
_SETTINGS = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {
        "verify_after_sign": False,
        "remote_manifest_fetch": False,
        "ocsp_fetch": False,
        "verify_trust": True,
    },
}


@dataclass(frozen=True)
class Origin:
    """Where a file comes from.

    made_by: the generator's name. settings_sha256: of what the film was made from. identifier: of
    the watermark; None without one. originals: files of a real person that it shows, if any.
    """

    made_by: str = ""
    settings_sha256: str = ""
    identifier: int | None = None
    originals: tuple[Path, ...] = ()

    @property
    def source_type(self) -> str:
        """The IPTC word for it."""
        return OF_A_PERSON if self.originals else GENERATED


@dataclass(frozen=True)
class ManifestFacts:
    """What a file's manifest says.

    is_trusted: signed by one of those who are trusted. is_unchanged: the file is as it was signed.
    problems: C2PA's codes for what is wrong. identifier: of the watermark, where one is named.
    """

    generator: str
    signer: str
    is_trusted: bool
    is_unchanged: bool
    source_types: tuple[str, ...] = ()
    identifier: int | None = None
    problems: tuple[str, ...] = ()


def find_version() -> str:
    """This package's version."""
    try:
        return metadata.version("moodreel")
    except metadata.PackageNotFoundError:
        return "unknown"


def can_sign(path: Path) -> bool:
    """Whether files of that name carry a manifest."""
    return path.suffix.lower() in MEDIA_TYPES


def sign_file(path: Path, origin: Origin, key: SigningKey) -> None:
    """Give the file a manifest, whole or not at all; one that it has stays within as its past.

    Raises ValueError for a kind that carries none, or a certificate that C2PA refuses.
    """
    import c2pa

    kind = MEDIA_TYPES[path.suffix.lower()]
    context = _make_context(())
    try:
        signer = c2pa.Signer.from_callback(key.sign, c2pa.C2paSigningAlg.ES256, key.chain, None)
        ingredients = list_ingredients(origin.originals)
        content = describe(path.name, kind, origin, ingredients)
        builder = c2pa.Builder.from_json(json.dumps(content), context)
        for one in ingredients:
            facts = {"title": one.path.name, "relationship": "componentOf", "label": one.label}
            with open(one.path, "rb") as file:
                builder.add_ingredient(json.dumps(facts), one.kind, file)
        with (
            write_atomically(path) as temporary,
            open(path, "rb") as source,
            open(temporary, "wb+") as target,
        ):
            builder.sign(signer, kind, source, target)
    except c2pa.C2paError as error:
        raise ValueError(f"{path}: cannot be signed: {error}; try marks.manifest=false") from error


def describe(
    title: str, kind: str, origin: Origin, ingredients: Sequence[Ingredient] = ()
) -> dict[str, Any]:
    """The manifest's content, before c2pa adds hashes."""
    agent = {"name": SOFTWARE, "version": find_version()}
    action: dict[str, Any] = {
        "action": "c2pa.created",
        "softwareAgent": agent,
        "digitalSourceType": SOURCE_TYPES + origin.source_type,
    }
    actions = [action]
    if names := [one.label for one in ingredients]:
        actions.append({"action": "c2pa.placed", "parameters": {"ingredientIds": names}})
    settings = {"generator": origin.made_by, "sha256": origin.settings_sha256}
    assertions = [
        {"label": "c2pa.actions.v2", "data": {"actions": actions}},
        {"label": SETTINGS_NAME, "data": settings},
    ]
    if origin.identifier is not None:
        blocks = [{"scope": {}, "value": f"{origin.identifier:08x}"}]
        data = {"alg": WATERMARK_NAME, "blocks": blocks}
        assertions.append({"label": "c2pa.soft-binding", "data": data})
    return {
        "claim_generator_info": [agent],
        "title": title,
        "format": kind,
        "assertions": assertions,
    }


def read_manifest(path: Path, roots: Sequence[str] = ()) -> ManifestFacts | None:
    """What the file's manifest says; None where it has none, or is of a kind that carries none.

    roots: PEM certificates of those who are trusted.
    """
    import c2pa

    if not can_sign(path):
        return None
    try:
        with open(path, "rb") as file:
            kind = MEDIA_TYPES[path.suffix.lower()]
            reader = c2pa.Reader(kind, file, context=_make_context(tuple(roots)))
            content, state = json.loads(reader.json()), reader.get_validation_state()
    except c2pa.C2paError as error:
        if "ManifestNotFound" in type(error).__name__ or "ManifestNotFound" in str(error):
            return None
        return ManifestFacts("", "", False, False, problems=(str(error),))
    return _read_content(content, str(state))


def _read_content(content: Mapping[str, Any], state: str) -> ManifestFacts:
    active = content.get("manifests", {}).get(content.get("active_manifest"), {})
    results = content.get("validation_results", {}).get("activeManifest", {})
    succeeded = {entry.get("code") for entry in results.get("success", [])}
    failed = [str(entry.get("code")) for entry in results.get("failure", [])]
    failed += [str(entry.get("code")) for entry in content.get("validation_status", [])]
    about = active.get("claim_generator_info") or [{}]
    generator = " ".join(str(about[0].get(name, "")) for name in ("name", "version")).strip()
    signature = active.get("signature_info", {})
    found = [entry for entry in active.get("assertions", []) if isinstance(entry, dict)]
    actions = [
        action
        for entry in found
        if str(entry.get("label", "")).startswith("c2pa.actions")
        for action in entry.get("data", {}).get("actions", [])
    ]
    types = [str(a["digitalSourceType"]) for a in actions if a.get("digitalSourceType")]
    return ManifestFacts(
        generator=generator or str(active.get("claim_generator", "")),
        signer=str(signature.get("common_name") or signature.get("issuer") or ""),
        is_trusted="signingCredential.trusted" in succeeded,
        is_unchanged=state in ("Valid", "Trusted"),
        source_types=tuple(kind.rsplit("/", 1)[-1] for kind in types),
        identifier=_find_identifier(found),
        problems=tuple(dict.fromkeys(failed)),
    )


def _find_identifier(assertions: Sequence[Mapping[str, Any]]) -> int | None:
    for entry in assertions:
        data = entry.get("data", {})
        if entry.get("label") == "c2pa.soft-binding" and data.get("alg") == WATERMARK_NAME:
            try:
                return int(str(data["blocks"][0]["value"]), 16)
            except (KeyError, IndexError, ValueError, TypeError):
                return None
    return None


@functools.lru_cache(maxsize=8)
def _make_context(roots: tuple[str, ...]) -> Any:
    import c2pa

    trust = {"trust": {"trust_anchors": "\n".join(roots)}} if roots else {}
    return c2pa.Context(c2pa.Settings.from_dict({**_SETTINGS, **trust}))
