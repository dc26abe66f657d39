"""Films of drawn people: there and back, with their truth, taken up where they were stopped."""

import numpy as np
import pytest

from synth.emotions import Emotion
from synth.generators.bundled_parameters import EMOTION_SLICE, FaceParameters
from synth.workshop.films import face_films
from synth.workshop.films.arcs import LEVELS, draw_arc
from synth.workshop.films.face_films import (
    FaceFilmPlan,
    draw_film,
    load_face_films,
    prepare_folder,
    render_block,
    render_face_films,
)

PLAN = FaceFilmPlan(films=16, frames=4, sizes=(32, 16), seed=3)


class Sketch:
    """A renderer that paints how strong each emotion is."""

    def __init__(self):
        self.count = 0

    def render(self, face, size_px):
        self.count += 1
        picture = np.full((size_px, size_px, 3), 10, np.uint8)
        picture[..., 0] += np.uint8(200 * face.emotions.sum())
        return picture


@pytest.mark.parametrize("frames", [4, 16, 32])
def test_an_arc_goes_there_and_back(frames):
    for seed in range(20):
        arc = draw_arc(frames, np.random.default_rng(seed))
        peak = int(arc.argmax())
        assert arc[0] == arc[-1] == 0 and 0.3 < arc.max() <= 1 and 0 < peak < frames - 1
        assert (np.diff(arc[: peak + 1]) >= 0).all() and (np.diff(arc[peak:]) <= 0).all()
        assert len(set(arc.tolist())) <= LEVELS + 1


def test_a_folder_tells_the_truth_of_its_films(tmp_path, monkeypatch):
    sketch = Sketch()
    monkeypatch.setattr(face_films, "load_renderer", lambda _: sketch)
    prepare_folder(tmp_path, PLAN)
    render_block(tmp_path, tmp_path / "head.npz", 0)
    first = load_face_films(tmp_path, 32)
    assert len(first.films) == 8 and sketch.count <= 8 * 3
    done = sketch.count
    render_face_films(tmp_path, tmp_path / "head.npz", PLAN)
    found, small = load_face_films(tmp_path, 32), load_face_films(tmp_path, 16)
    assert found.films.shape == (16, 4, 32, 32, 3) and small.films.shape == (16, 4, 16, 16, 3)
    assert np.array_equal(found.films[:8], first.films) and sketch.count <= 2 * done + 8
    shown = found.films[:, :, 0, 0, 0].astype(float) - 10
    assert np.abs(shown - 200 * found.intensities).max() < 1
    assert found.emotions.tolist() == [1 + k % 6 for k in range(16)]
    assert not found.parameters[:, EMOTION_SLICE].any()
    films = found.to_film_set()
    assert [films.names[k] for k in films.categories[:2]] == ["anger", "happiness"]
    with pytest.raises(ValueError, match="others: seed"):
        render_face_films(tmp_path, tmp_path / "head.npz", FaceFilmPlan(16, 4, (32, 16), 4))
    with pytest.raises(ValueError, match="films of 64 pixels"):
        load_face_films(tmp_path, 64)


def test_plans_that_cannot_be_met_are_refused(tmp_path):
    with pytest.raises(ValueError, match="multiples of 8"):
        FaceFilmPlan(films=12)
    with pytest.raises(ValueError, match="4 frames or more"):
        FaceFilmPlan(frames=2)
    prepare_folder(tmp_path, PLAN)
    with pytest.raises(ValueError, match="needs finished films"):
        load_face_films(tmp_path, 32)


def test_a_drawn_film_moves_the_face_and_comes_back(small_renderer, face: FaceParameters):
    film = draw_film(small_renderer, face, Emotion.SURPRISE, [0.0, 0.5, 1.0, 0.0], 32)
    assert np.array_equal(film[0], film[3])
    assert np.array_equal(film[0], small_renderer.render(face.with_emotion(None), 32))
    assert not np.array_equal(film[1], film[2])
