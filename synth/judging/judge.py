"""Which of the seven emotions does a face show: a judge trained on renders only.

It is never used to fit directions, so that it can tell whether they do what they should. It looks
at the inner face of an FFHQ crop, in grey and at 96x96, and so cares neither for skin and hair
colour nor for how sharp a picture is. A small residual network (He et al. 2016), other than the
perceptual one in build and in task.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from synth.emotions import Emotion
from synth.judging.storage import load_network
from synth.types import Images

KIND = "moodreel-judge"
BUNDLED_JUDGE = Path(__file__).with_name("weights") / "moodreel-judge.safetensors"
WIDTHS = (24, 48, 80, 112)
INPUT_PX = 96
#: The inner face as shares of an FFHQ crop: left, top, side.
FACE_BOX = (0.14, 0.22, 0.72)
#: Grey from RGB, BT.601.
LUMA = (0.299, 0.587, 0.114)


class EmotionJudge(nn.Module):
    """Logits and probabilities of the emotions, in the order of `Emotion`."""

    temperature: Tensor

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.settings = {"widths": list(widths)}
        self.stem = nn.Sequential(
            nn.Conv2d(1, widths[0], 5, 2, 2, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()
        )
        self.blocks = nn.Sequential(
            *(
                ResidualBlock(before, width)
                for before, width in zip((widths[0], *widths), widths, strict=False)
            )
        )
        self.head = nn.Linear(widths[-1], len(Emotion))
        #: Divides logits, so that probabilities are right as often as they say.
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, faces: Float[Tensor, "batch 1 height width"]) -> Float[Tensor, "batch 7"]:
        """Prepared faces (`prepare`) -> logits before temperature."""
        maps = self.blocks(self.stem(faces))
        return self.head(maps.mean((2, 3)).float())

    def judge(self, images: Images) -> Float[Tensor, "batch 7"]:
        """FFHQ crops [batch, 3, n, n] in [-1, 1] -> probabilities of the emotions.

        Raises ValueError for pictures that are not square or smaller than 32x32.
        """
        return (self(self.prepare(images)) / self.temperature).softmax(1)

    def prepare(self, images: Images) -> Float[Tensor, "batch 1 rows columns"]:
        """FFHQ crops -> what the network looks at: the inner face, grey, INPUT_PX a side."""
        if images.shape[2] != images.shape[3] or images.shape[2] < 32:
            raise ValueError(
                "needs square pictures [batch, 3, n, n] of faces, n at least 32; got "
                f"{list(images.shape)}; try crops in FFHQ alignment"
            )
        left, top, side = (round(share * images.shape[-1]) for share in FACE_BOX)
        inner = images[..., top : top + side, left : left + side].float().clamp(-1, 1)
        grey = torch.einsum("bchw,c->bhw", inner, inner.new_tensor(LUMA))[:, None]
        small = F.interpolate(grey, (INPUT_PX, INPUT_PX), mode="bilinear", antialias=True)
        return small.to(self.head.weight.dtype)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions that halve the picture, added to its halved input."""

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(before, width, 3, 2, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.keep = nn.Conv2d(before, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, before, n, n] -> [batch, width, n / 2, n / 2]."""
        return F.relu(self.change(x) + self.keep(F.avg_pool2d(x, 2, ceil_mode=True)))


def load_judge(
    path: str | Path = BUNDLED_JUDGE, device: str | torch.device = "cpu"
) -> EmotionJudge:
    """Read the judge that ships, or the one at `path`: frozen, float32.

    Raises FileNotFoundError or ValueError naming the file.
    """
    return load_network(path, KIND, EmotionJudge)[0].to(device)
