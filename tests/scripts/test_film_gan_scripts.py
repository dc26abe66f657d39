"""The commands that render films of drawn people and train generators of films on them."""

import numpy as np
import pytest

from scripts import render_face_films, train_film_gan
from synth.workshop.film_gans.registry import load_film_gan
from synth.workshop.films import face_films
from synth.workshop.films.face_films import load_face_films


class Grey:
    """In place of the renderer: brighter with the emotion."""

    def render(self, face, size_px=512):
        return np.full((size_px, size_px, 3), 40 + int(100 * face.emotions.sum()), np.uint8)


def test_films_are_rendered_and_learned_from(call, tmp_path, monkeypatch):
    monkeypatch.setattr(face_films, "load_renderer", lambda _: Grey())
    plan = ("films=8", "frames=8", "sizes=[16]", "workers=1", "name=films")
    code, errors = call(render_face_films, "head_model=head.npz", *plan)
    assert code == 0, errors
    assert load_face_films(tmp_path / "films", 16).films.shape == (8, 8, 16, 16, 3)
    small = ("size_px=16", "frames=8", "plan=smoke", "device=cpu", f"data={tmp_path / 'films'}")
    code, errors = call(train_film_gan, "method=tgan", *small)
    assert code == 0, errors
    gan = load_film_gan(tmp_path / "film_gans" / "tgan" / "tgan.safetensors")
    assert (gan.method, gan.sizes.width, gan.make_films(2).shape) == ("tgan", 4, (2, 3, 8, 16, 16))
    assert (tmp_path / "film_gans" / "tgan" / "sheet.png").is_file()
    code, errors = call(train_film_gan, "method=tgan", *small, "batch=3")
    assert code == 1 and "others: batch" in errors
    code, errors = call(train_film_gan, "method=tgan", *small, "size_px=32")
    assert code == 1 and "needs films of 32 pixels" in errors


@pytest.mark.parametrize("method", ["vgan", "7"])
def test_a_method_that_is_none_is_one_line(call, tmp_path, method):
    code, errors = call(train_film_gan, f"method={method}", f"data={tmp_path}")
    assert code == 1 and "method" in errors and errors.count("\n") == 1
