"""Folders appear whole or not at all; settings of one folder stay the same."""

import json

import pytest

from synth.storage.atomic import (
    remove_leftovers,
    write_folder_atomically,
    write_text_atomically,
)
from synth.storage.run_settings import keep_settings


def test_a_folder_appears_whole_with_all_below_it(tmp_path):
    with write_folder_atomically(tmp_path / "out") as folder:
        (folder / "below").mkdir()
        (folder / "below" / "a.txt").write_text("a")
        assert not (tmp_path / "out").exists()
    assert (tmp_path / "out" / "below" / "a.txt").read_text() == "a"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_when_it_fails(tmp_path, error):
    with pytest.raises(error), write_folder_atomically(tmp_path / "out") as folder:
        (folder / "a.txt").write_text("a")
        raise error
    assert not list(tmp_path.iterdir())


def test_a_folder_is_replaced_only_on_request(tmp_path):
    for text in ("first", "second"):
        with write_folder_atomically(tmp_path / "out", replace=True) as folder:
            (folder / f"{text}.txt").write_text(text)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["second.txt"]
    with pytest.raises(FileExistsError, match="out"), write_folder_atomically(tmp_path / "out"):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "second.txt"]


def test_leftovers_of_killed_writers_go_and_nothing_else(tmp_path):
    # Process 1 runs, but began at another tick.
    (tmp_path / ".out.p1-1-0a.part").mkdir()
    (tmp_path / ".out.p1-1-0a.part" / "a").write_text("half")
    (tmp_path / ".note.p1-1-0b.part.json").write_text("half")
    others = (".outer.p1-1-0c.part", ".out.mine.part", ".out", "out.txt", ".other.part.json")
    for name in others:
        (tmp_path / name).write_text("mine")
    remove_leftovers(tmp_path / "out")
    remove_leftovers(tmp_path / "note.json")
    remove_leftovers(tmp_path / "nowhere" / "x")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == set(others)


def test_settings_stay_the_same_for_a_folder(tmp_path):
    path, other = tmp_path / "settings-1.json", tmp_path / "settings-2.json"
    keep_settings(path, {"b": 1, "a": None})
    keep_settings(path, {"a": None, "b": 1})
    assert json.loads(path.read_text()) == {"a": None, "b": 1}
    for call in (path, other):
        with pytest.raises(ValueError, match=r"settings-1\.json\); got others: a, b"):
            keep_settings(call, {"b": 2}, [path])
    assert not other.exists()
    write_text_atomically(other, "{}")
    with pytest.raises(ValueError, match=r"settings-2\.json"):
        keep_settings(path, {"a": None, "b": 1}, [path, other])


def test_what_differs_is_named_and_layout_is_not(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text('{"a": {"b": 1, "c": [1, 2]}, "d": null}')
    keep_settings(path, {"d": None, "a": {"c": (1, 2), "b": 1}})
    with pytest.raises(ValueError, match=r"got others: a\.b, d; try another folder"):
        keep_settings(path, {"a": {"b": 2, "c": [1, 2]}})
    path.write_text("{")
    with pytest.raises(ValueError, match=r"settings\.json: needs JSON"):
        keep_settings(path, {"a": 1})
