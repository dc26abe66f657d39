"""The person in a clip as the face of a film: `face=video`.

In: a clip's path and a recipe. Out: a `Face` that acts by itself (`embed.films.moving_film`). What
is known of the person is kept in the cache folder by the clip's bytes, the generator and the
recipe, so that a second film follows nobody again.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from embed.films.moving_film import FilmedPerson
from embed.films.person_track import load_person_track, save_person_track
from embed.photos.recipe import InversionRecipe
from embed.photos.starts import BundledStart
from synth.faces.face import Face
from synth.generators.base import Generator
from synth.generators.bundled_head import find_head
from synth.motion.direction_sets import DirectionSet, load_directions_for
from synth.motion.masks import MASKS, LayerMask
from synth.motion.neutral import find_start
from synth.progress import Progress, Report, ignore_progress
from synth.storage.assets import find_cache_folder
from synth.storage.checksums import find_damage, hash_tree
from synth.storage.locks import InUseError, own_file
from synth.storage.run_settings import hash_settings
from synth.video.reading import VideoFacts, probe_video
from synth.video.sound_reading import has_sound

#: Raised when what is kept changes in kind.
CACHE_VERSION = 4
FOLDER = "films"
LARGEST_PX = 8192
#: Who waits for another process says so every so many seconds.
TURN_S = 30.0


def make_recipe() -> InversionRecipe:
    """The encoder's guess, and nothing searched: pixels are the clip's own."""
    return InversionRecipe(start=BundledStart())


@dataclass(frozen=True)
class FilmFace:
    """A FaceSource: the person in the clip at `path`.

    recipe: how faces are found, and which one. more: the track is added to what the person shows;
    else it is shown instead. directions, mask: by which the person is brought to rest, as for the
    motion. keep_covered: frames with something before the face stay as they are. Raises ValueError
    for a recipe without a finder, or with tuning.
    """

    path: str
    recipe: InversionRecipe = field(default_factory=make_recipe)
    more: bool = False
    directions: DirectionSet | str | None = None
    mask: LayerMask = MASKS["emotion"]
    keep_covered: bool = True

    def __post_init__(self) -> None:
        if self.recipe.finder is None:
            raise ValueError("needs a finder to follow a person in a clip; got none")
        # Of `tune: auto` nothing is left: what the generator draws is not shown.
        object.__setattr__(self, "recipe", self.recipe.decide_tuning(is_drawn=False))
        if self.recipe.tune:
            raise ValueError(
                "needs a recipe without tuning, since nothing is tuned for the person in a clip, "
                "whose own pixels move; got tune=true; try face.recipe.tune=false"
            )

    def check(self) -> None:
        """Models and the clip: raises ValueError or OSError naming what is wrong."""
        self.recipe.fetch_models()
        facts = self._facts
        if facts.frame_count < 2:
            raise ValueError(
                f"{self.path}: needs a clip of at least 2 frames; got {facts.frame_count}; try "
                "face=photo for a picture"
            )
        if max(facts.width_px, facts.height_px) > LARGEST_PX:
            raise ValueError(
                f"{self.path}: needs frames of at most {LARGEST_PX} pixels; got "
                f"{facts.width_px}x{facts.height_px}; try a smaller copy"
            )

    def find_fps(self) -> float:
        """The clip's frames a second."""
        return float(self._facts.fps)

    def prepare(self, generator: Generator, report: Report = ignore_progress) -> Face:
        """Follow the person, unless that was done before.

        Raises NoFaceError for a clip without a face, ValueError for a generator whose head is not
        known.
        """
        self.check()
        head = find_head(generator)
        if head is None:
            raise ValueError(
                f"needs a generator whose head is known, to move a clip's own pixels; got "
                f"{generator.name}; try generator=bundled"
            )
        path, folder = Path(self.path), self._find_folder(generator)
        with _taking_turns(folder, report):
            if (damage := find_damage(folder)) is not None:
                if folder.is_dir():
                    warnings.warn(
                        f"{damage}: what is kept of the person in {self.path} is damaged and made "
                        "again",
                        stacklevel=3,
                    )
                save_person_track(folder, path, self.recipe, generator, report)
        track = load_person_track(folder, self.find_fps())
        given = self.directions
        fitted = given if isinstance(given, DirectionSet) else load_directions_for(generator, given)
        filmed = FilmedPerson(
            path,
            track,
            find_start(track.find_person(), fitted, self.mask),
            generator,
            head,
            fitted,
            self.mask,
            self.more,
            path if has_sound(path) else None,
            self.keep_covered,
        )
        if covered := filmed.count_covered():
            note = f"something is before the face in {covered} frames, which stay as they are"
            report(Progress("follow", note=f"{note}; face.keep_covered=false moves them as well"))
        # Of a folder of pictures the marks name the first.
        original = path if path.is_file() else min(path.glob("frame_*.png"))
        return Face(
            filmed.person, generator, path.name, moves=filmed, acts=filmed, originals=(original,)
        )

    @cached_property
    def _facts(self) -> VideoFacts:
        return probe_video(self.path)

    def _find_folder(self, generator: Generator) -> Path:
        """Where what is known of the clip's person is kept, or will be."""
        choices = {
            "version": CACHE_VERSION,
            "clip": hash_tree(Path(self.path)),
            "generator": generator.sha256,
            "recipe": self.recipe.describe(generator),
        }
        return find_cache_folder() / FOLDER / hash_settings(choices)[:32]


@contextmanager
def _taking_turns(folder: Path, report: Report) -> Iterator[None]:
    """Follow a clip alone: another process that wants the same person waits, and finds them."""
    lock = folder.with_name(f".{folder.name}.in_use")
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(own_file(lock, "waits for {holder}, at the same clip", TURN_S))
                break
            except InUseError as error:
                report(Progress("follow", note=str(error)))
        yield
