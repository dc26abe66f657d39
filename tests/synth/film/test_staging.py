"""A film's folder when its maker is killed at any step of putting results in their places."""

import contextlib
import os
import shutil

import pytest

from synth.film import staging
from synth.film.staging import FINISHED, own_film_folder
from synth.storage import exchange


def make_results(folder, names, text):
    with own_film_folder(folder) as place, place.collect({"text": text}) as results:
        for name in names:
            (results / name).write_text(text)
        (results / "frames").mkdir()
        (results / "frames" / "0.png").write_text(text)


def read(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "film.json" and not path.match(".*.aside/*")
    }


class Killed(BaseException):
    """Stands for kill -9: nothing is cleaned up after it."""


@pytest.fixture(params=["exchange", "aside"])
def way(request, monkeypatch):
    """With and without a system that exchanges two names in one step."""
    if request.param == "aside":
        monkeypatch.setattr(exchange, "_find_exchange", lambda: None)


def kill_at_step(monkeypatch, step):
    """Nothing happens any more from the so many-th renaming or removing on; a count of them."""
    calls = []

    def count(real):
        def act(*arguments, **options):
            if ".part" not in str(arguments[0]):  # not those of single files
                calls.append(real)
                if len(calls) > step:
                    raise Killed
            return real(*arguments, **options)

        return act

    monkeypatch.setattr(os, "replace", count(os.replace))
    monkeypatch.setattr(staging.shutil, "rmtree", count(shutil.rmtree))
    find = exchange._find_exchange()
    if find is not None:
        monkeypatch.setattr(exchange, "_find_exchange", lambda: count(find))
    return calls


@pytest.mark.parametrize("step", [*range(3, 16), 99])
def test_a_kill_while_moving_is_brought_to_its_end(tmp_path, monkeypatch, way, step):
    make_results(tmp_path, ["a", "b"], "old")
    with monkeypatch.context() as patch:
        calls = kill_at_step(patch, step)
        with contextlib.suppress(Killed):
            make_results(tmp_path, ["b", "c"], "new")
    assert len(calls) < 99
    is_begun = (tmp_path / FINISHED).is_dir() or read(tmp_path).get("b") == "new"
    for name in ("b", "frames"):
        places = [tmp_path / name, tmp_path / FINISHED / name, *tmp_path.glob(f".{name}*.aside")]
        assert any(place.exists() for place in places), "never neither the old nor the new one"
    wanted = {"b": "new", "c": "new", "frames/0.png": "new"}
    old = {"a": "old", "b": "old", "frames/0.png": "old"}
    for _ in range(2):
        with own_film_folder(tmp_path):
            pass
        assert read(tmp_path) == (wanted if is_begun else old)
    make_results(tmp_path, ["d"], "newest")
    assert read(tmp_path) == {"d": "newest", "frames/0.png": "newest"}


def test_folders_and_files_take_each_others_places(tmp_path, way):
    for number, names in enumerate((["frames"], ["frames"], ["a"], ["frames"], ["frames"])):
        with own_film_folder(tmp_path) as place, place.collect({}) as results:
            for name in names:
                if number % 2:
                    (results / name).mkdir()
                    (results / name / "0.png").write_text(str(number))
                else:
                    (results / name).write_text(str(number))
    assert read(tmp_path) == {"frames": "4"}


def test_a_list_of_results_names_files_of_the_folder_only(tmp_path):
    (tmp_path / "film").mkdir()
    (tmp_path / "mine").write_text("stays")
    (tmp_path / "film" / "film.json").write_text('{"files": ["../mine", "..", "a"]}')
    make_results(tmp_path / "film", ["b"], "new")
    assert (tmp_path / "mine").read_text() == "stays"
