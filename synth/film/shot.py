"""What the steps of one film share, and the files that say what it was made from."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import yaml

from synth.faces.face import Face, FrameStage
from synth.faces.latents import save_latents
from synth.film.marks.manifest import Origin
from synth.film.marks.marking import Marker
from synth.film.settings import FilmSettings
from synth.motion.base import Plan
from synth.progress import Progress, Report
from synth.resizing import resize_frames
from synth.storage.atomic import write_atomically, write_text_atomically

#: Moments of a path by which a face judges what to do with it.
JUDGED_MOMENTS = 24
TRACK, LATENTS, CONFIG = "track.yaml", "latents.npz", "config.yaml"


@dataclass(frozen=True, eq=False)
class Shot:
    """One face and its plan, about to be filmed."""

    face: Face
    plan: Plan
    settings: FilmSettings
    report: Report
    origin: Origin = field(default_factory=Origin)

    @property
    def sound(self) -> Path | None:
        """The file whose sound the film gets: what the user chose, else the motion's own."""
        chosen = self.settings.sound or self.plan.sound
        return Path(chosen) if chosen else None

    @cached_property
    def stages(self) -> tuple[FrameStage, ...]:
        """What touches frames before they are written: first the motion, then the face's place."""
        duration_s = max(self.plan.path.duration_s, self.plan.moments[-1].time_s)
        judged_s = torch.linspace(0, duration_s, JUDGED_MOMENTS, dtype=torch.float64)
        place = self.face.find_place(self.plan.path, judged_s)
        if self.face.moves is not None and place is self.face.place:
            note = (
                f"the motion leaves the person of {self.face.label or 'the face'}: the generator's "
                "pixels are shown, not their own; a motion that keeps the person moves those"
            )
            self.report(Progress("film", note=note))
        return tuple(x for x in (self.plan.touch, place) if x is not None)

    @property
    def marker(self) -> Marker:
        """What marks its frames, after all other stages, and its files."""
        return Marker(self.origin, self.settings.wanted_marks)

    def find_frame_size(self) -> tuple[int, int]:
        """Height and width of its frames in the video."""
        side = self.face.generator.resolution
        frame, start_s = np.zeros((1, side, side, 3), np.uint8), torch.zeros(1, dtype=torch.float64)
        for stage in self.stages:
            frame = stage(frame, start_s)
        if self.settings.size_px is not None:
            frame = resize_frames(frame, self.settings.size_px)
        return frame.shape[1], frame.shape[2]

    def save_inputs(self, folder: Path) -> None:
        """track.yaml, latents.npz (the face first, then each moment), config.yaml, keepsakes."""
        text = yaml.safe_dump(_to_plain(self.plan.record), sort_keys=False)
        write_text_atomically(folder / TRACK, text)
        times_s = [moment.time_s for moment in self.plan.moments]
        path_rows = self.plan.path(torch.tensor(times_s, dtype=torch.float64)).cpu()
        w_plus = torch.cat([self.face.rows[None].cpu(), path_rows])
        labels = np.array(["face", *(moment.label for moment in self.plan.moments)])
        metadata = {"labels": labels, "times_s": np.array([0.0, *times_s])}
        save_latents(folder / LATENTS, w_plus, metadata)
        if self.settings.config:
            write_text_atomically(folder / CONFIG, self.settings.config)
        for name, source in self.face.keepsakes.items():
            with write_atomically(folder / name) as temporary:
                shutil.copyfile(source, temporary)


def _to_plain(value: object) -> object:
    """Mappings, lists, numbers and texts as YAML takes them; anything else by its text."""
    if isinstance(value, Mapping):
        return {str(key): _to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
