"""Walks: which faces are visited, in which order, and what is refused."""

import pytest
import torch

from synth.faces.face import Face
from synth.faces.latents import save_latents
from synth.faces.random_faces import map_seeds
from synth.motion.base import Scene
from synth.motion.interpolation import Interpolation
from synth.motion.walks import FaceWalk

LAYERS, W_DIM = 6, 10


class Generator:
    z_dim, w_dim, num_layers, resolution = W_DIM, W_DIM, LAYERS, 16
    name, sha256 = "repeat", "ab" * 32

    def mapping(self, z, class_weights=None, truncation_psi=1.0, truncation_cutoff=None):
        return (z * truncation_psi)[:, None].expand(-1, LAYERS, -1)

    def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
        raise NotImplementedError


FACE = torch.ones(LAYERS, W_DIM)


def plan(walk):
    """The keyframes of the walk, at eight frames a second."""
    return walk.plan(Face(FACE, Generator()), Scene(fps=8)).path.keyframes


def test_a_random_walk_starts_at_the_face_and_returns():
    walk = FaceWalk(4, 10, 0.5, hold=0.25, interpolation=Interpolation(in_between=5))
    keyframes = plan(walk)
    assert torch.equal(keyframes.w_plus[0], FACE)
    assert torch.equal(keyframes.w_plus[1:], map_seeds([10, 11, 12], Generator(), 0.5))
    assert keyframes.labels == ("start", "seed 10", "seed 11", "seed 12")
    assert keyframes.times_s == (0.0, 1.0, 2.0, 3.0)
    assert keyframes.duration_s == 4.0


def test_a_walk_through_a_file_visits_all_its_faces(tmp_path):
    faces = torch.randn(3, LAYERS, W_DIM)
    save_latents(tmp_path / "faces.npz", faces)
    walk = FaceWalk(latents=str(tmp_path / "faces.npz"), gap=2.0, loop=False)
    keyframes = plan(walk)
    assert torch.equal(keyframes.w_plus, faces)
    assert keyframes.times_s == (0.0, 2.0, 4.0)
    assert keyframes.closing_s is None


def test_one_face_is_no_walk(tmp_path):
    with pytest.raises(ValueError, match=r"got count=1"):
        plan(FaceWalk(count=1))
    save_latents(tmp_path / "one.npz", FACE[None])
    with pytest.raises(ValueError, match=r"one\.npz: needs at least 2 faces"):
        plan(FaceWalk(latents=str(tmp_path / "one.npz")))


@pytest.mark.parametrize("changes", [{"gap": -1.0}, {"gap": 0.0}, {"hold": -0.5}])
def test_times_that_cannot_be_are_refused(changes):
    with pytest.raises(ValueError, match="needs"):
        plan(FaceWalk(**changes))
