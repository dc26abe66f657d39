"""An order as the command line and the Python that make the same film.

In: a FilmOrder, and where its uploads lie. Out: settings of `scripts.generate_video`, quoted for
Hydra and for a shell; and lines of Python.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from studio.model_orders import ModelOrder
from studio.orders import FaceOrder, FilmOrder
from synth.motion.emotion_track import EmotionTrack
from synth.setting_text import quote_setting, write_setting

FindUpload = Callable[[str], Path]


def make_settings(order: FilmOrder, find_upload: FindUpload) -> list[str]:
    """The settings by which generate_video makes the order's film."""
    settings = _make_face_settings(order.face, find_upload)
    if order.track.track is not None:
        settings += _make_track_settings(order.track.track)
    elif order.track.clip is not None:
        settings += ["track=video", write_setting("track.path", find_upload(order.track.clip))]
    settings += [f"interpolation={order.easing}", f"video={order.kind}"]
    wanted = {
        "video.fps": f"{order.fps:g}",
        "video.size_px": order.size_px,
        "identity_budget": order.identity_budget,
        "audio": None if order.sound is None else quote_setting(find_upload(order.sound)),
    }
    return [*settings, *(f"{key}={value}" for key, value in wanted.items() if value is not None)]


def make_model_settings(model: ModelOrder, find_file: FindUpload) -> list[str]:
    """The settings by which generate_video works with the order's generator and directions."""
    settings: list[str] = []
    if model.generator is not None:
        settings += ["generator=file", write_setting("generator.path", find_file(model.generator))]
    if model.directions is not None:
        settings.append(write_setting("directions.path", find_file(model.directions)))
    return settings


def make_command(order: FilmOrder, find_upload: FindUpload, first: Sequence[str] = ()) -> str:
    """The same for a shell; `first` are settings of the studio itself, such as its generator."""
    words = [*first, *make_settings(order, find_upload)]
    return " ".join(["python -m scripts.generate_video", *map(shlex.quote, words)])


def make_python(
    order: FilmOrder, find_upload: FindUpload, generator: str, directions: str | None
) -> str:
    """Python that makes the same film (photos and clips: by the settings they have by default)."""
    imports = ["EmotionMotion", "FilmSettings", "Interpolation", "load_generator", "make_film"]
    lines: list[str] = []
    face, more = _write_face(order.face, find_upload)
    track, track_imports = _write_track(order, find_upload)
    names = ["RandomFace"] if order.face.seed is not None else []
    names += ["SavedFace"] if order.face.latents else []
    names += ["EmotionTrack"] if order.track.track is not None else []
    lines += [*more, *track_imports, f"from synth import {', '.join(sorted([*imports, *names]))}"]
    settings = [f"fps={order.fps!r}", f"file={'video.' + order.kind!r}"]
    settings += [f"size_px={order.size_px}"] if order.size_px is not None else []
    settings += [f"sound={str(find_upload(order.sound))!r}"] if order.sound else []
    motion = [f"interpolation=Interpolation({order.easing!r})"]
    motion += [f"directions={directions!r}"] if directions else []
    if order.identity_budget is not None:
        lines.append("from embed.networks.identity import DlibFaceEncoder")
        lines.append("from synth import ScoreSettings")
        motion.append(f"identity_budget={order.identity_budget!r}")
        settings.append("score=ScoreSettings(DlibFaceEncoder())")
    lines += ["", f"track = {track}", f"motion = EmotionMotion(track, {', '.join(motion)})"]
    lines += [f"settings = FilmSettings({', '.join(settings)})"]
    lines += [f"generator = load_generator({generator!r})", f"face = {face}"]
    lines += ['film = make_film(generator, face, motion, settings, "film", print)']
    return "\n".join(lines) + "\n"


