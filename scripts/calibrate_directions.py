"""How far each direction goes: sense and coefficient, found on faces and stored with their curves.

    python -m scripts.calibrate_directions out=calibrated.safetensors
    python -m scripts.calibrate_directions generator=file generator.path=ffhq.pkl \\
        directions.path=mine.safetensors out=mine_calibrated.safetensors search_rows=true

In: a set of directions, who tells emotions (group classifier) and persons (group scorecard). Out:
the set with a coefficient that makes intensity 1 the full emotion, within the identity budget
where one is given; the curves in its card, and as a picture beside it. With search_rows, which rows
of W+ carry each emotion.
"""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from directions.calibration.faces import map_calm_faces
from directions.calibration.report import add_rows, apply_calibration, save_calibration_report
from directions.calibration.rows import RowShares, ablate_rows
from directions.calibration.sweep import Calibration, calibrate_direction
from scripts.entry import build, build_observer, choose_device, run_script
from scripts.identity_budget import need_encoder
from scripts.setting_types import CALIBRATE_TYPES, check_types
from synth.emotions import Emotion
from synth.faces.observers import (
    FaceEncoder,
    NeedsModels,
)
from synth.generators.acceleration import accelerate, check_options
from synth.generators.base import Generator
from synth.judging.emotion_scoring import EmotionScorer
from synth.motion.direction_sets import DirectionSet, load_directions_for, save_directions
from synth.motion.masks import LayerMask
from synth.storage.atomic import check_output_path
from synth.types import WPlus

#: Beyond so many coefficients no face is a face.
MOST_FURTHEST = 10


def calibrate_set(config: DictConfig, folder: Path) -> None:
    """Calibrate and save as configs/calibrate_directions.yaml describes it."""
    check_types(config, CALIBRATE_TYPES)
    out = Path(config.out)
    check_output_path(out, ".safetensors")
    if config.faces < 1:
        raise ValueError(f"needs at least 1 face to calibrate on; got faces={config.faces}")
    if not 0 < config.furthest <= MOST_FURTHEST:
        raise ValueError(
            f"needs furthest above 0, up to {MOST_FURTHEST:g}; got {config.furthest:g}"
        )
    mask: LayerMask = build(config.mask)
    scorer: EmotionScorer = build(config.classifier)
    if isinstance(scorer, NeedsModels):
        scorer.fetch_models()
    encoder = find_encoder(config)
    render, device = config.render, choose_device(config.render.device)
    check_options(render.precision, render.compile)
    generator = accelerate(build(config.generator), render.precision, render.compile, device)
    fitted = load_directions_for(generator, config.directions.path)
    seeds = range(config.first_seed, config.first_seed + config.faces)
    faces = map_calm_faces(generator, fitted, mask, seeds, config.psi)

    found = {}
    for emotion, direction in fitted.directions.items():
        limits = config.identity_budget, config.furthest
        found[emotion] = calibrate_direction(
            generator, faces, emotion, direction, mask, scorer, encoder, *limits
        )
        print(describe(emotion, direction.coefficient, found[emotion]), flush=True)
    calibrated = apply_calibration(
        fitted, found, list_conditions(config, seeds, mask, scorer, encoder)
    )
    shares: dict[Emotion, RowShares] = {}
    if config.search_rows:
        shares = find_rows(generator, faces, calibrated, scorer)
        calibrated = add_rows(calibrated, shares)
    save_directions(out, calibrated)
    if config.report:
        path = out.with_name(f"{out.stem}_calibration.png")
        save_calibration_report(path, found, shares, f"{out.stem}: {generator.name}")
    print(f"{out}: {len(found)} directions for {generator.name}")


def list_conditions(
    config: DictConfig,
    seeds: range,
    mask: LayerMask,
    scorer: EmotionScorer,
    encoder: FaceEncoder | None,
) -> dict[str, object]:
    """How it was measured, for the card."""
    return {
        "scorer": scorer.name,
        "encoder": None if encoder is None else encoder.name,
        "seeds": [seeds[0], seeds[-1]],
        "psi": config.psi,
        "rows": [mask.layer_start, mask.layer_stop],
        "identity_budget": config.identity_budget,
        "furthest": config.furthest,
    }


def find_encoder(config: DictConfig) -> FaceEncoder | None:
    """The observer of the group scorecard, as an encoder. Raises ValueError where a budget needs
    one and there is none."""
    observer = build_observer(config.scorecard)
    if config.identity_budget is not None:
        return need_encoder(observer)
    return observer if isinstance(observer, FaceEncoder) else None


def describe(emotion: Emotion, before: float, found: Calibration) -> str:
    """A line on what was found."""
    turned = "turned round, " if found.sign < 0 else ""
    return (
        f"{emotion.label:10s} {turned}coefficient {before:.2f} -> {found.coefficient:.2f}, "
        f"limited by {found.limited_by}"
    )


def find_rows(
    generator: Generator, faces: WPlus, calibrated: DirectionSet, scorer: EmotionScorer
) -> dict[Emotion, RowShares]:
    """Which rows carry each emotion, and a line on each."""
    shares = {}
    for emotion, direction in calibrated.directions.items():
        shares[emotion] = ablate_rows(generator, faces, emotion, direction, scorer)
        print(
            f"{emotion.label:10s} rows 0 to {shares[emotion].stop - 1} have "
            f"{shares[emotion].first[shares[emotion].stop - 1]:.0%} of the response",
            flush=True,
        )
    return shares


def main() -> None:
    """The command line."""
    run_script("calibrate_directions", calibrate_set)


if __name__ == "__main__":
    main()
