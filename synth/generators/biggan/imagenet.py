"""The names of ImageNet's 1000 classes, in their usual order.

They are read from the metadata of torchvision's weights, which come with that package: nothing is
downloaded, and no list is kept here. Some names stand for two classes ('crane'); numbers do not.
"""

from __future__ import annotations

from functools import cache


@cache
def find_imagenet_names() -> tuple[str, ...]:
    """'tench', 'goldfish' ...; empty where torchvision is not installed."""
    try:
        from torchvision.models import MobileNet_V3_Large_Weights
    except ImportError:
        return ()
    return tuple(MobileNet_V3_Large_Weights.IMAGENET1K_V2.meta["categories"])
