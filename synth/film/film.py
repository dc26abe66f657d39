"""A generator, a face and a motion become a film: video, contact sheet, scorecard, in one folder.

    1. Whatever can be wrong is looked for before anything is computed.
    2. The face is prepared, once; the motion plans its way through W+.
    3. Frames stream from the generator through the stages into the encoder.
    4. Sound, contact sheet, scorecard and signatures follow; then the folder holds the film, whole.

The film maker knows motions, faces and generators by their protocols alone.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml

from synth.devices import choose_device
from synth.faces.face import Face, FaceSource, FrameStage
from synth.faces.latents import save_latents
from synth.film.contact_sheet import save_contact_sheet
from synth.film.marks.manifest import Origin
from synth.film.marks.marking import list_stages, make_id, mark_files
from synth.film.rendering import render_frames
from synth.film.settings import FilmSettings
from synth.film.sheet import draw_sheet
from synth.film.staging import stage_results
from synth.generators.acceleration import accelerate
from synth.generators.base import Generator
from synth.motion.any_motion import AnyMotion, as_motion
from synth.motion.base import Moment, Plan, Scene
from synth.motion.paths import count_frames
from synth.progress import Progress, Report, ignore_progress
from synth.scores.scorecard import RunFacts, Scorecard, score_video
from synth.scores.scorecard_report import save_scorecard
from synth.storage.atomic import write_atomically, write_text_atomically
from synth.video.reading import VideoFacts
from synth.video.sound import add_sound, check_sound
from synth.video.writing import write_video

SHEET, SCORECARD = "contact_sheet.png", "scorecard.json"
TRACK, LATENTS, CONFIG = "track.yaml", "latents.npz", "config.yaml"


@dataclass(frozen=True)
class Film:
    """A finished film: where it is, what the file holds, how it was scored, what was planned."""

    folder: Path
    video: Path
    contact_sheet: Path
    facts: VideoFacts
    scorecard: Scorecard
    moments: tuple[Moment, ...]


@dataclass(frozen=True, eq=False)
class _Shot:
    """What the steps of one film share."""

    face: Face
    plan: Plan
    settings: FilmSettings
    folder: Path
    report: Report

    @property
    def sound(self) -> str | Path | None:
        """The file whose sound the film gets: what the user chose, else the motion's own."""
        return self.settings.sound or self.plan.sound

    @property
    def origin(self) -> Origin:
        """Where the film comes from, for its marks."""
        face = self.face
        record = yaml.safe_dump(_to_plain(self.plan.record))
        about = f"{face.generator.sha256}\n{self.settings.fps}\n{record}".encode()
        sha256 = hashlib.sha256(about + face.rows.float().cpu().numpy().tobytes()).hexdigest()
        return Origin(face.generator.name, sha256, make_id(sha256), face.originals)

    @property
    def stages(self) -> tuple[FrameStage, ...]:
        """What touches frames before they are written: first the motion, then the face's place."""
        return tuple(x for x in (self.plan.touch, self.face.place) if x is not None)


def check_film(
    face: Face | FaceSource, motion: AnyMotion, settings: FilmSettings, report: Report
) -> Scene:
    """What can be wrong without a generator: raises ValueError or OSError, or says what is known.

    A motion, like a source of faces, may have a method `check` of its own, given the scene.
    """
    settings.check()
    scene = Scene(settings.fps, settings.score.observer, report)
    check = getattr(as_motion(motion), "check", None)
    if check is not None:
        check(scene)
    if not isinstance(face, Face):
        face.check()
    return scene


