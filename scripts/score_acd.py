"""How well videos keep one person: average content distance (ACD), by the thesis's protocol.

    python -m scripts.score_acd                               35 faces x 6 expressions = 210 videos
    python -m scripts.score_acd faces=5 'expressions=[anger,fear]' name=acd_quick
    python -m scripts.score_acd 'videos=[a.mp4,b.mp4]'        any video files

In: a configuration out of configs/score_acd.yaml. Out: one scorecard per video, in videos/ those of
the protocol and in files/ those of files; the means in acd.json and acd.md, or acd_files.json and
acd_files.md. The protocol measures frames as the generator renders them, in its own resolution and
without video compression; files are measured as they are. A stopped run is taken up again by the
same command.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from scripts.entry import build, build_observer, choose_device, run_script
from scripts.setting_types import COMMON_TYPES, PROTOCOL_TYPES, check_types
from synth.emotions import Emotion
from synth.faces.face import (
    RandomFace,
)
from synth.faces.observers import (
    FaceObserver,
)
from synth.film.rendering import check_batch_size, render_frames
from synth.generators.acceleration import accelerate, check_options
from synth.generators.base import Generator
from synth.motion.direction_sets import DirectionSet, load_directions_for
from synth.motion.emotion_track import EmotionEvent, EmotionTrack
from synth.motion.interpolation import KeyframePath
from synth.motion.keyframes import make_emotion_keyframes
from synth.motion.neutral import find_start
from synth.motion.paths import compute_gap_s
from synth.scores.acd_summary import format_summary, summarise_cards
from synth.scores.scorecard import (
    RunFacts,
    Scorecard,
    load_scorecard,
    score_frames,
    score_video,
)
from synth.scores.scorecard_report import save_scorecard
from synth.storage.atomic import write_text_atomically

#: Settings that change no number: a stopped run may go on with others.
FREE_SETTINGS = ("paths", "name", "videos", "faces", "first_seed")


def score_acd(config: DictConfig, folder: Path) -> None:
    """Score the given files, or render and score the protocol's videos; results go to `folder`."""
    check_types(config, {**COMMON_TYPES, **PROTOCOL_TYPES})
    if config.videos is not None:
        name = "acd_files"
        cards = score_files([Path(path) for path in config.videos], config, folder / "files")
        groups = {file: [card] for file, card in cards.items()}
        measured = "Measured: video files as they are, compression included."
    else:
        name = "acd"
        cards = score_protocol(config, folder)
        groups = {
            expression.label: [
                c for key, c in cards.items() if key.endswith(f"_{expression.label}")
            ]
            for expression in list_expressions(config)
        }
        first = next(iter(cards.values()))
        measured = (
            f"Measured: {config.frames} rendered frames per video, from calm to the full "
            f"expression, {first.width_px}x{first.height_px}, without video compression; "
            f"{config.faces} faces from seed {config.first_seed}; generator {first.generator_name} "
            f"(sha256 {first.generator_sha256})."
        )
    save_table(folder / f"{name}.json", measured, {**groups, "all": list(cards.values())})


def score_files(paths: list[Path], config: DictConfig, folder: Path) -> dict[str, Scorecard]:
    """A scorecard with page and plot for each file, by the names of `name_card`."""
    if not paths:
        raise ValueError("needs at least one video; got videos=[]; try videos=[a.mp4]")
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise FileNotFoundError(f"needs video files; found nothing at {', '.join(missing)}")
    observer = build_observer(config.scorecard)
    cards: dict[str, Scorecard] = {}
    for path in tqdm(paths, desc="score", unit="video", disable=None):
        name = name_card(path)
        cards[name] = score_video(path, observer, face_stride=config.scorecard.face_stride)
        save_scorecard(folder / f"{name}.json", cards[name])
    return cards


def name_card(path: Path) -> str:
    """The file's name and a mark of its place: another file, of the same name too, has another."""
    place = hashlib.sha256(str(path.resolve()).encode()).hexdigest()
    return f"{path.name}-{place[:8]}"


def list_expressions(config: DictConfig) -> list[Emotion]:
    """The expressions asked for, by name or number, each once."""
    return list(dict.fromkeys(Emotion.parse(name) for name in config.expressions))


