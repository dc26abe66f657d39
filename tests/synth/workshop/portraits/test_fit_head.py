"""The head behind pictures: fitted to the renderer's scenes, read from w."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from synth.generators import bundled_parameters
from synth.generators.bundled import load_bundled_generator
from synth.generators.bundled_head import BUNDLED_HEAD, find_head, load_head, save_head
from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.training.fit_head import make_readout, to_head_parameters


def draw_faces(count: int) -> list[FaceParameters]:
    z = np.random.default_rng(21).normal(size=(count, bundled_parameters.Z_DIM))
    return [FaceParameters.from_vector(v) for v in bundled_parameters.map_latents_to_parameters(z)]


def test_parameters_are_read_from_w():
    readout, offset = make_readout()
    for face in draw_faces(3):
        w = bundled_parameters.make_target_latents(face.to_vector()[None])[0]
        np.testing.assert_allclose(w @ readout + offset, to_head_parameters(face), atol=2e-3)


def test_the_shipped_head_reads_what_the_shipped_generator_means():
    generator, head = load_bundled_generator(), load_head(BUNDLED_HEAD)
    assert find_head(generator) is not None
    z = np.random.default_rng(4).normal(size=(24, bundled_parameters.Z_DIM)).astype(np.float32)
    rows = generator.mapping(torch.from_numpy(z))
    true = bundled_parameters.map_latents_to_parameters(z)
    wanted = np.stack([to_head_parameters(FaceParameters.from_vector(v)) for v in true])
    off = np.stack([head.read(one) for one in rows]) - wanted
    assert np.sqrt((off**2).mean()) < 0.1 * wanted.std()


def test_a_head_is_kept_whatever_the_order_of_its_arrays(tmp_path):
    head = load_head(BUNDLED_HEAD)
    turned = replace(head, readout=np.asfortranarray(head.readout))
    save_head(tmp_path / "head.safetensors", turned, {})
    again = load_head(tmp_path / "head.safetensors")
    np.testing.assert_array_equal(again.readout, head.readout)


def test_the_shipped_head_lies_where_the_renderer_draws_it(renderer):
    if not BUNDLED_HEAD.is_file():
        pytest.skip(f"needs {BUNDLED_HEAD.name}, which scripts.fit_head makes")
    head, off = load_head(BUNDLED_HEAD), []
    for face in draw_faces(6):
        placed = head.place_parameters(to_head_parameters(face)).points[head.landmarks]
        true = renderer.find_landmarks(face, 1024)
        off.append(np.linalg.norm(placed * 1024 - 0.5 - true, axis=1))
    assert np.median(off) < 1.5 and np.quantile(off, 0.9) < 5
