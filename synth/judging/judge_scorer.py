"""The judge of emotions as an EmotionScorer: for reports only, never to fit or to calibrate."""

from __future__ import annotations

from functools import cached_property

import torch

from synth.judging.emotion_scoring import Probabilities
from synth.judging.judge import BUNDLED_JUDGE, EmotionJudge, load_judge
from synth.resizing import resize_frames
from synth.types import Frames, to_images

JUDGE_PX = 256
BATCH = 16


class JudgeScorer:
    """EmotionScorer on the judge that ships, or the one at `path`; it knows renders only."""

    name = "moodreel-judge"

    def __init__(self, path: str | None = None) -> None:
        self._path = path if path is not None else BUNDLED_JUDGE

    def score(self, faces: Frames) -> Probabilities:
        """uint8 faces [face, size, size, 3] in FFHQ alignment -> probabilities [face, 7]."""
        small = faces if faces.shape[1] <= JUDGE_PX else resize_frames(faces, JUDGE_PX)
        with torch.inference_mode():
            parts = [
                self._judge.judge(to_images(small[k : k + BATCH]))
                for k in range(0, len(small), BATCH)
            ]
        return torch.cat(parts).double().numpy()

    @cached_property
    def _judge(self) -> EmotionJudge:
        return load_judge(self._path)
