"""The networks of a studio, loaded once when first needed, and faces prepared for them.

In: `Tools`. Out: the generator, a smaller and faster one for live pictures, directions, faces. All
calls may come from any thread.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch

from embed.photos.photo_face import PhotoFace
from studio.orders import FaceOrder, FilmOrder
from studio.settings import Tools
from studio.workspace import Workspace
from synth.faces.face import Face, FaceSource, FrameStage, RandomFace, SavedFace
from synth.faces.mixed_face import MixedFace
from synth.film.shot import JUDGED_MOMENTS
from synth.generators.acceleration import accelerate
from synth.generators.base import Generator
from synth.generators.capabilities import need_differentiable
from synth.generators.smaller import cut_generator
from synth.motion.base import Scene
from synth.motion.direction_sets import (
    DirectionSet,
    find_bundled_directions,
    load_directions_for,
)
from synth.motion.emotion_motion import EmotionMotion
from synth.motion.emotion_track import EmotionTrack
from synth.motion.interpolation import Interpolation
from synth.motion.paths import LatentPath
from synth.storage.checksums import find_damage

#: Side of live pictures: what two cores draw in time.
LIVE_PX = 256
FACES_KEPT = 64
#: Of photos, each of which has a generator of its own.
PHOTOS_KEPT = 4


class NotPreparedError(Exception):
    """A photo's face has not been found yet."""


@dataclass(frozen=True, eq=False)
class Actor:
    """A prepared face with the generators that draw it: live, and at full size."""

    face: Face
    live: Generator
    make_full: Callable[[], Generator]

    @cached_property
    def full(self) -> Generator:
        """All of the generator, laid out for speed when it is first wanted."""
        return self.make_full()


class Models:
    """What a studio has loaded."""

    def __init__(self, tools: Tools, workspace: Workspace) -> None:
        self.tools, self._workspace = tools, workspace
        self._lock = threading.RLock()
        self._actors: OrderedDict[FaceOrder, Actor] = OrderedDict()

    @property
    def is_ready(self) -> bool:
        """Whether the generator is loaded."""
        return "generator" in self.__dict__

    @cached_property
    def generator(self) -> Generator:
        """The generator that films are made with."""
        with self._lock:
            return self.__dict__.get("generator") or self.tools.load_generator()

    @cached_property
    def live(self) -> Generator:
        """The generator up to LIVE_PX, laid out for speed."""
        with self._lock:
            return self.__dict__.get("live") or self._make_live(self.generator)

    @cached_property
    def full(self) -> Generator:
        """All of the generator, laid out for speed: for pictures at rest."""
        return _lay_out(self.generator)

    @cached_property
    def directions(self) -> DirectionSet | None:
        """The studio's emotions; None for a generator without."""
        if self.tools.directions is None:
            return find_bundled_directions(self.generator)
        return load_directions_for(self.generator, self.tools.directions)

    def make_source(self, order: FaceOrder) -> FaceSource:
        """The source of an order's face. Raises NotFoundError for an unknown upload."""
        if order.seed is not None:
            return RandomFace(order.seed, order.psi)
        if order.mix:
            return MixedFace(list(order.mix), order.share, psi=order.psi)
        if order.latents is not None:
            return SavedFace(str(self._workspace.find_upload(order.latents)), order.index)
        assert order.photo is not None
        recipe = self.tools.recipe
        if order.which is not None:
            recipe = replace(recipe, which=order.which)
        path = str(self._workspace.find_upload(order.photo))
        return PhotoFace(path, recipe, order.paste, pixels=order.pixels)

    def make_motion(self, order: FilmOrder, track: EmotionTrack) -> EmotionMotion:
        """The order's motion."""
        return EmotionMotion(
            track,
            directions=self.directions,
            interpolation=Interpolation(order.easing),
            identity_budget=order.identity_budget,
        )

    def find_actor(self, order: FaceOrder) -> Actor | None:
        """A face that is known already."""
        with self._lock:
            return self._actors.get(order)

    def prepare_actor(self, order: FaceOrder, face: Face | None = None) -> Actor:
        """The face for live pictures; `face` where it has been prepared elsewhere.

        Raises NotPreparedError for a photo that is not prepared: that takes a minute or more, and
        jobs do it.
        """
        with self._lock:
            known = self._actors.get(order)
            if known is not None:
                self._actors.move_to_end(order)
                return known
        if face is None:
            source = self.make_source(order)
            if isinstance(source, PhotoFace) and not self._is_kept(source):
                raise NotPreparedError("needs the face to be found in the photo first")
            face = source.prepare(self.generator)
        own = face.generator is not self.generator
        live = self._make_live(face.generator) if own else self.live
        kept = face
        actor = Actor(face, live, lambda: _lay_out(kept.generator) if own else self.full)
        with self._lock:
            self._actors[order] = actor
            photos = [known for known in self._actors if known.photo is not None]
            for known in photos[:-PHOTOS_KEPT]:
                del self._actors[known]
            while len(self._actors) > FACES_KEPT:
                self._actors.popitem(last=False)
        return actor

    def _is_kept(self, source: PhotoFace) -> bool:
        """Whether a photo was inverted before, by whichever program."""
        own = need_differentiable(self.generator, "to invert a photo")
        return find_damage(source.find_folder(own)) is None

    def plan(self, actor: Actor, track: EmotionTrack, easing: str, fps: float) -> LatentPath:
        """The track's way through W+, as a film takes it, but without an identity budget.

        A generator without directions stays at rest, where a film would be refused.
        """
        if self.directions is None:
            track = EmotionTrack.of("calm")
        motion = EmotionMotion(
            track, directions=self.directions, interpolation=Interpolation(easing)
        )
        return motion.plan(actor.face, Scene(fps)).path

    def find_stage(self, actor: Actor, path: LatentPath) -> FrameStage | None:
        """What a film of the path puts frames in their place with, such as into a photo."""
        judged_s = torch.linspace(0, path.duration_s, JUDGED_MOMENTS, dtype=torch.float64)
        return actor.face.find_place(path, judged_s)

    def _make_live(self, generator: Generator) -> Generator:
        return _lay_out(cut_generator(generator, LIVE_PX))


def _lay_out(generator: Generator) -> Generator:
    return accelerate(generator, compile="off", one_by_one=True)
