"""The thesis's measure of who stays whom (section 4.8): every expression on many random faces.

In: a generator with directions. Out: a Scorecard for each video from a calm face to one full
expression, measured on frames as they are rendered, never encoded. Cards that are in the folder
already are not made again, so a stopped run goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from synth.devices import choose_device
from synth.emotions import Emotion
from synth.faces.face import Face
from synth.faces.observers import fetch_models
from synth.film.emotion_checks import check_emotions
from synth.film.rendering import render_frames
from synth.film.settings import RenderSettings, ScoreSettings
from synth.generators.acceleration import accelerate
from synth.generators.base import Generator
from synth.motion.base import Scene
from synth.motion.direction_sets import DirectionSet, load_directions_for
from synth.motion.emotion_motion import EmotionMotion
from synth.motion.emotion_track import EmotionEvent, EmotionTrack
from synth.motion.interpolation import Interpolation
from synth.motion.masks import MASKS, LayerMask
from synth.motion.paths import compute_gap_s
from synth.progress import Progress, Report, ignore_progress
from synth.scores.scorecard import RunFacts, Scorecard, load_scorecard, score_frames
from synth.scores.scorecard_report import save_scorecard
from synth.storage.run_settings import keep_settings

VIDEOS, SETTINGS = "videos", "settings.json"
EXPRESSIONS = tuple(emotion.label for emotion in Emotion if emotion is not Emotion.CALM)


@dataclass(frozen=True)
class AcdProtocol:
    """Which videos are measured: `faces` people from seed `first_seed` on, each with each of the
    `expressions` (names or numbers), in `frames` frames at `fps`.

    psi: truncation of the faces; the other settings are those of an `EmotionMotion`.
    Raises ValueError for settings that cannot be met.
    """

    faces: int = 35
    first_seed: int = 0
    psi: float | int = 0.7
    expressions: list[Any] = field(default_factory=lambda: [*EXPRESSIONS])
    intensity: float | int = 1.0
    frames: int = 32
    fps: float | int = 30
    directions: str | None = None
    calm_first: bool = True
    mask: LayerMask = MASKS["emotion"]
    interpolation: Interpolation = field(default_factory=Interpolation)

    def __post_init__(self) -> None:
        if self.faces < 1 or self.frames < 2 or not self.list_expressions():
            raise ValueError(
                "needs faces >= 1, frames >= 2 and at least one expression; got "
                f"faces={self.faces}, frames={self.frames}, expressions={self.expressions}"
            )
        compute_gap_s(self.fps)

    def list_expressions(self) -> list[Emotion]:
        """The expressions asked for, each once."""
        return list(dict.fromkeys(Emotion.parse(name) for name in self.expressions))

    def list_videos(self) -> dict[str, tuple[int, Emotion]]:
        """Seed and expression of each video, by its name."""
        seeds = range(self.first_seed, self.first_seed + self.faces)
        pairs = [(seed, expression) for seed in seeds for expression in self.list_expressions()]
        return {f"{seed:06d}_{expression.label}": (seed, expression) for seed, expression in pairs}

    def make_motion(self, expression: Emotion, fitted: DirectionSet) -> EmotionMotion:
        """From the calm face to the expression."""
        end_s = (self.frames - 1) / self.fps
        end = EmotionEvent(expression, end_s, float(self.intensity))
        track = EmotionTrack((EmotionEvent(Emotion.CALM, 0.0), end))
        return EmotionMotion(track, fitted, self.mask, self.calm_first, self.interpolation)

    def group_cards(self, cards: Mapping[str, Scorecard]) -> dict[str, list[Scorecard]]:
        """Cards by expression, and all of them."""
        groups: dict[str, list[Scorecard]] = {e.label: [] for e in self.list_expressions()}
        for name, (_, expression) in self.list_videos().items():
            groups[expression.label].append(cards[name])
        return {**groups, "all": [*cards.values()]}

    def describe(self, card: Scorecard) -> str:
        """A sentence on what was measured, with what one of the cards knows of the generator."""
        return (
            f"Measured: {self.frames} rendered frames per video, from calm to the full "
            f"expression, {card.width_px}x{card.height_px}, without video compression; "
            f"{self.faces} faces from seed {self.first_seed}; generator {card.generator_name} "
            f"(sha256 {card.generator_sha256})."
        )


@dataclass(frozen=True, eq=False)
class ExpressionScorer:
    """Renders and measures videos of the protocol; `fast` draws what `generator` defines."""

    generator: Generator
    fast: Generator
    fitted: DirectionSet
    protocol: AcdProtocol
    render: RenderSettings
    score: ScoreSettings

    def score_expression(self, seed: int, expression: Emotion) -> Scorecard:
        """The video of one face and one expression."""
        protocol, known = self.protocol, self.generator
        face = Face.random(known, seed, protocol.psi)
        motion = protocol.make_motion(expression, self.fitted)
        plan = motion.plan(face, Scene(protocol.fps))
        frames = render_frames(self.fast, plan.path, protocol.fps, self.render)
        emotions = check_emotions(face, plan, protocol.fps, self.score)
        facts = RunFacts(known.name, known.sha256, seed, known.resolution, emotions=emotions)
        source = f"rendered frames, seed {seed}, calm to {expression.label}"
        observer, stride = self.score.observer, self.score.face_stride
        return score_frames(frames, protocol.fps, observer, facts, stride, source)


def score_protocol(
    generator: Generator,
    protocol: AcdProtocol,
    folder: Path,
    render: RenderSettings = RenderSettings(),  # noqa: B008 (frozen)
    score: ScoreSettings = ScoreSettings(),  # noqa: B008 (frozen)
    report: Report = ignore_progress,
) -> dict[str, Scorecard]:
    """Scorecards by the names of `AcdProtocol.list_videos`, in folder/videos as well.

    Raises ValueError where the folder has cards that were made with other settings, generator or
    directions, wherever the files of those lie.
    """
    device = choose_device(render.device)
    fetch_models(score.observer, score.emotions)
    fitted = load_directions_for(generator, protocol.directions)
    # Faces and expressions may be added to those that are there; directions count by their content.
    free = {"faces": 1, "first_seed": 0, "expressions": ["anger"], "directions": None}
    keep_settings(
        folder / SETTINGS,
        {
            "protocol": asdict(replace(protocol, **free)),
            "render": asdict(render),
            "observer": score.observer.name if score.observer is not None else None,
            "face_stride": score.face_stride,
            "emotions": score.emotions.name if score.emotions is not None else None,
            "generator": generator.sha256,
            "directions": fitted.sha256,
        },
    )
    videos = protocol.list_videos()
    frame_count = protocol.frames * len(videos)
    fast = accelerate(generator, render.precision, render.compile, device, frame_count)
    scorer = ExpressionScorer(generator, fast, fitted, protocol, render, score)
    cards: dict[str, Scorecard] = {}
    for name, (seed, expression) in videos.items():
        report(Progress("score", len(cards), len(videos)))
        path = folder / VIDEOS / f"{name}.json"
        if not path.is_file():
            save_scorecard(path, scorer.score_expression(seed, expression), with_report=False)
        cards[name] = load_scorecard(path)
    report(Progress("score", len(cards), len(videos)))
    return cards
