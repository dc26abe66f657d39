"""A generator, a face and a motion become a film: video, contact sheet, scorecard, in one folder.

    1. Whatever can be wrong is looked for before anything is computed.
    2. The face is prepared, once; the motion plans its way through W+.
    3. Frames stream from the generator through the stages into closed segments on the disk.
    4. The segments are joined; sound, contact sheet, scorecard and signatures follow; then the
       folder holds the film, whole.

However a run ends, the same call goes on with the segments that are there; of a film that is there
it makes what is missing. The film maker knows motions, faces and generators by their protocols
alone.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from synth.devices import choose_device
from synth.faces.face import Face, FaceSource
from synth.film.acting import let_act
from synth.film.contact_sheet import save_contact_sheet
from synth.film.disk_space import SpaceWatch, check_space, count_copies, guess_video_bytes
from synth.film.emotion_checks import check_emotions
from synth.film.job import Job, describe_job
from synth.film.recording import Recording, count_recorded, find_missing
from synth.film.rendering import Renderer
from synth.film.settings import FilmSettings
from synth.film.sheet import draw_film_frames, draw_sheet
from synth.film.shot import Shot
from synth.film.staging import FilmFolder, FinishedFilm, own_film_folder
from synth.generators.acceleration import accelerate
from synth.generators.base import Generator
from synth.motion.any_motion import AnyMotion, as_motion
from synth.motion.base import Moment, Scene
from synth.motion.paths import count_frames
from synth.progress import Progress, Report, ignore_progress
from synth.scores.kept_observations import KeptObservations
from synth.scores.scorecard import RunFacts, Scorecard, load_scorecard, score_video
from synth.scores.scorecard_report import save_scorecard
from synth.storage.run_settings import are_same_settings
from synth.video.reading import VideoFacts, probe_video
from synth.video.segments import link_or_copy
from synth.video.sound import add_sound, check_sound

SHEET, SCORECARD = "contact_sheet.png", "scorecard.json"
#: The disk takes no more: a reason to pause, not to give up.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Film:
    """A finished film: where it is, what the file holds, how it was scored, what was planned.

    is_kept: it was there already, and nothing had to be made.
    """

    folder: Path
    video: Path
    contact_sheet: Path
    facts: VideoFacts
    scorecard: Scorecard
    moments: tuple[Moment, ...]
    is_kept: bool = False


def check_film(
    face: Face | FaceSource, motion: AnyMotion, settings: FilmSettings, report: Report
) -> Scene:
    """What can be wrong without a generator: raises ValueError or OSError, or says what is known.

    A motion, like a source of faces, may have a method `check` of its own, given the scene.
    """
    settings = settings.settle_rate(face)
    settings.check()
    scene = Scene(settings.rate, settings.score.observer, report)
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
    A film that was begun in there is gone on with, and one that is there already is kept, where it
    is the same film: `settings.resume`.
    Raises ValueError or OSError in one sentence for what cannot be done, and Cancelled. Until the
    film is whole, nothing in the folder changes but what is hidden.
    """
    settings = settings.settle_rate(face)
    scene = check_film(face, motion, settings, progress)
    with own_film_folder(Path(folder)) as place:
        face = face if isinstance(face, Face) else face.prepare(generator, progress)
        _check_pair(generator, face)
        plan = let_act(face, as_motion(motion).plan(face, scene), scene)
        count_frames(plan.path, settings.rate)  # refuses an absurd length before any is written
        shot = Shot(face, plan, settings, progress)
        if shot.sound is not None:  # a motion's own is known only now
            check_sound(settings.file, shot.sound)
        job = describe_job(face, plan, settings, shot.sound)
        shot = replace(shot, origin=job.describe_origin(face))
        finished = place.read_finished() if settings.resume else None
        if (
            finished is not None
            and are_same_settings(finished.job, job.to_plain())
            and finished.is_whole()
        ):
            progress(Progress("film", note="is there already; resume=false makes it again"))
            return _open_film(place, shot, is_kept=True)
        if finished is not None and not _has_video(finished, job):
            finished = None
        if finished is None:
            place.begin(job.pictures, settings.config, settings.resume)
        with place.collect(job.to_plain()) as results:
            _fill(results, shot, place, finished)
        return _open_film(place, shot)


def _open_film(place: FilmFolder, shot: Shot, is_kept: bool = False) -> Film:
    folder, video = place.path, place.path / shot.settings.file
    facts, card = probe_video(video), load_scorecard(folder / SCORECARD)
    return Film(folder, video, folder / SHEET, facts, card, shot.plan.moments, is_kept)