def _make_face_settings(face: FaceOrder, find_upload: FindUpload) -> list[str]:
    if face.seed is not None:
        return ["face=random", f"face.seed={face.seed}", f"face.psi={face.psi!r}"]
    if face.mix:
        seeds = ",".join(map(str, face.mix))
        mixed = ["face=mixed", f"face.seeds=[{seeds}]"]
        return [*mixed, f"face.share={face.share!r}", f"face.psi={face.psi!r}"]
    if face.latents is not None:
        path = quote_setting(find_upload(face.latents))
        return ["face=latents", f"face.path={path}", f"face.index={face.index}"]
    assert face.photo is not None
    which = [] if face.which is None else [f"face.recipe.which={face.which}"]
    drawn = [] if face.pixels == "photo" else [f"face.pixels={face.pixels}"]
    paste = ["face.paste=true"] if face.paste else []
    return [
        "face=photo",
        write_setting("face.path", find_upload(face.photo)),
        *which,
        *drawn,
        *paste,
    ]


def _make_track_settings(track: EmotionTrack) -> list[str]:
    """Every time spelled out, so that nothing of the default track is left."""
    events = ",".join(_write_event(event) for event in describe_events(track))
    settings = ["track=all_emotions", f"track.emotions=[{events}]", "track.hold=0"]
    settings += [f"track.loop={str(track.loop).lower()}"]
    settings += [f"+track.closing={track.closing_s!r}"] if track.loop else []
    return [*settings, *([f"+track.easing={track.easing}"] if track.easing else [])]


def describe_events(track: EmotionTrack) -> list[dict[str, object]]:
    """Each event in the plain form, without what is left out anyway."""
    events = []
    for event in track.events:
        plain: dict[str, object] = {"emotion": event.emotion.label, "time": event.time_s}
        plain |= {"intensity": event.intensity}
        plain |= {"hold": event.hold_s} if event.hold_s else {}
        plain |= {"easing": event.easing} if event.easing else {}
        if event.also:
            plain["also"] = {emotion.label: amount for emotion, amount in event.also}
        events.append(plain)
    return events


def _write_event(value: object) -> str:
    """In Hydra's grammar, which wants no quotes around plain words."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_write_event(item)}" for key, item in value.items()) + "}"
    return repr(value) if isinstance(value, float) else str(value)


def _write_face(face: FaceOrder, find_upload: FindUpload) -> tuple[str, list[str]]:
    """The constructor, and what must be imported for it besides names of synth."""
    if face.seed is not None:
        return f"RandomFace({face.seed}, {face.psi!r})", []
    if face.mix:
        return (
            f"MixedFace({list(face.mix)}, {face.share!r}, psi={face.psi!r})",
            ["from synth.faces.mixed_face import MixedFace"],
        )
    if face.latents is not None:
        return f"SavedFace({str(find_upload(face.latents))!r}, {face.index})", []
    assert face.photo is not None
    path = str(find_upload(face.photo))
    lines = ["from embed.photos.photo_face import PhotoFace"]
    more = [] if face.pixels == "photo" else [f"pixels={face.pixels!r}"]
    if face.which is not None:
        lines.append("from embed.photos.recipe import InversionRecipe")
        more.append(f"recipe=InversionRecipe(which={face.which})")
    return f"PhotoFace({', '.join([repr(path), f'paste={face.paste}', *more])})", lines


def _write_track(order: FilmOrder, find_upload: FindUpload) -> tuple[str, list[str]]:
    if order.track.track is None:
        assert order.track.clip is not None
        path = str(find_upload(order.track.clip))
        cut = ["from embed.tracking.face_cutting import AlignedFaceCutter"]
        cut += ["from emotion_seq.classifiers.mini_xception import MiniXception"]
        cut += ["from emotion_seq.predict import replay_video"]
        return f"replay_video({path!r}, AlignedFaceCutter(), MiniXception())", cut
    track = order.track.track
    events = ",\n    ".join(json.dumps(event) for event in describe_events(track))
    more = f", loop=True, closing={track.closing_s!r}" if track.loop else ""
    more += f", easing={track.easing!r}" if track.easing else ""
    return f"EmotionTrack.of(\n    {events}{more},\n)", []
