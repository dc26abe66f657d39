import os

from synth.storage.places import name_by_place


def test_files_of_one_name_in_two_places_have_two_names(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    one, other = tmp_path / "a" / "clip.mp4", tmp_path / "clip.mp4"
    assert name_by_place(one) != name_by_place(other)
    assert name_by_place(tmp_path / "clip.webm") != name_by_place(other)
    monkeypatch.chdir(tmp_path)
    assert name_by_place("a/../clip.mp4") == name_by_place(other)
    assert name_by_place(other).startswith("clip.mp4-")


def test_a_name_that_is_no_text_has_one_too(tmp_path):
    assert name_by_place(tmp_path / os.fsdecode(b"\xff.mp4"))
