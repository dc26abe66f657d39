"""The emotions of a clip's main faces, moment by moment, for motions that follow footage.

In: a video, who cuts faces out and who tells emotions. Out: `SeenEmotions`, decided as for tracks
(`emotion_seq.footage`): smoothed and believed by the same rules, but not yet made into runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from emotion_seq.footage import decide_person
from emotion_seq.predict import ReplaySettings
from emotion_seq.trailers import read_footage
from synth.faces.face_cutting import FaceCutter
from synth.faces.observers import fetch_models
from synth.judging.emotion_scoring import EmotionScorer
from synth.motion.footage.classes import SeenEmotions
from synth.progress import Report


@dataclass(frozen=True)
class FootageEmotions:
    """An EmotionReader: who fills most of each shot, found by `cutter`, read by `scorer`."""

    cutter: FaceCutter
    scorer: EmotionScorer
    settings: ReplaySettings = field(default_factory=ReplaySettings)

    @property
    def name(self) -> str:
        """Both who looked."""
        return f"{self.scorer.name}; {self.cutter.name}"

    def fetch_models(self) -> None:
        """Find, or download, and verify what will be needed."""
        fetch_models(self.cutter, self.scorer)

    def read_emotions(self, path: str | Path, report: Report) -> SeenEmotions:
        """Look through the video; without any face all arrays are empty.

        Raises ValueError and OSError for files that cannot be read to their end.
        """
        footage = read_footage(path, self.cutter, self.scorer, self.settings.footage, report=report)
        main = footage.list_main_persons()
        decided = [decide_person(person, self.settings.decisions) for person in main]
        empty = np.zeros(0)
        return SeenEmotions(
            np.concatenate([empty, *(one.person.times_s for one in decided)]),
            np.concatenate(
                [empty, *(np.full(len(one.emotions), one.person.shot) for one in decided)]
            ).astype(np.int64),
            np.concatenate([empty, *(one.emotions for one in decided)]).astype(np.int64),
            np.concatenate([empty, *(one.intensities for one in decided)]),
        )