def score_protocol(config: DictConfig, folder: Path) -> dict[str, Scorecard]:
    """Scorecards by 'seed_expression'; those that are in the folder already are not made again."""
    expressions = list_expressions(config)
    if config.faces < 1 or config.frames < 2 or not expressions:
        raise ValueError(
            "needs faces >= 1, frames >= 2 and at least one expression; got "
            f"faces={config.faces}, frames={config.frames}, expressions={config.expressions}"
        )
    check_rendering(config)
    seeds = range(config.first_seed, config.first_seed + config.faces)
    todo = [(seed, expression) for seed in seeds for expression in expressions]
    device = choose_device(config.render.device)
    observer = build_observer(config.scorecard)
    generator: Generator = build(config.generator)
    fitted = load_directions_for(generator, config.directions.path)
    check_same_settings(config, generator, fitted, folder)
    frame_count = config.frames * len(todo)
    render = config.render
    fast = accelerate(generator, render.precision, render.compile, device, frame_count)
    scorer = ExpressionScorer(config, generator, fast, observer, fitted)
    cards: dict[str, Scorecard] = {}
    for seed, expression in tqdm(todo, desc="score", unit="video", disable=None):
        name = f"{seed:06d}_{expression.label}"
        path = folder / "videos" / f"{name}.json"
        if not path.is_file():
            save_scorecard(path, scorer.score(seed, expression), with_report=False)
        cards[name] = load_scorecard(path)
    return cards


def check_rendering(config: DictConfig) -> None:
    """Raise ValueError for settings of time and speed that cannot be met."""
    compute_gap_s(config.fps)
    check_options(config.render.precision, config.render.compile)
    if config.render.batch_size is not None:
        check_batch_size(config.render.batch_size)


@dataclass(frozen=True)
class ExpressionScorer:
    """Makes and measures one video of the protocol; `fast` renders what `generator` defines."""

    config: DictConfig
    generator: Generator
    fast: Generator
    observer: FaceObserver | None
    fitted: DirectionSet

    def score(self, seed: int, expression: Emotion) -> Scorecard:
        """From the calm face of `seed` to the expression: rendered, measured, never encoded."""
        config, render = self.config, self.config.render
        mask = build(config.mask)
        face = RandomFace(seed, config.psi).load_rows(self.generator)
        end = EmotionEvent(expression, (config.frames - 1) / config.fps, float(config.intensity))
        track = EmotionTrack((EmotionEvent(Emotion.CALM, 0.0), end))
        calm = find_start(face, self.fitted, mask, config.directions.calm_first)
        keyframes = make_emotion_keyframes(calm, track, self.fitted.directions, mask)
        halving_s = config.interpolation.halving_s
        if halving_s is None:
            halving_s = 1 / config.fps
        path = KeyframePath(keyframes, config.interpolation.mode, halving_s)
        frames = render_frames(
            self.fast, path, config.fps, render.batch_size, render.noise, render.noise_seed, False
        )
        known = self.generator
        facts = RunFacts(known.name, known.sha256, seed, known.resolution)
        source = f"rendered frames, seed {seed}, calm to {expression.label}"
        stride = config.scorecard.face_stride
        return score_frames(frames, config.fps, self.observer, facts, stride, source)


def check_same_settings(
    config: DictConfig, generator: Generator, fitted: DirectionSet, folder: Path
) -> None:
    """Numbers in one folder are made in one way: refuse to go on with other settings.

    Generator and directions count by what is in their files, wherever those lie.
    """
    container = OmegaConf.to_container(config, resolve=True)
    assert isinstance(container, dict)
    settings = {str(key): value for key, value in container.items() if key not in FREE_SETTINGS}
    settings |= {"generator": generator.sha256, "expressions": None}
    settings["directions"] = {
        "sha256": fitted.sha256,
        "calm_first": config.directions.calm_first,
    }
    text = json.dumps(settings, indent=1, sort_keys=True) + "\n"
    path = folder / "settings.json"
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        raise ValueError(
            f"needs the settings that the videos in {folder} were scored with (settings.json); got "
            "others; try another name=..., or remove the folder"
        )
    write_text_atomically(path, text)


def save_table(path: Path, measured: str, groups: Mapping[str, list[Scorecard]]) -> None:
    """`path` (.json), and the same as .md; the table is printed as well."""
    summaries = {name: summarise_cards(cards) for name, cards in groups.items()}
    content = {"measured": measured, "groups": {k: asdict(s) for k, s in summaries.items()}}
    write_text_atomically(path, json.dumps(content, indent=1) + "\n")
    page = format_summary("Average content distance", measured, summaries)
    write_text_atomically(path.with_suffix(".md"), page)
    print(page)


def main() -> None:
    """The command line."""
    run_script("score_acd", score_acd)


if __name__ == "__main__":
    main()
