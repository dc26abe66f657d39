"""The command `moodreel`: every job by a short name.

    moodreel --help
    moodreel video face.seed=7 'track.emotions=[calm,surprise,happiness,calm]'
    moodreel photo me.jpg
    moodreel video --help

`moodreel JOB ...` is `python -m scripts.SCRIPT ...`; both take the same settings.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass

from scripts.reporting import reporting_errors
from synth.setting_text import quote_setting, write_setting


@dataclass(frozen=True)
class Command:
    """A job: its script, what it does, an example, settings that it begins with, and the settings
    that plain first words stand for; or `many`, the list that all of them go into."""

    script: str
    purpose: str
    example: str
    settings: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    many: str | None = None


COMMANDS = {
    "video": Command(
        "generate_video",
        "a face and a motion become a video with its scorecard",
        "face.seed=7 'track.emotions=[calm,surprise,happiness,calm]'",
    ),
    "photo": Command(
        "generate_video",
        "the same with the face in a photo",
        "me.jpg face.paste=true",
        ("face=photo",),
        ("face.path",),
    ),
    "studio": Command("studio", "films in the browser, and a service", "address.port=8080"),
    "project": Command(
        "play_project", "a project of the studio becomes its film", "smile.moodreel.json"
    ),
    "score": Command(
        "score_acd", "a scorecard for any videos, or the protocol of 210", "'videos=[mine.mp4]'"
    ),
    "preference-study": Command(
        "make_preference_study",
        "a page on which people say which films they prefer",
        "'methods={ours: films/ours, theirs: films/theirs}'",
    ),
    "preferences": Command(
        "score_preferences",
        "what their answers say",
        "key=key.json 'answers=[one.json,two.json]'",
    ),
    "collect": Command(
        "collect_scores",
        "the scorecards of many films become a table",
        "outputs/video",
        (),
        ("folder",),
    ),
    "verify": Command(
        "verify",
        "is a file ours, and is it as it was made",
        "film.mp4 contact_sheet.png",
        many="files",
    ),
    "invert": Command("invert", "photos become latents", "album batch=4", (), ("photos",)),
    "invert-video": Command(
        "invert_video", "a video of a person becomes latents", "clip.mp4", (), ("path",)
    ),
    "emotions": Command(
        "predict_emotions",
        "the emotions of a video become a track",
        "clip.mp4",
        (),
        ("video.path",),
    ),
    "convert": Command(
        "convert_checkpoint",
        "a foreign checkpoint becomes safetensors",
        "net.pkl net.safetensors",
        (),
        ("source", "out"),
    ),
    "fit-directions": Command(
        "fit_directions",
        "emotion directions for a generator",
        "generator=file generator.path=net.pkl labels=self out=mine.safetensors",
    ),
    "calibrate-directions": Command(
        "calibrate_directions",
        "how far each direction goes",
        "directions.path=mine.safetensors out=calibrated.safetensors",
    ),
    "show-directions": Command(
        "show_directions", "what directions do, as a picture", "out=directions.png"
    ),
    "exchange-directions": Command(
        "exchange_directions", "directions from and for elsewhere", "boundaries", (), ("source",)
    ),
    "train-sequence": Command(
        "train_sequence", "a network that writes tracks", "sequences=file sequences.path=mine.csv"
    ),
    "train-classifier": Command(
        "train_classifier", "a classifier of emotions", "labelled_faces.path=faces"
    ),
    "train-encoder": Command("train_encoder", "a coarse encoder for a generator", "name=encoder"),
    "train-points": Command(
        "train_points", "a network that places 68 points", "head_model=ict_facekit.npz"
    ),
    "train-covers": Command(
        "train_covers", "a network that sees hands before a face", "head_model=ict_facekit.npz"
    ),
    "fit-head": Command(
        "fit_head", "the head behind the bundled generator's pictures", "head_model=ict_facekit.npz"
    ),
    "train-still-gan": Command(
        "train_still_gan",
        "a small GAN of your own pictures",
        "pictures out=own.safetensors",
        (),
        ("pictures",),
    ),
    "render-face-films": Command(
        "render_face_films",
        "films of drawn people to learn from",
        "head_model=ict_facekit.npz",
    ),
    "train-film-gan": Command(
        "train_film_gan",
        "a generator of films, from the papers of before",
        "method=mocogan data=outputs/face_films",
    ),
    "convert-head-model": Command(
        "convert_head_model",
        "ICT-FaceKit's head as one file",
        "ICT-FaceKit/FaceXModel",
        (),
        ("source",),
    ),
    "train-generator": Command(
        "train_generator",
        "the bundled generator, from renders, step by step",
        "step=render head_model=ict_facekit.npz",
    ),
    "train-networks": Command(
        "train_networks", "the networks that judge pictures", "network=judge data=faces"
    ),
    "refit": Command(
        "refit", "all that follows from the bundled generator, in the repository", "show=true"
    ),
}


def main() -> None:
    """Run the job that the command line names."""
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help", "help"):
        print(format_help())
        return
    with reporting_errors():
        command = find_command(words[0])
        sys.argv = [f"moodreel {words[0]}", *make_settings(command, words[1:])]
        importlib.import_module(f"scripts.{command.script}").main()


def find_command(name: str) -> Command:
    """The job of that name. Raises ValueError for another."""
    if name not in COMMANDS:
        raise ValueError(
            f"needs a job out of {', '.join(COMMANDS)}; got {name!r}; try moodreel --help"
        )
    return COMMANDS[name]


def make_settings(command: Command, words: list[str]) -> list[str]:
    """The script's settings: those that it begins with, and plain first words by their names."""
    words = list(words)
    if command.many is not None:
        count = next((k for k, word in enumerate(words) if _is_setting(word)), len(words))
        listed = ",".join(quote_setting(word) for word in words[:count])
        words = ([f"{command.many}=[{listed}]"] if count else []) + words[count:]
    for place, (name, word) in enumerate(zip(command.plain, words, strict=False)):
        if _is_setting(word):
            break
        words[place] = write_setting(name, word)
    return [*command.settings, *words]


def _is_setting(word: str) -> bool:
    return "=" in word or word.startswith("-")


def format_help() -> str:
    """All jobs with an example of each."""
    lines = ["moodreel JOB [SETTING=VALUE ...]", ""]
    for name, command in COMMANDS.items():
        lines += [f"{name:22s}{command.purpose}", f"{'':22s}  moodreel {name} {command.example}"]
    lines += ["", "moodreel JOB --help shows all settings of a job; docs/ explains them."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
