"""A face and a track of emotions become a video with its contact sheet and scorecard.

    python -m scripts.generate_video
    python -m scripts.generate_video face.seed=7 'track.emotions=[calm,fear,calm]' video=gif
    python -m scripts.generate_video track=file track.path=my_track.yaml interpolation=cubic
    python -m scripts.generate_video generator=file generator.path=ffhq.pkl track=walk
    python -m scripts.generate_video face=photo face.path=me.jpg

In: a configuration out of configs/generate_video.yaml. Out: one folder with the video,
contact_sheet.png, scorecard.json (.md, .png), track.yaml, latents.npz and config.yaml. The same
command and seed give the same bytes, but for the scorecard's `render_time_s`.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import yaml
from omegaconf import DictConfig, OmegaConf

from scripts.entry import build, build_observer, choose_device, run_script
from scripts.identity_budget import check_identity_budget, lower_intensities
from scripts.setting_types import COMMON_TYPES, VIDEO_TYPES, check_types
from synth.devices import find_device
from synth.emotions import Emotion
from synth.faces.latents import save_latents
from synth.faces.sources import FaceSource
from synth.film.contact_sheet import TileLabel, make_contact_sheet, save_contact_sheet
from synth.film.rendering import check_batch_size, render_frames
from synth.generators.acceleration import accelerate, check_options
from synth.generators.base import Generator
from synth.motion.copied import FaceMotion
from synth.motion.direction_sets import find_bundled_directions, load_directions_for
from synth.motion.emotion_track import EmotionTrack, save_track
from synth.motion.interpolation import KeyframePath
from synth.motion.keyframes import Keyframes, make_emotion_keyframes
from synth.motion.masks import LayerMask
from synth.motion.neutral import find_start
from synth.motion.paths import check_easing, compute_gap_s, count_frames
from synth.motion.walks import FaceWalk
from synth.resizing import check_size
from synth.scores.observations import FaceObserver
from synth.scores.scorecard import RunFacts, score_video
from synth.scores.scorecard_report import save_scorecard
from synth.storage.atomic import write_text_atomically
from synth.types import Rows, to_frames
from synth.video.encoders import Encoding, check_encoding
from synth.video.sound import add_sound, check_sound
from synth.video.writing import write_video

Track = EmotionTrack | FaceWalk | FaceMotion

#: A sheet of more pictures could not be read; a longer track shows so many of its keyframes.
SHEET_PICTURES = 35


def generate_video(config: DictConfig, folder: Path) -> None:
    """Run the main job as configs/generate_video.yaml describes it; results go to `folder`."""
    # 1. What can be wrong without a generator is found before one is loaded.
    check_types(config, {**COMMON_TYPES, **VIDEO_TYPES, "audio": str | None})
    gap_s = compute_gap_s(config.video.fps, config.interpolation.in_between)
    check_film(config, folder)
    if config.audio is not None:
        check_sound(folder / config.video.file, config.audio)
    track: Track = build(config.track, default_gap_s=gap_s)
    mask: LayerMask = build(config.mask)
    mode = check_easing(config.interpolation.mode) or "linear"
    device = choose_device(config.render.device)
    observer = build_observer(config.scorecard)
    check_identity_budget(config.identity_budget, track, observer)
    source: FaceSource = build(config.face)
    source.fetch_models()

    # 2. The face, W+ at each keyframe, and the path through them.
    generator: Generator = build(config.generator)
    face: Rows = source.load_rows(generator)
    source.save_beside(folder, generator)
    generator = source.load_generator(generator)
    track = lower_intensities(config, track, face, generator, mask, observer)
    keyframes = make_keyframes(track, face, generator, mask, config.directions)
    halving_s = config.interpolation.halving_s
    if halving_s is None:
        halving_s = 1 / config.video.fps
    path = KeyframePath(keyframes, mode, halving_s)
    save_inputs(folder, config, track, face, keyframes)

    # 3. Frames stream from the generator into the encoder.
    frame_count = count_frames(path, config.video.fps)
    fast = accelerate(
        generator, config.render.precision, config.render.compile, device, frame_count
    )
    render_time_s = film(folder, config, fast, path, source)
    if config.audio is not None:
        add_sound(folder / config.video.file, config.audio)

    # 4. What to look at, and what to compare with.
    save_sheet(folder, config, fast, keyframes, track, source)
    save_score(folder, config, generator, observer, render_time_s)


def check_film(config: DictConfig, folder: Path) -> None:
    """Raise ValueError for settings of picture and encoder that cannot be met."""
    video, render = config.video, config.render
    encoding = Encoding(video.fps, video.crf, video.gop, video.codec, video.marked)
    check_encoding(folder / video.file, encoding)
    if video.size_px is not None:
        check_size(video.size_px)
    if render.batch_size is not None:
        check_batch_size(render.batch_size)
    check_options(render.precision, render.compile)


def make_keyframes(
    track: Track,
    face: Rows,
    generator: Generator,
    mask: LayerMask,
    settings: DictConfig,
) -> Keyframes:
    """W+ at each keyframe. Only emotions other than calm need directions for this generator."""
    if isinstance(track, FaceWalk):
        return track.make_keyframes(face, generator)
    if isinstance(track, FaceMotion):
        return track.make_keyframes(face, generator, mask)
    is_needed = any(event.emotion is not Emotion.CALM for event in track.events)
    if is_needed or settings.path is not None:
        fitted = load_directions_for(generator, settings.path)
    else:
        fitted = find_bundled_directions(generator)
    if fitted is None:
        return make_emotion_keyframes(face, track, {}, mask)
    start = find_start(face, fitted, mask, settings.calm_first)
    return make_emotion_keyframes(start, track, fitted.directions, mask)


def save_inputs(
    folder: Path,
    config: DictConfig,
    track: Track,
    face: Rows,
    keyframes: Keyframes,
) -> None:
    """config.yaml, track.yaml and latents.npz: the face first, then each keyframe."""
    write_text_atomically(folder / "config.yaml", OmegaConf.to_yaml(config))
    if isinstance(track, EmotionTrack):
        save_track(folder / "track.yaml", track)
    else:
        kind = "walk" if isinstance(track, FaceWalk) else "motion"
        write_text_atomically(folder / "track.yaml", yaml.safe_dump({kind: asdict(track)}))
    labels = np.array(["face", *keyframes.labels])
    times_s = np.array([0.0, *keyframes.times_s])
    w_plus = torch.cat([face[None], keyframes.w_plus])
    save_latents(folder / "latents.npz", w_plus, {"labels": labels, "times_s": times_s})


def film(
    folder: Path, config: DictConfig, fast: Generator, path: KeyframePath, source: FaceSource
) -> float:
    """Render and encode the whole path; say, and return, how many seconds it took."""
    video, render = config.video, config.render
    started_s = time.monotonic()
    faces = render_frames(fast, path, video.fps, render.batch_size, render.noise, render.noise_seed)
    facts = write_video(
        folder / video.file,
        source.place_frames(faces),
        fps=video.fps,
        crf=video.crf,
        gop=video.gop,
        codec=video.codec,
        size_px=video.size_px,
        marked=video.marked,
        made_by=f"generator {fast.name}",
    )
    took_s = time.monotonic() - started_s
    print(f"{folder / video.file}: {facts.frame_count} frames in {took_s:.1f} s")
    return took_s


def save_sheet(
    folder: Path,
    config: DictConfig,
    fast: Generator,
    keyframes: Keyframes,
    track: Track,
    source: FaceSource,
) -> None:
    """contact_sheet.png: each keyframe with its emotion, intensity and time."""
    count, device = len(keyframes.labels), find_device(fast)
    shown = np.unique(np.linspace(0, count - 1, min(count, SHEET_PICTURES)).round().astype(int))
    pictures, labels = [], []
    for k in shown.tolist():
        with torch.inference_mode():
            w_plus = keyframes.w_plus[k : k + 1].to(device)
            image = fast.synthesis(w_plus, config.render.noise, config.render.noise_seed)
        pictures.append(to_frames(image))
        event = track.events[k] if isinstance(track, EmotionTrack) else None
        intensity = event.intensity if event and event.emotion is not Emotion.CALM else None
        labels.append(TileLabel(keyframes.labels[k], intensity, keyframes.times_s[k]))
    seed = config.face.get("seed")
    title = fast.name if seed is None else f"{fast.name}, seed {seed}"
    placed = np.concatenate(list(source.place_frames(pictures)))
    sheet = make_contact_sheet(placed, labels, title)
    made_by, marked = f"generator {fast.name}", config.video.marked
    save_contact_sheet(folder / "contact_sheet.png", sheet, made_by, marked)


def save_score(
    folder: Path,
    config: DictConfig,
    generator: Generator,
    observer: FaceObserver | None,
    render_time_s: float,
) -> None:
    """scorecard.json, .md and .png of the video as a viewer gets it."""
    facts = RunFacts(
        generator_name=generator.name,
        generator_sha256=generator.sha256,
        seed=config.face.get("seed"),
        native_resolution_px=generator.resolution,
        render_time_s=round(render_time_s, 3),
    )
    stride = config.scorecard.face_stride
    card = score_video(folder / config.video.file, observer, facts, stride)
    save_scorecard(folder / "scorecard.json", card, marked=config.video.marked)


def main() -> None:
    """The command line."""
    run_script("generate_video", generate_video)


if __name__ == "__main__":
    main()
