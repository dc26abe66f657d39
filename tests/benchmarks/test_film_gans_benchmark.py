"""The comparison of film generators: distances with known values, table, sheet, who is in what."""

import json
import types

import numpy as np
import pytest
from PIL import Image

from benchmarks.film_gans import rows
from benchmarks.film_gans.control import measure_control, tell_films
from benchmarks.film_gans.finishing import FIGURES, PAGE
from benchmarks.film_gans.measures import (
    find_features,
    measure_distances,
    measure_faces,
)
from benchmarks.film_gans.rows import ROWS, make_frozen
from benchmarks.film_gans.settings import Settings, TrueFilms, load_true_films
from benchmarks.film_gans.sheet import make_block, save_film_sheet
from benchmarks.film_gans.table import BEGIN, COLUMNS, END, format_table, replace_table
from synth.faces.observers import FaceObservations
from synth.generators.bundled_parameters import EMOTIONS
from synth.workshop.films.film_set import FilmSet

#: In place of the perceptual network: the mean colour of a picture.
COLOURS = types.SimpleNamespace(embed=lambda images: images.mean((2, 3)))


@pytest.fixture(scope="module")
def films() -> np.ndarray:
    """Plain frames of random colours."""
    colours = np.random.default_rng(0).integers(40, 160, (40, 16, 1, 1, 3))
    return np.broadcast_to(colours, (40, 16, 4, 4, 3)).astype(np.uint8)


def test_a_shift_of_all_colours_is_as_far_as_it_is(films):
    truth = find_features(films, COLOURS)
    assert truth.single.shape == (640, 3) and truth.pairs.shape == (480, 6)
    same = measure_distances(films, truth, COLOURS)
    assert same["frame_distance"] == pytest.approx(0, abs=1e-6)
    assert same["pair_distance"] == pytest.approx(0, abs=1e-6)
    shifted = measure_distances(films + 51, truth, COLOURS)
    assert shifted["frame_distance"] == pytest.approx(3 * 0.4**2, rel=1e-3)
    assert shifted["pair_distance"] == pytest.approx(6 * 0.4**2, rel=1e-3)


def test_frozen_films_are_told_by_pairs_of_frames_alone(films):
    truth = find_features(films, COLOURS)
    # Every frame stands as often as before, but films do not move.
    frozen = np.repeat(films.reshape(640, 1, 4, 4, 3), 16, 1)
    found = measure_distances(frozen, truth, COLOURS)
    assert found["frame_distance"] < 1e-3 < 0.05 < found["pair_distance"]


class OneEye:
    """Sees a face in bright frames; the embedding is the brightness."""

    name = "one eye"

    def observe(self, frames):
        assert frames.shape[1:] == (256, 256, 3)  # enlarged
        bright = frames.mean((1, 2, 3))
        embeddings = np.where(bright > 100, bright, np.nan)[:, None]
        points = np.tile(np.arange(136.0).reshape(68, 2), (len(frames), 1, 1))
        return FaceObservations(embeddings, np.where(bright[:, None, None] > 100, points, np.nan))


def test_faces_are_looked_for_in_enlarged_frames():
    film = np.full((2, 16, 64, 64, 3), 120, np.uint8)
    film[0, ::2] = 123
    film[1, 8:] = 10
    found = measure_faces(film, OneEye())
    assert found["share_with_face"] == 0.75
    assert found["acd_consecutive"] == pytest.approx((3 + 0) / 2)
    assert found["expression_size"] == 0
    # Of the first film each frame jumps up and back; of the second none does.
    assert found["flicker"] == pytest.approx(3 / 2, rel=0.01)


def test_nobody_is_on_two_sides(monkeypatch, tmp_path):
    numbered = np.arange(20, dtype=np.uint8)[:, None, None, None, None]
    found = FilmSet(np.broadcast_to(numbered, (20, 16, 4, 4, 3)), np.zeros(20, np.int64), ("a",))
    arcs = np.tile(np.arange(20.0)[:, None], (1, 16))
    emotions = np.arange(20) % 6 + 1
    stored = types.SimpleNamespace(to_film_set=lambda: found, emotions=emotions, intensities=arcs)
    monkeypatch.setattr(
        "benchmarks.film_gans.settings.load_face_films", lambda folder, size_px: stored
    )
    true = load_true_films(Settings(tmp_path, tmp_path, films=4, learn_films=10))
    parts = [set(part.films[:, 0, 0, 0, 0].tolist()) for part in (true.truth, true.unseen)]
    assert parts == [{0, 1, 2, 3}, {4, 5, 6, 7}]
    assert set(true.known.films[:, 0, 0, 0, 0].tolist()) == set(range(8, 18))
    assert true.unseen_told.sum((1, 2)).tolist() == [64, 80, 96, 112]
    assert true.unseen_told[:, 0].argmax(1).tolist() == emotions[4:8].tolist()
    assert true.known_arc == pytest.approx(np.full(16, 12.5))
    with pytest.raises(ValueError, match="8 films held out and 13 to learn from"):
        load_true_films(Settings(tmp_path, tmp_path, films=4, learn_films=13))