def make_film(
    generator: Generator,
    face: Face | FaceSource,
    motion: AnyMotion,
    settings: FilmSettings = FilmSettings(),  # noqa: B008 (frozen)
    folder: str | Path = "film",
    progress: Report = ignore_progress,
) -> Film:
    """Make one film in `folder`; what an earlier film left there is replaced at the very end.

    generator: draws the face. face: prepared for this generator, or a source that will be.
    motion: a `Motion`, an EmotionTrack, Keyframes or a LatentPath. progress: told how far it is
    (`print` will do); a `synth.progress.Watch` can also stop it.
    Raises ValueError or OSError in one sentence for what cannot be done, and Cancelled. Until the
    film is whole, nothing in the folder changes.
    """
    scene = check_film(face, motion, settings, progress)
    with stage_results(Path(folder)) as staging:
        face = face if isinstance(face, Face) else face.prepare(generator, progress)
        _check_pair(generator, face)
        plan = as_motion(motion).plan(face, scene)
        count_frames(plan.path, settings.fps)  # refuses an absurd length before anything is written
        shot = _Shot(face, plan, settings, staging, progress)
        if shot.sound is not None:  # a motion's own is known only now
            check_sound(settings.file, shot.sound)
        _save_inputs(shot)
        facts, scorecard = _film(shot)
    folder = Path(folder)
    return Film(folder, folder / settings.file, folder / SHEET, facts, scorecard, plan.moments)


def _check_pair(generator: Generator, face: Face) -> None:
    """Raise ValueError for a face that was prepared for a generator of another shape."""
    ours, theirs = ((x.num_layers, x.w_dim, x.resolution) for x in (generator, face.generator))
    if ours != theirs:
        raise ValueError(
            f"needs a face prepared for generator {generator.name}; got one for "
            f"{face.generator.name}; try preparing it again"
        )


def _save_inputs(shot: _Shot) -> None:
    """track.yaml, latents.npz (the face first, then each moment), config.yaml, keepsakes."""
    text = yaml.safe_dump(_to_plain(shot.plan.record), sort_keys=False)
    write_text_atomically(shot.folder / TRACK, text)
    times_s = [moment.time_s for moment in shot.plan.moments]
    path_rows = shot.plan.path(torch.tensor(times_s, dtype=torch.float64)).cpu()
    w_plus = torch.cat([shot.face.rows[None].cpu(), path_rows])
    labels = np.array(["face", *(moment.label for moment in shot.plan.moments)])
    metadata = {"labels": labels, "times_s": np.array([0.0, *times_s])}
    save_latents(shot.folder / LATENTS, w_plus, metadata)
    if shot.settings.config:
        write_text_atomically(shot.folder / CONFIG, shot.settings.config)
    for name, source in shot.face.keepsakes.items():
        with write_atomically(shot.folder / name) as temporary:
            shutil.copyfile(source, temporary)


def _film(shot: _Shot) -> tuple[VideoFacts, Scorecard]:
    """Render, encode, add sound, draw the sheet, score."""
    settings, render = shot.settings, shot.settings.render
    generator = shot.face.generator
    frame_count = count_frames(shot.plan.path, settings.fps)
    device = choose_device(render.device)
    fast = accelerate(generator, render.precision, render.compile, device, frame_count)
    video, marks, origin = shot.folder / settings.file, settings.wanted_marks, shot.origin
    started_s = time.monotonic()
    stages = (*shot.stages, *list_stages(marks, origin))
    frames = render_frames(fast, shot.plan.path, settings.fps, render, stages, shot.report)
    made_by = f"generator {fast.name}"
    facts = write_video(video, frames, settings.describe_encoding(made_by), settings.size_px)
    render_time_s = time.monotonic() - started_s
    if shot.sound is not None:
        add_sound(video, shot.sound)
    shot.report(Progress("sheet"))
    sheet = draw_sheet(fast, shot.face, shot.plan, render, shot.stages)
    for stage in list_stages(marks, origin):
        sheet = stage(sheet[None], torch.zeros(1, dtype=torch.float64))[0]
    save_contact_sheet(shot.folder / SHEET, sheet, made_by, settings.marked)
    known = RunFacts(
        generator_name=generator.name,
        generator_sha256=generator.sha256,
        seed=shot.face.seed,
        native_resolution_px=generator.resolution,
        render_time_s=round(render_time_s, 3),
    )
    shot.report(Progress("score"))
    score = settings.score
    scorecard = score_video(video, score.observer, known, score.face_stride)
    save_scorecard(shot.folder / SCORECARD, scorecard, marked=settings.marked)
    mark_files([video, shot.folder / SHEET], origin, marks)
    return facts, scorecard


def _to_plain(value: object) -> object:
    """Mappings, lists, numbers and texts as YAML takes them; anything else by its text."""
    if isinstance(value, Mapping):
        return {str(key): _to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
