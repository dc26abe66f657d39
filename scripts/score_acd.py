"""How well videos keep one person: average content distance (ACD), by the thesis's protocol.

    python -m scripts.score_acd                               35 faces x 6 expressions = 210 videos
    python -m scripts.score_acd faces=5 'expressions=[anger,fear]' name=acd_quick
    python -m scripts.score_acd 'videos=[a.mp4,b.mp4]'        any video files

In: a configuration out of configs/score_acd.yaml. Out: one scorecard per video, acd.json and
acd.md. The protocol measures frames as the generator renders them, in its own resolution and
without video compression; files are measured as they are. A stopped run is taken up again by the
same command.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from directions.store import load_directions_for
from scripts.entry import build, choose_device, run_script
from synth.acd_summary import format_summary, summarise_cards
from synth.atomic import write_text_atomically
from synth.emotions import Emotion, EmotionEvent, EmotionTrack
from synth.generators.acceleration import accelerate
from synth.generators.base import Generator
from synth.interpolation import KeyframePath
from synth.keyframes import Direction, make_emotion_keyframes
from synth.latents import RandomFace
from synth.observations import FaceObserver
from synth.render import render_frames
from synth.scorecard import RunFacts, Scorecard, load_scorecard, score_frames, score_video
from synth.scorecard_report import save_scorecard

#: Settings that change no number: a stopped run may go on with others.
FREE_SETTINGS = ("paths", "name", "videos", "faces", "first_seed")


def score_acd(config: DictConfig, folder: Path) -> None:
    """Score the given files, or render and score the protocol's videos; results go to `folder`."""
    if config.videos is not None:
        cards = score_files([Path(path) for path in config.videos], config, folder)
        groups = {**{name: [card] for name, card in cards.items()}, "all": list(cards.values())}
        measured = "Measured: video files as they are, compression included."
    else:
        cards = score_protocol(config, folder)
        groups = {
            name: [card for key, card in cards.items() if key.endswith(f"_{name}")]
            for name in config.expressions
        }
        groups["all"] = list(cards.values())
        first = next(iter(cards.values()))
        measured = (
            f"Measured: {config.frames} rendered frames per video, from calm to the full "
            f"expression, {first.width_px}x{first.height_px}, without video compression; "
            f"{config.faces} faces from seed {config.first_seed}; generator {first.generator_name} "
            f"(sha256 {first.generator_sha256})."
        )
    save_table(folder, measured, groups)


def score_files(paths: list[Path], config: DictConfig, folder: Path) -> dict[str, Scorecard]:
    """A scorecard with page and plot for each file; files of one name get numbers."""
    if not paths:
        raise ValueError("needs at least one video; got videos=[]; try videos=[a.mp4]")
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise FileNotFoundError(f"needs video files; found nothing at {', '.join(missing)}")
    observer = build(config.scorecard.observer)
    cards: dict[str, Scorecard] = {}
    for path in tqdm(paths, desc="score", unit="video", disable=None):
        name, number = path.stem, 2
        while name in cards:
            name, number = f"{path.stem}_{number}", number + 1
        cards[name] = score_video(path, observer, face_stride=config.scorecard.face_stride)
        save_scorecard(folder / f"{name}.json", cards[name])
    return cards


def score_protocol(config: DictConfig, folder: Path) -> dict[str, Scorecard]:
    """Scorecards by 'seed_expression'; those that are in the folder already are not made again."""
    expressions = [Emotion.parse(name) for name in config.expressions]
    if config.faces < 1 or config.frames < 2 or not expressions:
        raise ValueError(
            "needs faces >= 1, frames >= 2 and at least one expression; got "
            f"faces={config.faces}, frames={config.frames}, expressions={config.expressions}"
        )
    seeds = range(config.first_seed, config.first_seed + config.faces)
    todo = [(seed, expression) for seed in seeds for expression in expressions]
    device = choose_device(config.render.device)
    generator: Generator = build(config.generator)
    directions = load_directions_for(generator, config.directions.path).directions
    check_settings(config, generator, folder)
    frame_count = config.frames * len(todo)
    render = config.render
    fast = accelerate(generator, render.precision, render.compile, device, frame_count)
    observer = build(config.scorecard.observer)
    scorer = ExpressionScorer(config, generator, fast, observer, directions)
    cards: dict[str, Scorecard] = {}
    for seed, expression in tqdm(todo, desc="score", unit="video", disable=None):
        name = f"{seed:06d}_{expression.label}"
        path = folder / "videos" / f"{name}.json"
        if not path.is_file():
            save_scorecard(path, scorer.score(seed, expression), with_report=False)
        cards[name] = load_scorecard(path)
    return cards


@dataclass(frozen=True)
class ExpressionScorer:
    """Makes and measures one video of the protocol; `fast` renders what `generator` defines."""

    config: DictConfig
    generator: Generator
    fast: Generator
    observer: FaceObserver | None
    directions: Mapping[Emotion, Direction]

    def score(self, seed: int, expression: Emotion) -> Scorecard:
        """From the calm face of `seed` to the expression: rendered, measured, never encoded."""
        config, render = self.config, self.config.render
        face = RandomFace(seed, config.psi).load_rows(self.generator)
        end = EmotionEvent(expression, (config.frames - 1) / config.fps, float(config.intensity))
        track = EmotionTrack((EmotionEvent(Emotion.CALM, 0.0), end))
        keyframes = make_emotion_keyframes(face, track, self.directions, build(config.mask))
        halving_s = config.interpolation.halving_s or 1 / config.fps
        path = KeyframePath(keyframes, config.interpolation.mode, halving_s)
        frames = render_frames(
            self.fast, path, config.fps, render.batch_size, render.noise, render.noise_seed, False
        )
        known = self.generator
        facts = RunFacts(known.name, known.sha256, seed, known.resolution)
        source = f"rendered frames, seed {seed}, calm to {expression.label}"
        stride = config.scorecard.face_stride
        return score_frames(frames, config.fps, self.observer, facts, stride, source)


def check_settings(config: DictConfig, generator: Generator, folder: Path) -> None:
    """Numbers in one folder are made in one way: refuse to go on with other settings."""
    container = OmegaConf.to_container(config, resolve=True)
    assert isinstance(container, dict)
    settings = {str(key): value for key, value in container.items() if key not in FREE_SETTINGS}
    settings |= {"generator": generator.sha256, "expressions": None}
    text = json.dumps(settings, indent=1, sort_keys=True) + "\n"
    path = folder / "settings.json"
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        raise ValueError(
            f"needs the settings that the videos in {folder} were scored with (settings.json); got "
            "others; try another name=..., or remove the folder"
        )
    write_text_atomically(path, text)


def save_table(folder: Path, measured: str, groups: Mapping[str, list[Scorecard]]) -> None:
    """acd.json and acd.md; the table is printed as well."""
    summaries = {name: summarise_cards(cards) for name, cards in groups.items()}
    content = {"measured": measured, "groups": {k: asdict(s) for k, s in summaries.items()}}
    write_text_atomically(folder / "acd.json", json.dumps(content, indent=1) + "\n")
    page = format_summary("Average content distance", measured, summaries)
    write_text_atomically(folder / "acd.md", page)
    print(page)


def main() -> None:
    """The command line."""
    run_script("score_acd", score_acd)


if __name__ == "__main__":
    main()
