"""What a film is made from, as plain numbers, texts and hashes: whether two runs make the same.

In: the prepared face, its plan, the settings. Out: a record of two parts. `pictures` is all that
the frames in the file depend on: a run goes on with segments only where it is the same. `rest` is
what else the results depend on: a finished film is made again only where both are the same. Files
and weights count by their content, paths through W+ by where they lead at every frame, and code by
the versions of what draws and encodes. Neither names nor times of files count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch

from synth.devices import choose_device
from synth.faces.face import Face
from synth.film.marks.manifest import Origin
from synth.film.marks.marking import make_id
from synth.film.marks.settings import MarkSettings
from synth.film.settings import FilmSettings, RenderSettings
from synth.generators.base import Generator
from synth.motion.base import Plan
from synth.motion.paths import LatentPath, count_frames, find_transforms, iterate_frame_times
from synth.storage.assets import hash_file
from synth.storage.fingerprints import hash_arrays, hash_value
from synth.storage.run_settings import hash_settings

#: Of what draws and encodes here: to be raised when a film's bytes change.
VERSION = 2
_CHUNK_FRAMES = 256


@dataclass(frozen=True)
class Job:
    """See the module's text; plain JSON both."""

    pictures: dict[str, Any]
    rest: dict[str, Any]

    def to_plain(self) -> dict[str, Any]:
        """Both in one record."""
        return asdict(self)

    def describe_origin(self, face: Face) -> Origin:
        """Where the film comes from, for its marks."""
        sha256 = hash_settings(self.pictures)
        return Origin(face.generator.name, sha256, make_id(sha256), face.originals)


def describe_job(face: Face, plan: Plan, settings: FilmSettings, sound: Path | None) -> Job:
    """The record of one film. Raises OSError where the sound or a kept file cannot be read."""
    score = settings.score
    rest = {
        "file": settings.file,
        "marked": settings.marked,
        "marks": hash_value(_describe_signing(face, settings.wanted_marks)),
        "sound": hash_file(sound) if sound is not None else None,
        "observer": score.observer.name if score.observer is not None else None,
        "face_stride": score.face_stride,
        "emotions": score.emotions.name if score.emotions is not None else None,
        "seed": face.seed,
        "label": face.label,
        "moments": hash_value(plan.moments),
        "pictures": sorted(plan.pictures),
        "record": hash_value(plan.record),
        "config": hash_value(settings.config),
    }
    return Job(_describe_pictures(face, plan, settings), rest)


def _describe_pictures(face: Face, plan: Plan, settings: FilmSettings) -> dict[str, Any]:
    encoding, marks = settings.describe_encoding(), settings.wanted_marks
    return {
        "version": {"moodreel": VERSION, "torch": torch.__version__, "av": av.__version__},
        "video": {
            "kind": Path(settings.file).suffix.lower(),
            "codec": encoding.codec,
            "fps": str(encoding.rate),
            "crf": encoding.crf,
            "gop": encoding.gop_frames,
            "size_px": settings.size_px,
        },
        "marks": [marks.watermark, marks.badge],
        "render": _describe_rendering(settings.render),
        "generator": _describe_generator(face.generator),
        "face": {
            "rows": hash_value(face.rows),
            "place": hash_value(face.place),
            "moves": hash_value(face.moves),
            "keepsakes": hash_value({name: Path(p) for name, p in face.keepsakes.items()}),
        },
        "motion": {
            "frames": count_frames(plan.path, settings.rate),
            "path": hash_arrays(_list_rows(plan.path, settings.rate)),
            "touch": hash_value(plan.touch),
        },
    }


def _describe_signing(face: Face, marks: MarkSettings) -> dict[str, Any]:
    """Who signs what of whom; keys of the user's own count by where they are."""
    return {**asdict(marks), "originals": [hash_file(path) for path in face.originals]}


def _describe_rendering(render: RenderSettings) -> dict[str, Any]:
    """`auto` as what it comes to here, as far as that changes pictures."""
    return {**asdict(render), "device": choose_device(render.device).type}


def _describe_generator(generator: Generator) -> dict[str, str]:
    """Its name, and its weights: a copy tuned to a photo has the name and sum of the original."""
    weights = hash_value(generator) if isinstance(generator, torch.nn.Module) else ""
    return {"name": generator.name, "sha256": generator.sha256, "weights": weights}


def _list_rows(path: LatentPath, fps: float | int) -> Iterator[np.ndarray]:
    """W+ of every frame, and where the picture lies."""
    for times_s in iterate_frame_times(path, fps, _CHUNK_FRAMES):
        yield path(times_s).detach().float().cpu().numpy()
        if (transforms := find_transforms(path, times_s)) is not None:
            yield transforms.detach().float().cpu().numpy()
