"""What the edge figures are for: blur, ringing and coloured seams are told apart."""

import pytest
import torch
import torch.nn.functional as F

from synth.workshop.training.edges import measure_edges

N = 64


def draw_disc(softness_px: float) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(N) + 0.5, torch.arange(N) + 0.5, indexing="ij")
    outside = torch.sigmoid((((x - 30) ** 2 + (y - 34) ** 2).sqrt() - 18) / softness_px)
    light, dark = (
        torch.tensor(colour)[:, None, None] for colour in ((0.6, -0.2, -0.6), (-0.8, -0.5, 0.3))
    )
    return (light * outside + dark * (1 - outside))[None]


@pytest.fixture(scope="module")
def render() -> torch.Tensor:
    return draw_disc(0.4)


def test_a_render_has_no_faults(render):
    figures = measure_edges(render, render)
    assert (figures.overshoot, figures.fringe, figures.width) == (0, 0, 1)


def test_blur_is_wide_but_neither_rings_nor_fringes(render):
    figures = measure_edges(draw_disc(1.2), render)
    assert figures.width > 2
    assert figures.overshoot < 1e-3
    assert figures.fringe < 1e-3


def test_ringing_overshoots(render):
    ringing = render + (render - F.avg_pool2d(render, 5, 1, 2))
    assert measure_edges(ringing, render).overshoot > 0.1


def test_a_shifted_colour_is_a_fringe(render):
    fringed = render.clone()
    fringed[:, 0] = fringed[:, 0].roll(1, -1)
    assert measure_edges(fringed, render).fringe > 0.1
    whole = measure_edges(render.roll(1, -1), render)
    assert whole.fringe < 1e-3