def test_rows_begin_with_pictures_that_nobody_learned(monkeypatch, films, tmp_path):
    bright = np.repeat(films, 4, 2).repeat(4, 3)
    kinds = np.arange(len(films)) % 6
    half = FilmSet(bright[:20], kinds[:20], EMOTIONS)
    unseen = FilmSet(bright[20:24], kinds[20:24], EMOTIONS)
    told = tell_films(kinds[20:24] + 1, np.ones((4, 16)))
    true = TrueFilms(half, unseen, half, told, np.linspace(0, 1, 16))
    settings = Settings(tmp_path, tmp_path, 0.001, films=4, size_px=16, width=2, batch=2)
    frozen = make_frozen(settings, true).films
    assert np.array_equal(frozen[:, 3], true.unseen.films[:, 8])
    made = ROWS["pix2pix free running"](settings, true)
    assert np.array_equal(made.films[:, 0], true.unseen.films[:, 0])
    assert made.facts["steps"] >= 1 and made.facts["seconds_per_film"] > 0
    # Taken up where it is, not trained again.
    monkeypatch.setattr(rows, "draw_films", lambda *_: made.films)
    assert ROWS["pix2pix free running"](settings, true).facts["steps"] == made.facts["steps"]
    fed = ROWS["pix2pix fed true frames"](settings, true)
    assert fed.films.shape == made.films.shape
    moco = ROWS["mocogan"](settings, true)
    assert moco.told is not None and moco.told[:, -1].argmax(1).tolist() == [1, 2, 3, 4]
    assert made.told is None and make_frozen(settings, true).told is told


class Reader:
    """Sees as much of an emotion as its channel is bright: anger red, happiness green."""

    name = "reader"

    def score(self, faces):
        scores = np.full((len(faces), 7), 1e-3)
        scores[:, 1:3] = faces.mean((1, 2))[:, :2] / 255
        return scores


def test_control_is_that_of_all_films_together():
    arc = np.linspace(0, 1, 16)
    films = np.zeros((2, 16, 64, 64, 3), np.uint8)
    films[..., 0] = (255 * arc)[None, :, None, None]
    told = tell_films([1, 2], np.stack([arc, arc]))
    found = measure_control(films, told, Reader())
    # Of two films told anger and happiness, both show anger.
    assert found["linearity"] == pytest.approx(0.5, abs=1e-3)
    assert found["shown_as_told"] == 0.5 and found["confusion"] == 0


def make_figures() -> dict:
    plain = {"films": 4, "frames": 16, "size_px": 64, "own_films": 2, "minutes": 1.5, "width": 16}
    rows = {
        "tgan": {"acd_consecutive": 0.12345, "share_with_face": 0.5, "parameters": 1234567},
        "frozen frame": {"acd_consecutive": None},
    }
    return {"settings": {**plain, "batch": 8, "learn_films": 10}, "rows": rows}


def test_the_table_says_what_was_measured_and_what_was_not():
    table = format_table(make_figures())
    lines = table.splitlines()
    assert "1.5 minutes of one core" in lines[0] and "4 films of 16 frames of 64x64" in lines[0]
    assert all(line.count("|") == len(COLUMNS) + 2 for line in lines[2:])
    assert lines[4].startswith("| tgan | 0.123 |") and "| 50% |" in lines[4]
    assert "1,234,567" in lines[4] and set(lines[5].split(" | ")[1:-1]) == {"–"}
    page = f"before\n{BEGIN}\nformer\n{END}\nafter\n"
    once = replace_table(page, table)
    assert once.startswith("before\n") and once.endswith("after\n") and "former" not in once
    assert replace_table(once, table) == once
    with pytest.raises(ValueError, match="needs a page with the lines"):
        replace_table("nothing", table)


def test_the_page_shows_the_figures_in_the_repository():
    text = PAGE.read_text(encoding="utf-8")
    if FIGURES.is_file():
        figures = json.loads(FIGURES.read_text(encoding="utf-8"))
        assert format_table(figures) in text and set(figures["rows"]) <= set(ROWS)
    else:
        inside = text.partition(BEGIN)[2].partition(END)[0]
        assert "|" not in inside  # nothing that was not measured


def test_a_block_shows_films_as_columns(tmp_path):
    films = np.zeros((3, 16, 64, 64, 3), np.uint8)
    films[:, 8] = 200
    block = make_block("mocogan", films)
    assert block[22 + 2 * 64 + 30, 2 * 64 + 30].tolist() == [200, 200, 200]
    assert block[22 + 30, 30].tolist() == [0, 0, 0]
    save_film_sheet(tmp_path / "sheet.png", {"a": films, "b": films, "c": films})
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (2 * block.shape[1], 2 * block.shape[0])
