"""The motion that shifts and turns: placements, paths, films."""

import numpy as np
import pytest
import torch

from synth.faces.face import Face
from synth.film.film import make_film
from synth.film.rendering import draw_chunk
from synth.film.settings import FilmSettings, RenderSettings
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.generators.stylegan3.config import Widths, design_t
from synth.generators.stylegan3.stylegan3 import StyleGAN3
from synth.motion.base import Scene
from synth.motion.transform import ShiftAndTurn, make_transforms
from synth.motion.walks import FaceWalk
from synth.types import to_frames

STAY = [[0, 0, 0, 0], [1, 0.25, -0.1, 40]]


@pytest.fixture
def face():
    torch.manual_seed(0)
    network = StyleGAN3(design_t(32, Widths(512, 16), z_dim=12, w_dim=12), name="small")
    with torch.no_grad():
        network.synthesis.input.affine.weight.normal_(std=0.3)
    return Face.random(network.eval().requires_grad_(False), seed=1)


def draw(face, plan, times_s):
    times_s = torch.tensor(times_s, dtype=torch.float64)
    settings = RenderSettings(device="cpu")
    return draw_chunk(face.generator, plan.path, times_s, settings, len(times_s) + 1)


@torch.no_grad()
def test_at_each_placement_the_picture_is_where_it_says(face):
    plan = ShiftAndTurn(STAY, closing=None).plan(face, Scene(10))
    assert (plan.path.duration_s, plan.path.closed) == (1.0, False)
    found = draw(face, plan, [0.0, 1.0])
    where = make_transforms(torch.tensor([[0, 0, 0], [0.25, -0.1, 40]]))
    expected = face.generator.synthesis(face.rows.expand(2, -1, -1), transform=where)
    assert np.array_equal(found, to_frames(expected))
    assert [moment.label for moment in plan.moments] == ["+0 +0, 0°", "+0.25 -0.1, 40°"]


def test_a_way_back_closes_the_path(face):
    plan = ShiftAndTurn(STAY, closing=0.5).plan(face, Scene(10))
    assert (plan.path.duration_s, plan.path.closed) == (1.5, True)
    ends = plan.path.find_transforms(torch.tensor([0.0, 1.5]))
    torch.testing.assert_close(ends[0], ends[1], atol=1e-5, rtol=0)
    # The halfway place is the middle of the placements, not of their matrices.
    middle = plan.path.find_transforms(torch.tensor([0.5], dtype=torch.float64))
    torch.testing.assert_close(middle, make_transforms(torch.tensor([[0.125, -0.05, 20.0]])))
    assert torch.equal(plan.path(torch.tensor([0.5]))[0], face.rows)


def test_transforms_are_the_way_back():
    (matrix,) = make_transforms(torch.tensor([[0.5, 0.0, 90.0]]))
    # What was to the right of the centre is now above it, and that half a width to the right.
    torch.testing.assert_close(
        matrix @ torch.tensor([0.5, -0.2, 1.0]).double(), torch.tensor([0.2, 0.0, 1.0]).double()
    )


def test_another_motion_goes_on_meanwhile(face, tmp_path):
    walk = FaceWalk(count=2, gap=0.5)
    plan = ShiftAndTurn(STAY, closing=1.0, motion=walk).plan(face, Scene(10))
    inner = walk.plan(face, Scene(10))
    assert plan.moments == inner.moments and set(plan.record) == {"walk", "transform"}
    times_s = torch.tensor([0.4], dtype=torch.float64)
    assert torch.equal(plan.path(times_s), inner.path(times_s))
    settings = FilmSettings(fps=4, render=RenderSettings(device="cpu"))
    motion = ShiftAndTurn(STAY, motion=walk)
    film = make_film(face.generator, face, motion, settings, tmp_path / "film")
    assert film.facts.frame_count > 5 and film.contact_sheet.is_file()


def test_what_is_refused(face):
    for placements in ([], [[0, 0, 0]], [[0, 5000, 0, 0]], [[1, 0, 0, 0], [0, 0, 0, 0]]):
        with pytest.raises(ValueError, match="needs"):
            ShiftAndTurn(placements)
    with pytest.raises(ValueError, match="nan"):
        ShiftAndTurn([[0, float("nan"), 0, 0]])
    config = StyleGAN2Config(resolution=8, z_dim=6, w_dim=6, mapping_layers=1, channel_base=64)
    other = Face.random(StyleGAN2(config, name="plain").requires_grad_(False), seed=1)
    with pytest.raises(ValueError, match="shift and turn what it draws; got plain"):
        ShiftAndTurn(STAY).plan(other, Scene(10))
