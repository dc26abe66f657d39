"""Small generators and a reader of faces for tests of footage as a motion."""

import numpy as np
import torch

from synth.generators.biggan.biggan import BigGAN
from synth.generators.biggan.config import BigGANConfig
from synth.generators.stylegan2 import StyleGAN2Config
from synth.motion.footage.classes import (
    SeenEmotions,
)
from synth.motion.footage.clip import read_clip
from synth.motion.masks import LayerMask
from synth.progress import ignore_progress

SMALL_BIGGAN = BigGANConfig(
    channels=(32, 16, 8), c_dim=1000, z_dim=12, embedding_dim=6, attention=None, statistics=3,
    vocabulary="imagenet", class_names=tuple(f"thing {k}" for k in range(1000)),
)  # fmt: skip
SMALL = StyleGAN2Config(
    resolution=8, z_dim=12, w_dim=6, mapping_layers=2, channel_base=64, channel_max=8
)
KINDS = ("frame", "noise", "sin")
WHOLE = LayerMask(layer_stop=None)


def make_network(kind=BigGAN, config=SMALL_BIGGAN):
    torch.manual_seed(0)
    return kind(config, name="small").eval().requires_grad_(False)


def read(path, points=12):
    return read_clip(path, points, [], ignore_progress)


class Faces:
    """An EmotionReader that says what it was told."""

    name = "told"

    def __init__(self, *seen):
        self.seen = seen

    def read_emotions(self, path, report):
        columns = list(zip(*self.seen, strict=True)) if self.seen else [(), (), (), ()]
        kinds = (float, np.int64, np.int64, float)
        return SeenEmotions(*(np.array(c, k) for c, k in zip(columns, kinds, strict=True)))
