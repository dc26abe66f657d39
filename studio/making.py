"""What a job does: an order becomes a film, a photo a face, a clip a track. The library does it.

In: a Job, the shelf of models and folders, a Watch. Out: the job's result in plain JSON.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from studio.commands import make_command
from studio.jobs import Job
from studio.model_orders import OWN, parse_model
from studio.model_shelf import ModelShelf
from studio.models import Models
from studio.orders import (
    KINDS,
    FaceOrder,
    FilmOrder,
    TrackOrder,
    describe_order,
    parse_face,
    parse_order,
    parse_track_source,
)
from studio.settings import Limits
from studio.workspace import Workspace
from synth.film.film import make_film
from synth.film.settings import FilmSettings
from synth.film.staging import finish_moving
from synth.motion.base import Moment, Scene
from synth.motion.emotion_track import (
    MAX_INTENSITY,
    EmotionTrack,
    describe_track,
    parse_track,
)
from synth.motion.sound.categories import CastSettings
from synth.motion.sound.sound_motion import SoundMotion
from synth.progress import Progress, Report, Watch
from synth.video.reading import probe_video


@dataclasses.dataclass(frozen=True, eq=False)
class Maker:
    """Does jobs with what the studio has."""

    shelf: ModelShelf
    workspace: Workspace
    limits: Limits

    def make(self, job: Job, watch: Watch) -> Mapping[str, Any]:
        """Do the job. Raises ValueError or OSError in one sentence, and Cancelled."""
        self.workspace.check_room()
        if job.kind == "film":
            return self._make_film(job.id, parse_order(job.content), watch)
        if job.kind == "face":
            models = self.shelf.find(parse_model(job.content.get("model")))
            return self._make_face(parse_face(job.content["face"]), models, watch)
        source = parse_track_source(job.content["track"])
        if "sound" in source:
            return {"track": describe_track(self._follow_sound(source["sound"], watch))}
        track = self._find_track(TrackOrder(clip=source["clip"]), 30.0, watch)
        return {"track": describe_track(track)}

    def find_finished(self, job: Job) -> Mapping[str, Any] | None:
        """The result of a film that was whole when its server ended; None for any other job."""
        folder = self.workspace.find_film(job.id)
        if job.kind != "film" or not folder.is_dir():
            return None
        finish_moving(folder)
        return self.describe_film(job.id) if (folder / "film.json").is_file() else None

    def describe_film(self, name: str) -> Mapping[str, Any]:
        """The files of a finished film and what its video holds."""
        folder = self.workspace.find_film(name)
        files = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
        video = next(file for file in KINDS.values() if file in files)
        facts = probe_video(folder / video)
        return {
            "files": [file for file in files if file != "film.json"],
            "video": video,
            "frames": facts.frame_count,
            "width_px": facts.width_px,
            "height_px": facts.height_px,
            "duration_s": round(facts.duration_s, 3),
        }

    def remove_film(self, name: str) -> None:
        """Delete a film's files."""
        shutil.rmtree(self.workspace.find_film(name), ignore_errors=True)

    def _make_film(self, name: str, order: FilmOrder, report: Report) -> Mapping[str, Any]:
        report(Progress("load", note="the generator"))
        models = self.shelf.find(order.model)
        track = self._find_track(order.track, order.fps, report)
        check_length(track, order, self.limits)
        report(Progress("face"))
        source = models.make_source(order.face)
        source.check()
        actor = models.find_actor(order.face)
        face = actor.face if actor is not None else source.prepare(models.generator, report)
        make_film(
            models.generator,
            face,
            models.make_motion(order, track),
            self._make_settings(order, models),
            self.workspace.find_film(name),
            report,
        )
        return self.describe_film(name)

    def _make_settings(self, order: FilmOrder, models: Models) -> FilmSettings:
        find = self.workspace.find_upload
        command = make_command(order, find, models.tools.command)
        config = yaml.safe_dump({"command": command, "order": describe_order(order)})
        return FilmSettings(
            fps=order.fps,
            file=KINDS[order.kind],
            size_px=order.size_px,
            sound=None if order.sound is None else str(find(order.sound)),
            config=config,
            render=models.tools.render,
            score=models.tools.score,
        )

    def _make_face(self, order: FaceOrder, models: Models, report: Report) -> Mapping[str, Any]:
        report(Progress("load", note="the generator"))
        face = models.make_source(order).prepare(models.generator, report)
        models.prepare_actor(order, face)
        return {"label": face.label}

    def _follow_sound(self, upload: str, report: Report) -> EmotionTrack:
        """An emotion for each turn that a sound takes, as much of it as the sound is loud."""
        path = str(self.workspace.find_upload(upload))
        models = self.shelf.find(OWN)  # turns are the same for any generator and face
        face = models.prepare_actor(FaceOrder(seed=0)).face
        cast = CastSettings(directions=models.directions)
        motion = SoundMotion(path, seconds=self.limits.film_s, cast=cast)
        return write_turns(motion.plan(face, Scene(30.0, report=report)).moments)

    def _find_track(self, order: TrackOrder, fps: float, report: Report) -> EmotionTrack:
        if order.track is not None:
            return order.track
        read_clip = self.shelf.own.tools.read_clip
        if read_clip is None or order.clip is None:
            raise ValueError("needs a classifier of emotions to read a clip; this studio has none")
        report(Progress("clip", note="looking for emotions"))
        return read_clip(str(self.workspace.find_upload(order.clip)), fps)


def write_turns(moments: Sequence[Moment]) -> EmotionTrack:
    """The moments of a plan of emotions as a track that can be worked on."""
    events: list[dict[str, object]] = []
    for moment in moments:
        strength = 1.0 if moment.intensity is None else moment.intensity
        event = {"emotion": moment.label, "time": round(moment.time_s, 2)}
        events.append({**event, "intensity": round(min(MAX_INTENSITY, max(0.0, strength)), 2)})
    return parse_track(events)


def check_events(track: EmotionTrack, limits: Limits) -> None:
    """Raise ValueError for more emotions than the studio takes."""
    if len(track.events) > limits.events:
        raise ValueError(f"needs at most {limits.events} emotions; got {len(track.events)}")


def check_length(track: EmotionTrack, order: FilmOrder, limits: Limits) -> None:
    """Raise ValueError for a film beyond the studio's limits of length, frames and pixels."""
    check_events(track, limits)
    if track.duration_s > limits.film_s:
        raise ValueError(
            f"needs a film of at most {limits.film_s:g} s here; got {track.duration_s:g} s; try a "
            "shorter track, or the command line"
        )
    if track.duration_s * order.fps > limits.film_frames:
        raise ValueError(
            f"needs at most {limits.film_frames} frames here; got "
            f"{round(track.duration_s * order.fps)}; try fewer frames a second"
        )
    if (order.size_px or 0) > limits.film_px:
        raise ValueError(f"needs at most {limits.film_px} pixels here; got {order.size_px}")


def hide_folder(message: str, folder: Path) -> str:
    """A sentence without the studio's own folders in it."""
    return message.replace(f"{folder.resolve()}/", "").replace(f"{folder}/", "")
