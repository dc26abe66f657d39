"""The arithmetic of what many cost."""

from benchmarks.scale import Cost, format_computed, format_measured, measure_films


def test_many_cost_so_many_times_one():
    film = Cost("film", 50.0, 43.2, 86.4, 5e6)
    assert "| film | 50.0 | 43.2 | 86.4 | 5.00 |" in format_measured([film])
    table = format_computed([film], 100_000, [1, 10], cores=2)
    assert "| films | 50.0 days | 5.0 days | 0.50 TB |" in table
    assert table.splitlines()[0] == "| 100,000 | 1 machine | 10 machines | on disk |"


def test_films_are_measured(run, tmp_path):
    settings = [word for word in run.base if not word.startswith(("paths.", "name="))]
    cost = measure_films(2, [*settings, "track.emotions=[calm,anger]"], tmp_path)
    assert cost.first_s > 0 and cost.seconds > 0 and cost.size_bytes > 1000
    assert cost.core_s > 0
