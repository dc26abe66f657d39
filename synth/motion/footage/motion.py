"""Any footage becomes an abstract film of its own length, pace and sound (Abate and Unger,
'Creating "abstract" representations of video using latent space steering of GANs').

In: a clip, and a prepared face of any generator. Out: a `Plan`. What is to be seen in the clip
chooses the class (a thing, by an ImageNet classifier; or an emotion, by somebody who looks at
faces), and its frames, or a noise that moves when they do, choose the latent. The clip is decoded
twice at most, never held, and the path is computed for the times that are asked for. How this
differs from the source, and why, is told in docs/motions-footage.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import get_args

import numpy as np

from synth.emotions import Emotion
from synth.faces.face import Face
from synth.faces.observers import fetch_models
from synth.generators.base import Generator
from synth.generators.capabilities import find_capabilities, need_faces
from synth.generators.classes import lacks_classes, name_classes
from synth.motion.base import Moment, Plan, Scene
from synth.motion.direction_sets import (
    DirectionSet,
    find_bundled_directions,
    load_directions_for,
)
from synth.motion.footage.classes import (
    ClassCurve,
    EmotionReader,
    Labels,
    PictureClassifier,
    Voter,
    join_labels,
    label_emotions,
    name_runs,
)
from synth.motion.footage.clip import Clip, check_clip, read_clip
from synth.motion.footage.kinds import ClassKind, check_kind
from synth.motion.footage.latents import LatentSettings, make_latents
from synth.motion.footage.path import FootagePath
from synth.motion.footage.rows import ClassRows, FaceRows, PlainRows, RowMaker
from synth.motion.keyframe_motion import PATH_MOMENTS
from synth.motion.masks import MASKS, LayerMask
from synth.motion.paths import compute_film_length
from synth.progress import Progress
from synth.video.sound_reading import has_sound

#: Pictures that a classifier is shown are so large, as the source has them.
CLASSIFIER_PX = 224
#: More moments than that no sheet shows.
MOST_MOMENTS = 200
EMOTION_NAMES = tuple(emotion.label for emotion in Emotion)
#: How far the latents lead away from the film's face, where nothing else is asked.
AWAY_FROM_FACE = 0.6


@dataclass(frozen=True)
class ClassSettings:
    """What chooses the class, over how many frames.

    kind: things (ImageNet's), emotions, none (the latent alone), or auto: things for a generator
    with the classifier's classes, emotions for one whose classes they are or that has directions.
    Raises ValueError for values out of range.
    """

    kind: str = "auto"
    vote_frames: int = 10
    blend_frames: int = 20

    def __post_init__(self) -> None:
        check_kind("classes.kind", self.kind, get_args(ClassKind))
        if self.vote_frames < 1 or self.blend_frames < 1:
            raise ValueError(
                "needs vote_frames and blend_frames of 1 or more; got "
                f"{self.vote_frames} and {self.blend_frames}; try 10 and 20"
            )


@dataclass(frozen=True)
class ActingSettings:
    """How a face acts: directions (a set, a file of one, or None: the generator's own) and a mask.

    away: how far latents lead from the film's face, 0 (it stays) to 1 (it is not seen); None: 0.6
    with emotions by directions, else 1. Raises ValueError for another share.
    """

    directions: DirectionSet | str | Path | None = None
    calm_first: bool = True
    mask: LayerMask = MASKS["emotion"]
    away: float | int | None = None

    def __post_init__(self) -> None:
        if self.away is not None and not 0 <= self.away <= 1:
            raise ValueError(f"needs away from 0 to 1; got {self.away}; try 0.6")


@dataclass(frozen=True)
class FootageMotion:
    """A Motion: that of a clip, with its sound unless `sound` is false.

    things: who tells what is in a picture; emotions: who reads faces. Only the one that the
    generator's classes need is asked; None is an error only then.
    """

    path: str
    classes: ClassSettings = field(default_factory=ClassSettings)
    latents: LatentSettings = field(default_factory=LatentSettings)
    acting: ActingSettings = field(default_factory=ActingSettings)
    things: PictureClassifier | None = None
    emotions: EmotionReader | None = None
    sound: bool = True

    def check(self, scene: Scene) -> None:
        """Raise OSError or ValueError for a clip that cannot be followed."""
        check_clip(self.path)

    def plan(self, face: Face, scene: Scene) -> Plan:
        """Look through the clip, and the path that follows it.

        Raises OSError or ValueError naming the clip when it cannot be read, and ValueError for a
        generator whose classes nobody can tell from it.
        """
        self.check(scene)
        kind = self._choose_kind(face.generator, scene)
        rows = self._make_rows(face, kind)
        clip, labels = self._look(face.generator, kind, scene)
        curve = None if labels is None else join_labels(clip, labels, self.classes.blend_frames)
        names = _list_names(face.generator, kind)
        path = FootagePath(
            clip,
            make_latents(clip, face.generator.z_dim, self.latents),
            curve,
            rows,
            compute_film_length(clip.duration_s, scene.fps),
        )
        heard = Path(self.path) if self.sound and has_sound(self.path) else None
        record = self._describe(kind, clip, curve, names)
        return Plan(path, _list_moments(path, names), {"footage": record}, sound=heard)

    def _choose_kind(self, generator: Generator, scene: Scene) -> str:
        """things, emotions or none, checked. Raises ValueError where the generator has no such."""
        kind, count = self.classes.kind, len(find_capabilities(generator).class_names)
        if kind == "auto":
            kind = self._guess_kind(generator, scene)
        if kind == "things" and count != self._need(self.things, kind).class_count:
            raise ValueError(
                f"needs a generator with the {self._need(self.things, kind).class_count} classes "
                f"that {self._need(self.things, kind).name} tells; got {generator.name} with "
                f"{count}; try generator=card generator.path.name=biggan-deep-256, or "
                "motion.classes.kind=none"
            )
        if kind == "emotions":
            need_faces(generator, "for classes that are emotions")
            self._need(self.emotions, kind)
            if count and _find_emotion_classes(generator) is None:
                raise ValueError(
                    f"needs a generator whose classes are the emotions {', '.join(EMOTION_NAMES)}; "
                    f"got {generator.name} with {count} others; try motion.classes.kind=none"
                )
        if kind == "none" and lacks_classes(generator):
            raise ValueError(
                f"needs to be told what {generator.name} shall draw, since "
                f"motion.classes.kind=none takes none of its {count} classes from the clip; try "
                "'generator.classes={NAME: 1}'"
            )
        return kind

    def _guess_kind(self, generator: Generator, scene: Scene) -> str:
        count = len(find_capabilities(generator).class_names)
        if count and not find_capabilities(generator).draws_faces:
            return "things"
        if count:
            known = self.things is not None and count == self.things.class_count
            return "things" if known else "emotions"
        if self.acting.directions is not None or find_bundled_directions(generator) is not None:
            return "emotions"
        note = f"no classes and no directions for {generator.name}: only the latent follows"
        scene.report(Progress("footage", note=note))
        return "none"

    def _make_rows(self, face: Face, kind: str) -> RowMaker:
        acting, psi, generator = self.acting, self.latents.psi, face.generator
        has_classes = bool(find_capabilities(generator).class_names)
        acts = kind == "emotions" and not has_classes
        away = (AWAY_FROM_FACE if acts else 1.0) if acting.away is None else acting.away
        plain = PlainRows(face, psi, away)
        if kind == "none":
            return plain
        if not acts:
            return ClassRows(plain, _find_emotion_classes(generator) if kind != "things" else None)
        given = acting.directions
        is_set = isinstance(given, DirectionSet)
        fitted = given if is_set else load_directions_for(generator, given)
        rows = FaceRows(plain, fitted, acting.mask, acting.calm_first)
        acting.mask.apply(face.rows)  # one that does not fit is told before the clip is read
        return rows

    def _look(self, generator: Generator, kind: str, scene: Scene) -> tuple[Clip, Labels | None]:
        """Read the clip, and what is to be seen in it."""
        if kind == "things":
            classifier = self._need(self.things, kind)
            fetch_models(classifier)
            voter = Voter(classifier, self.classes.vote_frames, CLASSIFIER_PX)
            clip = read_clip(self.path, generator.z_dim, [voter], scene.report)
            return clip, voter.finish()
        if kind == "none":
            return read_clip(self.path, generator.z_dim, [], scene.report), None
        reader = self._need(self.emotions, kind)
        fetch_models(reader)
        seen = reader.read_emotions(self.path, scene.report)
        clip = read_clip(self.path, generator.z_dim, [], scene.report)
        labels, faceless = label_emotions(clip, seen, len(Emotion))
        shots = len(clip.list_shots())
        if len(faceless) == shots:
            raise ValueError(
                f"{self.path}: needs a face somewhere, since the film's classes are emotions; "
                f"{reader.name} found none in {clip.duration_s:.1f} s; try larger pictures, "
                "another detector, or motion.classes.kind=none"
            )
        if faceless:
            note = f"no face in {len(faceless)} of {shots} shots: calm there"
            scene.report(Progress("footage", note=note))
        return clip, labels

    def _need(self, who, kind: str):
        """Whoever tells classes of this kind. Raises ValueError where there is nobody."""
        if who is None:
            example = {
                "things": "things=MobileNetClassifier() of synth.judging.mobilenet",
                "emotions": "emotions=FootageEmotions(...) of emotion_seq.footage_emotions",
            }
            raise ValueError(
                f"needs somebody who tells {kind} in a clip; got nobody; try {example[kind]}, or "
                "classes of kind none"
            )
        return who

    def _describe(
        self, kind: str, clip: Clip, curve: ClassCurve | None, names: Sequence[str]
    ) -> dict[str, object]:
        """The motion in plain numbers and texts."""
        who = {"things": self.things, "emotions": self.emotions}.get(kind)
        entries = [] if curve is None else name_runs(clip, curve, names)
        return {
            "path": self.path,
            "frames": len(clip.times_s),
            "shots": len(clip.list_shots()),
            "classes": {**asdict(self.classes), "kind": kind, "by": getattr(who, "name", None)},
            "latents": asdict(self.latents),
            "seen": [{"at": round(time_s, 3), "class": name} for time_s, name in entries],
        }


def _find_emotion_classes(generator: Generator) -> tuple[int, ...] | None:
    """The generator's class for each of the seven emotions; None where its classes are others.

    Seven classes that nobody has named count as the emotions in their order.
    """
    names = find_capabilities(generator).class_names
    if set(EMOTION_NAMES) <= set(names):
        return tuple(names.index(name) for name in EMOTION_NAMES)
    return tuple(range(len(Emotion))) if names == name_classes(len(Emotion)) else None


def _list_names(generator: Generator, kind: str) -> tuple[str, ...]:
    return find_capabilities(generator).class_names if kind == "things" else EMOTION_NAMES


def _list_moments(path: FootagePath, names: Sequence[str]) -> tuple[Moment, ...]:
    """A moment for each stretch with one main class; of a clip with few, at even times as well."""
    clip, curve = path.clip, path.curve
    even_s = np.linspace(0, path.duration_s, PATH_MOMENTS).tolist()
    if curve is None:
        return tuple(Moment(time_s, f"{time_s:.1f} s") for time_s in dict.fromkeys(even_s))
    times_s = [min(time_s, path.duration_s) for time_s, _ in name_runs(clip, curve, names)]
    if len(times_s) < PATH_MOMENTS:
        apart_s = path.duration_s / (2 * PATH_MOMENTS)
        more = [x for x in even_s if all(abs(x - known) >= apart_s for known in times_s)]
        times_s = sorted({*times_s, *more})
    chosen = np.unique(np.linspace(0, len(times_s) - 1, MOST_MOMENTS).round().astype(int))
    wanted_s = np.array(times_s)[chosen]
    shots = clip.shots[clip.locate(wanted_s)[0]]
    shares = curve(wanted_s, shots)
    moments = []
    for time_s, row in zip(wanted_s.tolist(), shares, strict=True):
        main = int(row.argmax())
        is_calm = names is EMOTION_NAMES and main == Emotion.CALM
        moments.append(Moment(time_s, names[main], None if is_calm else float(row[main])))
    return tuple(moments)
