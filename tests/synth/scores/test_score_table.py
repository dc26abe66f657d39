"""The table of many films: what is written is what is read back."""

import csv

import numpy as np
import pytest

from synth.scores.score_table import can_write_parquet, draw_table, make_row, save_table
from synth.scores.scorecard import score_frames


@pytest.fixture
def rows():
    frames = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    card = score_frames([frames], 8, None, source="=1+1")
    return [make_row(f"film{k}", {"face.seed": str(k)}, card) for k in range(2)]


def test_a_row_says_all_but_curves(tmp_path, rows):
    save_table(tmp_path / "scores.csv", rows, ("film", "render_time_s"))
    with (tmp_path / "scores.csv").open(encoding="utf-8") as file:
        (first, second) = csv.DictReader(file)
    assert [*first][:3] == ["film", "render_time_s", "face.seed"]
    assert second["film"] == "film1" and second["face.seed"] == "1"
    assert first["frame_count"] == "3" and first["acd_consecutive"] == ""
    assert float(first["flicker_mean"]) == rows[0]["flicker_mean"]
    assert first["source"] == "'=1+1"  # no formula
    assert "curves" not in first


def test_a_table_of_another_kind_is_refused(tmp_path, rows):
    with pytest.raises(ValueError, match=r"scores\.xlsx: needs a table named \.csv"):
        save_table(tmp_path / "scores.xlsx", rows)


def test_parquet_keeps_numbers(tmp_path, rows):
    if not can_write_parquet():
        pytest.skip("needs pyarrow (the extra tables)")
    import pyarrow.parquet

    save_table(tmp_path / "scores.parquet", rows)
    table = pyarrow.parquet.read_table(tmp_path / "scores.parquet").to_pylist()
    assert [dict(row) for row in rows] == table


def test_a_picture_is_drawn_of_any_number_of_films(tmp_path, rows):
    for number in (0, 2):
        draw_table(rows[:number], tmp_path / "scores.png")
        assert (tmp_path / "scores.png").stat().st_size > 5000
