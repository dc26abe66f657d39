"""Small films of several methods, and voters whose taste is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from synth.scores.preferences.answers import ANSWERS_FORMAT
from synth.video.encoders import Encoding
from synth.video.writing import write_video

#: Log-odds of mean 0.
STRENGTHS = {"ours": 1.2, "tgan": -0.9, "mocogan": -0.3}


def save_films(folder: Path, counts: Mapping[str, int], frames: int = 3) -> dict[str, str]:
    """Films of some frames of noise, each unlike all others; -> folders by method."""
    rng = np.random.default_rng(0)
    for method, count in counts.items():
        for k in range(count):
            pictures = rng.integers(0, 255, (frames, 8, 8, 3)).repeat(4, 1).repeat(4, 2)
            encoding = Encoding(fps=50, made_by=f"generator {method}")
            write_video(
                folder / method / f"{method}_{k}.mp4", [pictures.astype(np.uint8)], encoding
            )
    return {method: str(folder / method) for method in counts}


def decide(key: dict, rng: np.random.Generator, taste: Mapping[str, float], undecided=0.0) -> dict:
    """What a careful voter prefers, by trial: a film, or None; drawn by Bradley and Terry."""
    films, choices = key["films"], {}
    for name, trial in key["trials"].items():
        a, b = trial["films"]
        if trial["kind"] == "same" or (trial["kind"] == "pair" and rng.random() < undecided):
            choices[name] = None
        elif trial["kind"] == "frozen":
            choices[name] = a if films[b]["frozen"] else b
        else:
            edge = taste[films[a]["method"]] - taste[films[b]["method"]]
            choices[name] = a if rng.random() < 1 / (1 + np.exp(-edge)) else b
    return choices


def answer(key: dict, choices: Mapping[str, str | None], voter: str, rng) -> dict:
    """The file that the page would give for these choices, in a random order."""
    answers = []
    for name in rng.permutation(list(choices)):
        left, right = rng.permutation(key["trials"][name]["films"])
        chosen = {left: "left", right: "right"}.get(choices[name], "neither")
        answers.append(
            {"trial": str(name), "left": str(left), "right": str(right), "chosen": chosen}
            | {"seconds": 2.5, "plays": 2}
        )
    return {
        "format": ANSWERS_FORMAT,
        "study": key["study"],
        "voter": voter,
        "sheet": 0,
        "answers": answers,
    }


def save_answers(folder: Path, content: dict) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{content['voter']}.json"
    path.write_text(json.dumps(content))
    return path
