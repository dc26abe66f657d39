"""What a studio is started with: where it listens, what it may spend, what it works with."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path

from embed.photos.recipe import InversionRecipe
from synth.film.settings import RenderSettings, ScoreSettings
from synth.generators.base import Generator
from synth.limits import check_positive
from synth.motion.emotion_track import EmotionTrack

MIB = 1 << 20
LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVERYWHERE = ("0.0.0.0", "::")
SHORTEST_PASSWORD = 12


@dataclass(frozen=True)
class Limits:
    """What one visitor, one request and one job may cost.

    Lengths in seconds, sizes in bytes and pixels. `waiting_jobs` is the bound of the queue,
    `attempts` how often a job is begun that ends with the whole server.
    """

    film_s: float = 120.0
    film_frames: int = 3600
    film_px: int = 2048
    events: int = 500
    waiting_jobs: int = 20
    attempts: int = 2
    body_bytes: int = MIB
    upload_bytes: int = 512 * MIB
    uploads_at_once: int = 2
    stored_bytes: int = 8192 * MIB
    free_bytes: int = 512 * MIB
    #: A chunk must come within this, and all of an upload within that.
    chunk_s: float = 20.0
    upload_s: float = 1800.0
    waiting_pictures: int = 64
    listeners: int = 16
    projects: int = 500
    photo_pixels: int = 50_000_000

    def __post_init__(self) -> None:
        names = {entry.name for entry in fields(self)} - {"free_bytes"}
        check_positive(self, *sorted(names))


@dataclass(frozen=True)
class Address:
    """Where the studio listens, and who may come in.

    host: 127.0.0.1 is this computer alone; any other needs a `password` of 12 characters or more.
    token: what programs and the page's address carry; None: a new one for each start. names: others
    by which a request may call this computer.
    Raises ValueError for a host without a password, and for a port that is none.
    """

    host: str = "127.0.0.1"
    port: int = 8760
    token: str | None = None
    password: str | None = None
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not 0 <= self.port < 65536:
            raise ValueError(f"needs a port from 0 to 65535; got {self.port}; try port=8760")
        for what, secret in (("password", self.password), ("token", self.token)):
            if secret is not None and len(secret) < SHORTEST_PASSWORD:
                raise ValueError(
                    f"needs a {what} of at least {SHORTEST_PASSWORD} characters; got {len(secret)}"
                )
        if self.host not in LOOPBACK and self.password is None:
            raise ValueError(
                f"needs a password to serve others at {self.host}: whoever knows it can make films "
                "on this computer, and without a proxy that speaks https it can be read on the "
                "way; try host=127.0.0.1, or password=..."
            )

    def with_token(self) -> Address:
        """The same with a token: 256 bits of the system's randomness where none was given."""
        token = self.token or secrets.token_urlsafe(32)
        return Address(self.host, self.port, token, self.password, self.names)

    def list_hosts(self) -> frozenset[str]:
        """What a request's Host header may say; a host of every address is this computer too."""
        is_here = self.host in (*LOOPBACK, *EVERYWHERE)
        known = {*self.names, *(LOOPBACK if is_here else (self.host,))}
        return frozenset(name.lower() for name in known)


@dataclass(frozen=True, eq=False)
class Tools:
    """What the studio works with; nothing in it is loaded before it is needed.

    load_generator: called once. directions: a file of them, None for those of the generator.
    generator_path: what opens the same generator from Python. command: settings by which
    `generate_video` works with the same.
    recipe: how photos become faces. read_clip: a clip's file and frames a second -> the track of
    its emotions; None where nobody can tell.
    """

    load_generator: Callable[[], Generator]
    render: RenderSettings = field(default_factory=RenderSettings)
    score: ScoreSettings = field(default_factory=ScoreSettings)
    recipe: InversionRecipe = field(default_factory=InversionRecipe)
    read_clip: Callable[[str, float], EmotionTrack] | None = None
    directions: str | None = None
    generator_path: str = "bundled"
    command: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class StudioSettings:
    """Everything that a studio is started with; its files go below `folder`.

    models: a folder whose generators and directions may be chosen by name; None: uploads alone.
    """

    folder: Path
    tools: Tools
    address: Address = field(default_factory=Address)
    limits: Limits = field(default_factory=Limits)
    models: Path | None = None
