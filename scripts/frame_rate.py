"""How many frames a second a film has where its settings leave that open.

In: the configuration of a film. Out: the same with a number, before anything reads it: what counts
in frames (gaps between emotions, tracks as long as a video) refers to the one setting, and what is
kept of the film's settings tells the number.
"""

from __future__ import annotations

from omegaconf import DictConfig, OmegaConf

from scripts.building import build
from scripts.constructors import Constructors
from synth.faces.face import find_own_fps
from synth.film.settings import find_usual_fps

SETTING = "video.fps"


def settle_frame_rate(config: DictConfig, allowed: Constructors) -> None:
    """Write the rate of the face that acts by itself, or else the usual one, where it is null.

    Raises what the face's constructor does, and ValueError or OSError for a clip that cannot be
    read.
    """
    if OmegaConf.select(config, SETTING, default=0) is not None:
        return
    face = build(OmegaConf.select(config, "face", throw_on_missing=True), "face", allowed)
    own, usual = find_own_fps(face), find_usual_fps(str(config.video.get("file", "")))
    OmegaConf.update(config, SETTING, usual if own is None else own)
