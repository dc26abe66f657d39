"""A film that a sound leads: from turn to turn where the sound changes most.

In: a file with sound, and a face. Out: a `Plan` as long as the sound, with its sound, and a picture
of how the one became the other. After Castro 2020, *GANterpretations*; docs/motions.md says what is
done otherwise.

    1. The sound is heard once: spectrogram, its changes, loudness.     synth/sound
    2. Inflections and silences become turns; alpha leads between them. turns.py
    3. Each turn gets a category: an emotion, a person, a class.        categories.py
    4. Loudness, onsets and beats move the face on the way.             drive.py, path.py
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch

from synth.faces.face import Face
from synth.motion.base import Moment, Plan, Scene
from synth.motion.interpolation import Interpolation, KeyframePath
from synth.motion.keyframes import Keyframes
from synth.motion.sound.categories import Cast, CastSettings
from synth.motion.sound.drive import DriveSettings, find_drive
from synth.motion.sound.path import SoundPath
from synth.motion.sound.picture import SoundPicture
from synth.motion.sound.sway import find_sway_direction
from synth.motion.sound.turns import Turns, TurnSettings, find_turns
from synth.progress import Progress
from synth.sound.hearing import Hearing, SpectrogramSettings
from synth.sound.listening import check_seconds_of_sound, load_hearing
from synth.types import WPlus

PICTURE = "sound.png"


@dataclass(frozen=True)
class SoundMotion:
    """A Motion led by the sound in the file at `path`.

    seconds: only so much of its beginning; None: all. heard: whether the film gets the sound.
    spectrogram, turns, cast, drive: how it is listened to, when the film turns, to what, and what
    moves it meanwhile. interpolation: how alpha leads from turn to turn; linear is the paper's.
    Raises ValueError for a length that cannot be.
    """

    path: str
    seconds: float | int | None = None
    heard: bool = True
    spectrogram: SpectrogramSettings = field(default_factory=SpectrogramSettings)
    turns: TurnSettings = field(default_factory=TurnSettings)
    cast: CastSettings = field(default_factory=CastSettings)
    drive: DriveSettings = field(default_factory=DriveSettings)
    interpolation: Interpolation = field(default_factory=Interpolation)

    def __post_init__(self) -> None:
        check_seconds_of_sound(self.seconds)

    def check(self, scene: Scene) -> None:
        """Listen, and raise ValueError or OSError for a sound that no film can be made of."""
        self._find_turns(self._hear(scene))

    def plan(self, face: Face, scene: Scene) -> Plan:
        """The way of the face. Raises ValueError for what its generator does not have."""
        heard = self._hear(scene)
        turns = self._find_turns(heard)
        drive = find_drive(heard, self.drive)
        cast = self.cast.find_cast(face, len(turns.turns))
        has_emotions = self.cast.kind == "emotions"
        direction = torch.zeros_like(cast.full[0])
        if self.drive.sway and self.cast.kind != "classes":
            direction = float(self.drive.sway) * find_sway_direction(face.generator)
        path = SoundPath(
            turns,
            drive,
            self._join(cast.full, cast, turns, scene),
            self._join(cast.rest, cast, turns, scene),
            direction,
            float(self.drive.loudness) or None if has_emotions else None,
            float(self.drive.pulse),
        )
        tempo = drive.beats.tempo_bpm
        pace = "no beat" if tempo is None else f"{tempo:.1f} beats a minute"
        note = f"{heard.duration_s:.1f} s, {len(turns.turns)} turns, {pace}"
        scene.report(Progress("sound", note=note))
        return Plan(
            path,
            self._list_moments(path, cast),
            {"sound": self._describe(turns, cast, tempo)},
            sound=Path(self.path) if self.heard else None,
            pictures={PICTURE: SoundPicture(heard, path, cast.names)},
        )

    def _hear(self, scene: Scene) -> Hearing:
        return load_hearing(self.path, self.spectrogram, self.seconds, scene.report)

    def _find_turns(self, heard: Hearing) -> Turns:
        try:
            return find_turns(heard, self.turns)
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from error

    def _join(self, rows: WPlus, cast: Cast, turns: Turns, scene: Scene) -> KeyframePath:
        """What the turns show as a path over tau: a keyframe at every whole number."""
        count = len(rows)
        keyframes = Keyframes(
            w_plus=rows,
            times_s=tuple(float(k) for k in range(count)),
            holds_s=(0.0,) * count,
            labels=cast.names,
            easings=(None,) * count,
        )
        gap_s = turns.turns[-1].time_s / (count - 1)
        halving = self.interpolation.find_halving_s(scene.fps) / gap_s
        return KeyframePath(keyframes, self.interpolation.easing, halving)

    def _list_moments(self, path: SoundPath, cast: Cast) -> tuple[Moment, ...]:
        """Each turn; emotions with the intensity that the sound gives them there."""
        times_s = np.array([turn.time_s for turn in path.turns.turns])
        strengths: list[float | None] = [None] * len(times_s)
        if path.loudness is not None:
            strengths = path.find_intensity(times_s).tolist()
        return tuple(
            Moment(float(time_s), name, None if name == "calm" else strength)
            for time_s, name, strength in zip(times_s, cast.names, strengths, strict=True)
        )

    def _describe(self, turns: Turns, cast: Cast, tempo_bpm: float | None) -> dict[str, object]:
        """For track.yaml."""
        listed = [
            {"time": round(turn.time_s, 4), "category": name, "reason": turn.reason}
            | ({"cut": True} if turn.cut else {})
            for turn, name in zip(turns.turns, cast.names, strict=True)
        ]
        return {
            "path": self.path,
            "seconds": turns.turns[-1].time_s,
            "tempo_bpm": None if tempo_bpm is None else round(tempo_bpm, 2),
            "kind": self.cast.kind,
            "seed": self.cast.seed,
            "spectrogram": asdict(self.spectrogram),
            "turns": asdict(self.turns),
            "drive": asdict(self.drive),
            "at": listed,
        }
