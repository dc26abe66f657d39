"""What is asked for, in plain JSON, checked: a face, a track, and how the film is made.

In: JSON of the page, of a program, or of a project's file. Out: `FilmOrder`, which only holds what
the library takes. Files are named by the ids of uploads, never by paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from embed.photos.photo_face import PIXELS
from studio.identifiers import check_id
from studio.model_orders import OWN, ModelOrder, describe_model, parse_model
from synth.faces.mixed_face import MixedFace
from synth.film.settings import FilmSettings
from synth.motion.emotion_track import (
    EmotionTrack,
    describe_track,
    parse_track,
)
from synth.motion.interpolation import Interpolation
from synth.plain_text import show

KINDS = {"mp4": "video.mp4", "webm": "video.webm", "gif": "video.gif"}
#: Of an identity budget that the page warns about; that of configs/generate_video.yaml's comment.
USUAL_BUDGET = 0.35
PREDICTION_KEYS = ("seconds", "start", "temperature", "top_p", "seed")


@dataclass(frozen=True)
class FaceOrder:
    """Exactly one of: a seed, a mix of seeds, an upload with a photo or with latents.

    share: of the way through a mix of two. which: a photo's face by its number, None the largest.
    pixels: photo moves the photo's own, generator draws the person anew; paste: show the whole
    photo with the moving face in it. index: which of the saved faces.
    """

    seed: int | None = None
    mix: tuple[int, ...] = ()
    share: float = 0.5
    photo: str | None = None
    which: int | None = None
    paste: bool = False
    pixels: str = "photo"
    latents: str | None = None
    index: int = 0
    psi: float = 0.7

    def __post_init__(self) -> None:
        named = [self.seed is not None, bool(self.mix), bool(self.photo), bool(self.latents)]
        if sum(named) != 1:
            raise ValueError(
                "needs one of seed, mix, photo and latents for face; got "
                f"{sum(named)} of them; try {{seed: 7}}"
            )
        seeds = [*self.mix] + ([] if self.seed is None else [self.seed])
        for seed in seeds:
            if not 0 <= seed < 2**32:
                raise ValueError(f"needs a seed from 0 to 2^32 - 1; got {seed}; try 7")
        if self.mix:
            MixedFace(list(self.mix), self.share)
        if not -2 <= self.psi <= 2:
            raise ValueError(f"needs a truncation psi from -2 to 2; got {self.psi}; try 0.7")
        if self.pixels not in PIXELS:
            raise ValueError(f"needs pixels among {', '.join(PIXELS)}; got {show(self.pixels)}")
        if self.index < 0 or (self.which or 0) < 0:
            raise ValueError("needs the number of a face from 0 on; got one below")
        for upload in (self.photo, self.latents):
            if upload is not None:
                check_id(upload)


@dataclass(frozen=True)
class TrackOrder:
    """One of: a track in its plain form, a clip whose emotions are replayed, a prediction."""

    track: EmotionTrack | None = None
    clip: str | None = None


@dataclass(frozen=True)
class FilmOrder:
    """One film: who, which emotions, how, by which model. `sound` is an upload that it gets."""

    face: FaceOrder
    track: TrackOrder
    easing: str = "linear"
    fps: float = 30.0
    size_px: int | None = None
    identity_budget: float | None = None
    sound: str | None = None
    kind: str = "mp4"
    name: str = ""
    model: ModelOrder = OWN

    def __post_init__(self) -> None:
        Interpolation(self.easing)
        if self.kind not in KINDS:
            raise ValueError(f"needs kind among {', '.join(KINDS)}; got {show(self.kind)}")
        FilmSettings(self.fps, KINDS[self.kind], size_px=self.size_px)
        budget = self.identity_budget
        if budget is not None and not 0 < budget < float("inf"):
            raise ValueError(f"needs an identity budget above 0; got {budget}; try 0.35")
        if self.sound is not None:
            check_id(self.sound)
        if len(self.name) > 200:
            raise ValueError("needs a name of at most 200 characters")


@dataclass(frozen=True)
class _Reader:
    """Takes known keys of one mapping, each of its kind; ValueError naming what is wrong."""

    content: Any
    name: str
    known: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if not isinstance(self.content, Mapping):
            raise ValueError(f"needs an object for {self.name}; got {show(self.content)}")
        for key in self.content:
            if key not in self.known:
                raise ValueError(
                    f"{self.name}: needs keys out of {', '.join(self.known)}; got {show(key)}"
                )

    def take(self, key: str, kind: type | tuple[type, ...], default: Any) -> Any:
        value = self.content.get(key, default)
        if value is None and default is None:
            return None
        wrong_bool = isinstance(value, bool) and kind is not bool
        if wrong_bool or not isinstance(value, kind):
            raise ValueError(
                f"needs another kind of value for {self.name}.{key}; got {show(value)}"
            )
        return value


NUMBER = (int, float)


def parse_face(content: Any) -> FaceOrder:
    """JSON -> FaceOrder; raises ValueError."""
    keys = (
        "seed", "mix", "share", "photo", "which", "paste", "pixels", "latents", "index", "psi"
    )  # fmt: skip
    read = _Reader(content, "face", keys)
    mix = read.take("mix", list, [])
    if any(not isinstance(seed, int) or isinstance(seed, bool) for seed in mix):
        raise ValueError(f"needs seeds for face.mix; got {show(mix)}; try [7, 9]")
    return FaceOrder(
        seed=read.take("seed", int, None),
        mix=tuple(mix),
        share=float(read.take("share", NUMBER, 0.5)),
        photo=read.take("photo", str, None),
        which=read.take("which", int, None),
        paste=read.take("paste", bool, False),
        pixels=read.take("pixels", str, "photo"),
        latents=read.take("latents", str, None),
        index=read.take("index", int, 0),
        psi=float(read.take("psi", NUMBER, 0.7)),
    )


def parse_track_order(content: Any) -> TrackOrder:
    """JSON -> TrackOrder: {"clip": id}, or a track as docs/tracks.md has it (a list will do)."""
    if isinstance(content, Mapping) and "clip" in content:
        read = _Reader(content, "track", ("clip",))
        return TrackOrder(clip=check_id(read.take("clip", str, "")))
    return TrackOrder(track=parse_plain_track(content))


def parse_track_source(content: Any) -> dict[str, str]:
    """What a track is read from: {"clip": id}, its emotions, or {"sound": id}, its turns."""
    read = _Reader(content, "track", ("clip", "sound"))
    if len(read.content) != 1:
        raise ValueError('needs a clip or a sound to make a track of; try {"clip": ID}')
    return {key: check_id(read.take(key, str, "")) for key in read.content}


def parse_plain_track(content: Any) -> EmotionTrack:
    """The plain form of a track, or only its list of emotions."""
    if isinstance(content, list):
        content = {"emotions": content}
    if not isinstance(content, Mapping) or "emotions" not in content:
        raise ValueError(
            f"needs a list under 'emotions' for track; got {show(content)}; try "
            '{"emotions": ["calm", "happiness"]}'
        )
    settings = {str(key): value for key, value in content.items() if key != "emotions"}
    for key in ("source", "default_gap_s"):
        if key in settings:
            raise ValueError(f"track: needs keys of a track; got {show(key)}; take it out")
    return parse_track(content["emotions"], **settings)


def parse_order(content: Any) -> FilmOrder:
    """JSON -> FilmOrder; raises ValueError naming what is wrong."""
    keys = (
        "face", "track", "easing", "fps", "size_px", "identity_budget", "sound", "kind", "name",
        "model",
    )  # fmt: skip
    read = _Reader(content, "film", keys)
    if "face" not in content or "track" not in content:
        raise ValueError("needs a face and a track for a film; got one of them at most")
    budget = read.take("identity_budget", NUMBER, None)
    return FilmOrder(
        face=parse_face(content["face"]),
        track=parse_track_order(content["track"]),
        easing=read.take("easing", str, "linear"),
        fps=read.take("fps", NUMBER, 30.0),
        size_px=read.take("size_px", int, None),
        identity_budget=None if budget is None else float(budget),
        sound=read.take("sound", str, None),
        kind=read.take("kind", str, "mp4"),
        name=read.take("name", str, ""),
        model=parse_model(content.get("model")),
    )


def describe_order(order: FilmOrder) -> dict[str, Any]:
    """The plain form again: `parse_order` gives the same order."""
    plain = FaceOrder(seed=0)
    face = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(order.face).items()
        if value != getattr(plain, key) or key == "seed"
    }
    if order.face.seed is None:
        face.pop("seed")
    content: dict[str, Any] = {"face": face}
    if order.track.track is not None:
        content["track"] = describe_track(order.track.track)
    else:
        content["track"] = {"clip": order.track.clip}
    usual = FilmOrder(order.face, order.track)
    for key in ("easing", "fps", "size_px", "identity_budget", "sound", "kind", "name"):
        if getattr(order, key) != getattr(usual, key):
            content[key] = getattr(order, key)
    if order.model != OWN:
        content["model"] = describe_model(order.model)
    return content
