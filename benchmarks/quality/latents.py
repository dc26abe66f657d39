"""How smooth the way from latent to picture is, and whether its features spike.

Perceptual path length (Karras et al. 2019, section 4.1): d(G(lerp(w1, w2; t)), G(lerp(w1, w2;
t + epsilon))) / epsilon^2, mean over pairs. Droplets (Karras et al. 2020, section 2): places where
a feature map is many times as large as elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.quality.pictures import BATCH, Figures, reduce
from synth.generators.architectures import StoredGenerator
from synth.generators.layers import ModulatedConvolution

EPSILON = 1e-4
PATH_PX = 256
#: A mean over all but the extreme percent on each side, as published code takes it.
TRIM_PERCENT = (1, 99)
Distance = Callable[[Tensor, Tensor], Tensor]


def measure_path_length(
    generator: StoredGenerator, distance: Distance, count: int, seed: int = 0
) -> Figures:
    """In W, t uniform from 0 to 1, not truncated, without noise."""
    random = torch.Generator().manual_seed(2_000_000 + seed)
    lengths = []
    with torch.inference_mode():
        for start in range(0, count, BATCH):
            batch = min(BATCH, count - start)
            z = torch.randn(2 * batch, generator.z_dim, generator=random)
            first, second = generator.mapping(z).split(batch)
            t = torch.rand(batch, 1, 1, generator=random)
            pictures = [
                reduce(generator.synthesis(first.lerp(second, at), "none"), PATH_PX)
                for at in (t, t + EPSILON)
            ]
            lengths.append(distance(*pictures) / EPSILON**2)
    found = torch.cat(lengths).numpy()
    low, high = np.percentile(found, TRIM_PERCENT)
    kept = found[(found >= low) & (found <= high)]
    return {"pairs": count, "mean": float(kept.mean()), "median": float(np.median(found))}


def measure_droplets(generator: StoredGenerator, count: int, seed: int = 0) -> Figures:
    """Per layer, the worst of `count` random faces: largest over mean length of its features.

    StyleGAN's droplets showed as such peaks from 64x64 on.
    """
    worst: dict[str, float] = {}
    hooks = [
        module.register_forward_hook(_keep_worst(name, worst))
        for name, module in generator.synthesis.named_modules()
        if isinstance(module, ModulatedConvolution)
    ]
    z = torch.randn(
        count, generator.z_dim, generator=torch.Generator().manual_seed(3_000_000 + seed)
    )
    try:
        with torch.inference_mode():
            for part in z.split(BATCH):
                generator.synthesis(generator.mapping(part))
    finally:
        for hook in hooks:
            hook.remove()
    return {"faces": count, **worst}


def _keep_worst(name: str, worst: dict[str, float]) -> Callable[[nn.Module, object, Tensor], None]:
    def look(module: nn.Module, inputs: object, output: Tensor) -> None:
        lengths = torch.linalg.vector_norm(output.float(), dim=1).flatten(1)
        peak = float((lengths.max(1).values / lengths.mean(1)).max())
        worst[name] = max(peak, worst.get(name, 0.0))

    return look
