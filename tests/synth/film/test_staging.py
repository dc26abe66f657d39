"""A film's folder when its maker is killed at any step of putting results in their places."""

import os

import pytest

from synth.film import staging
from synth.film.staging import FINISHED, finish_moving, stage_results


def make_results(folder, names, text):
    with stage_results(folder) as place:
        for name in names:
            (place / name).write_text(text)
        (place / "frames").mkdir()
        (place / "frames" / "0.png").write_text(text)


def read(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "film.json"
    }


class Killed(BaseException):
    """Stands for kill -9: nothing is cleaned up after it."""


@pytest.mark.parametrize("step", range(6))
def test_a_kill_while_moving_is_brought_to_its_end(tmp_path, monkeypatch, step):
    make_results(tmp_path, ["a", "b"], "old")
    real, calls = os.replace, []

    def replace(source, target):
        if ".part" not in str(source):  # not those of single files
            calls.append(source)
            if len(calls) > step + 1:
                raise Killed
        return real(source, target)

    monkeypatch.setattr(staging.os, "replace", replace)
    try:
        make_results(tmp_path, ["b", "c"], "new")
    except Killed:
        assert (tmp_path / FINISHED).is_dir()
    monkeypatch.setattr(staging.os, "replace", real)
    finish_moving(tmp_path)
    assert read(tmp_path) == {"b": "new", "c": "new", "frames/0.png": "new"}
    finish_moving(tmp_path)
    make_results(tmp_path, ["d"], "newest")
    assert read(tmp_path) == {"d": "newest", "frames/0.png": "newest"}


def test_a_list_of_results_names_files_of_the_folder_only(tmp_path):
    (tmp_path / "film").mkdir()
    (tmp_path / "mine").write_text("stays")
    (tmp_path / "film" / "film.json").write_text('{"files": ["../mine", "..", "a"]}')
    make_results(tmp_path / "film", ["b"], "new")
    assert (tmp_path / "mine").read_text() == "stays"
