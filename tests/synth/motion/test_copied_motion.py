"""A film's motion on another face: what the mask opens moves as the film does, the rest stays."""

import numpy as np
import pytest
import torch

from synth.faces.face import Face
from synth.faces.latents import save_latents
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.motion.base import Scene
from synth.motion.copied import CopiedMotion
from synth.motion.masks import LayerMask

GENERATOR = StyleGAN2(
    StyleGAN2Config(
        resolution=8, z_dim=6, w_dim=6, mapping_layers=1, channel_base=32, channel_max=4
    )
)
MASK = LayerMask(layer_stop=2, dim_stop=3)


@pytest.fixture
def film(tmp_path):
    w_plus = torch.randn(5, 4, 6, generator=torch.Generator().manual_seed(0))
    save_latents(tmp_path / "film.npz", w_plus, {"times_s": np.arange(5) * 0.1 + 2})
    return w_plus, str(tmp_path / "film.npz")


@pytest.fixture
def face():
    return torch.randn(4, 6, generator=torch.Generator().manual_seed(1))


def plan(path, face, **settings):
    """The keyframes of the motion."""
    motion = CopiedMotion(str(path), mask=MASK, **settings)
    return motion.plan(Face(face, GENERATOR), Scene()).path.keyframes


def test_the_face_is_itself_first_and_then_moves_by_the_films_changes(film, face):
    w_plus, path = film
    keyframes = plan(path, face)
    assert torch.equal(keyframes.w_plus[0], face)
    moved = (keyframes.w_plus - face)[:, :2, :3]
    assert torch.allclose(moved, (w_plus - w_plus[0])[:, :2, :3], atol=1e-6)
    assert keyframes.times_s == pytest.approx((0, 0.1, 0.2, 0.3, 0.4))
    assert keyframes.closing_s is None


@pytest.mark.parametrize("relative", [True, False])
def test_rows_that_the_mask_closes_stay_bit_for_bit(film, face, relative):
    keyframes = plan(film[1], face, relative=relative)
    assert torch.equal(keyframes.w_plus[:, 2:], face[2:].expand(5, -1, -1))
    assert torch.equal(keyframes.w_plus[:, :2, 3:], face[:2, 3:].expand(5, -1, -1))


def test_the_thesis_copies_the_rows_themselves(film, face):
    keyframes = plan(film[1], face, relative=False)
    assert torch.allclose(keyframes.w_plus[:, :2, :3], film[0][:, :2, :3], atol=1e-6)


def test_a_loop_closes_in_the_time_between_frames(film, face):
    keyframes = plan(film[1], face, loop=True)
    assert keyframes.closing_s == pytest.approx(0.1)


def test_times_are_given_where_the_file_has_none(film, face, tmp_path):
    np.save(tmp_path / "film.npy", film[0].numpy())
    keyframes = plan(tmp_path / "film.npy", face, gap=0.5)
    assert keyframes.times_s == (0, 0.5, 1.0, 1.5, 2.0)


@pytest.mark.parametrize(
    "times_s", [np.zeros(5), np.arange(4.0), np.array([0, 1, 2, np.nan, 4]), np.array(["a"] * 5)]
)
def test_times_that_are_none_are_refused(film, face, tmp_path, times_s):
    save_latents(tmp_path / "bad.npz", film[0], {"times_s": times_s})
    with pytest.raises(ValueError, match=r"bad\.npz: needs `times_s` of 5 frames"):
        plan(tmp_path / "bad.npz", face)


def test_one_frame_is_no_motion_and_other_shapes_do_not_fit(film, face, tmp_path):
    save_latents(tmp_path / "one.npz", film[0][:1])
    with pytest.raises(ValueError, match="at least 2 frames"):
        plan(tmp_path / "one.npz", face)
    save_latents(tmp_path / "other.npz", film[0][:, :3])
    with pytest.raises(ValueError, match=r"other\.npz: needs W\+ of shape"):
        plan(tmp_path / "other.npz", face)