def _has_video(finished: FinishedFilm, job: Job) -> bool:
    """Whether the video of a film that is there is the one that is wanted."""
    kept, wanted = finished.job, job.to_plain()
    if kept.get("pictures") != wanted["pictures"] or not isinstance(kept.get("rest"), dict):
        return False
    names = ("file", "sound", "marked", "marks")
    is_same = all(kept["rest"].get(name) == wanted["rest"][name] for name in names)
    return is_same and finished.has_whole(wanted["rest"]["file"])


def _check_pair(generator: Generator, face: Face) -> None:
    """Raise ValueError for a face that was prepared for a generator of another shape."""
    ours, theirs = ((x.num_layers, x.w_dim, x.resolution) for x in (generator, face.generator))
    if ours != theirs:
        raise ValueError(
            f"needs a face prepared for generator {generator.name}; got one for "
            f"{face.generator.name}; try preparing it again"
        )


def _fill(results: Path, shot: Shot, place: FilmFolder, finished: FinishedFilm | None) -> None:
    """Put all results of a film together; its video is that of the finished one, if there is one.

    The face's generator draws.
    """
    settings, render, generator = shot.settings, shot.settings.render, shot.face.generator
    shot.save_inputs(results)
    frame_count = count_frames(shot.plan.path, settings.rate)
    device = choose_device(render.device)
    fast = accelerate(generator, render.precision, render.compile, device, frame_count)
    video = results / settings.file
    if finished is None:
        stages = (*shot.stages, *shot.marker.stages)
        renderer = Renderer(fast, shot.plan.path, settings.rate, render, stages, shot.report)
        render_time_s = _record_video(video, renderer, shot, place)
    else:
        link_or_copy(finished.path / settings.file, video)
        render_time_s = _read_render_time_s(finished)
    with _pausing(place, frame_count):
        shot.report(Progress("sheet"))
        pictures = {SHEET: draw_sheet(fast, shot.face, shot.plan, render, shot.stages)}
        draw = partial(draw_film_frames, fast, shot.plan, render, shot.stages)
        for name, draw_picture in shot.plan.pictures.items():
            pictures[name] = draw_picture(draw)
        for name, picture in pictures.items():
            made_by = f"generator {generator.name}"
            marked = shot.marker.mark(picture[None])[0]
            save_contact_sheet(results / name, marked, made_by, settings.marked)
        known = RunFacts(
            generator_name=generator.name,
            generator_sha256=generator.sha256,
            seed=shot.face.seed,
            native_resolution_px=generator.resolution,
            render_time_s=render_time_s,
            emotions=check_emotions(shot.face, shot.plan, settings.rate, settings.score),
            warnings=shot.face.warnings,
        )
        shot.report(Progress("score"))
        score, observer = settings.score, settings.score.observer
        if observer is not None:
            observer = KeptObservations(observer, place.observations)
        scorecard = score_video(video, observer, known, score.face_stride)
        save_scorecard(results / SCORECARD, scorecard, marked=settings.marked)
        shot.marker.sign(results / name for name in pictures)


def _record_video(video: Path, renderer: Renderer, shot: Shot, place: FilmFolder) -> float:
    """Draw what is not drawn yet, join it, add sound; seconds that drawing took, in all runs."""
    settings, total = shot.settings, renderer.frame_count
    encoding = settings.describe_encoding(f"generator {shot.face.generator.name}")
    copies = count_copies(video, shot.sound is not None or settings.wanted_marks.manifest)
    space = SpaceWatch(place.work, total, copies)
    recording = Recording(renderer, place.segments, video, encoding, settings.size_px, space)
    missing = sum(len(one.frames) for one in find_missing(recording.segments))
    video_bytes = guess_video_bytes(video, encoding, shot.find_frame_size(), total)
    check_space(place.path, video_bytes * (copies - 1 + missing / total))
    with _pausing(place, total):
        recording.record()
        recording.join()
        if shot.sound is not None:
            add_sound(video, shot.sound)
        shot.marker.sign([video])
    return recording.read_render_time_s()


@contextmanager
def _pausing(place: FilmFolder, frame_count: int) -> Iterator[None]:
    """A full disk ends the block with a sentence that says what is kept and how to go on."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL or not place.has_begun():
            raise
        reason, kept = os.strerror(error.errno), count_recorded(place.segments)
        raise OSError(
            error.errno,
            f"paused ({reason}): {kept} of {frame_count} frames are finished and kept; make room "
            "and give the same command again, which goes on from there",
            str(place.path),
        ) from error


def _read_render_time_s(finished: FinishedFilm) -> float | None:
    """What drawing the film took, if its scorecard is there to tell."""
    try:
        return load_scorecard(finished.path / SCORECARD).render_time_s
    except (OSError, ValueError):
        return None
