"""Which photos are meant, what they are called, and who does which."""

from pathlib import Path

import pytest
from PIL import Image

from embed.photos.listing import Shard, list_photos, make_item


@pytest.fixture
def folder(tmp_path):
    for name in ("a.png", "b.JPG", "below/a.png", ".hidden/c.png", "notes.doc"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2)).save(path, "PNG")
    return tmp_path / "in"


def test_a_folder_gives_its_pictures_and_those_below_but_nothing_hidden(folder):
    found = {item.path.relative_to(folder).as_posix() for item in list_photos(folder)}
    assert found == {"a.png", "b.JPG", "below/a.png"}


def test_names_differ_where_stems_do_not_and_stay_when_the_folder_moves(folder, tmp_path):
    before = [item.name for item in list_photos(folder)]
    assert len(set(before)) == 3
    assert sum(name.startswith("a-") for name in before) == 2
    folder.rename(tmp_path / "elsewhere")
    assert [item.name for item in list_photos(tmp_path / "elsewhere")] == before


def test_a_list_names_paths_beside_itself_once_each_and_may_name_missing_ones(folder):
    text = "# mine\na.png\n\nbelow/a.png\na.png\ngone.png\n"
    (folder / "some.txt").write_text(text, encoding="utf-8")
    found = list_photos(folder / "some.txt")
    assert sorted(item.path.relative_to(folder).as_posix() for item in found) == [
        "a.png",
        "below/a.png",
        "gone.png",
    ]


def test_a_single_file_is_taken_whatever_its_suffix(folder):
    assert [item.path.name for item in list_photos(folder / "notes.doc")] == ["notes.doc"]


@pytest.mark.parametrize("stem", ["../../etc/passwd", "a b\nc", "ü" * 300, "...", "x/.hidden.y"])
def test_names_are_plain_names_of_folders(stem):
    name = make_item(f"{stem}.png", Path()).name
    assert "/" not in name and "\n" not in name and not name.startswith(".")
    assert 9 < len(name) <= 90


@pytest.mark.parametrize("count", [1, 3, 16])
def test_shards_share_all_items_out_and_none_twice(count):
    items = [make_item(f"{k}.png", Path()) for k in range(200)]
    parts = [Shard(k + 1, count).choose(items) for k in range(count)]
    assert sorted(item.name for part in parts for item in part) == sorted(i.name for i in items)
    assert min(map(len, parts)) > 200 / count / 4


def test_an_items_shard_does_not_depend_on_the_others():
    items = [make_item(f"{k}.png", Path()) for k in range(50)]
    chosen = Shard(2, 4).choose(items)
    assert Shard(2, 4).choose(items[10:]) == [item for item in chosen if item in items[10:]]


def test_a_shard_as_it_is_written():
    assert Shard.parse("3/16") == Shard(3, 16)
    assert Shard.parse(None) == Shard(1, 1)


@pytest.mark.parametrize("text", ["0/4", "5/4", "3", "a/b", "1/0", "-1/2", "1/2/3"])
def test_other_shards_are_refused(text):
    with pytest.raises(ValueError, match="needs a shard"):
        Shard.parse(text)


def test_nothing_to_do_is_an_error_that_names_the_place(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing at .*gone"):
        list_photos(tmp_path / "gone")
    with pytest.raises(ValueError, match="needs a picture"):
        list_photos(tmp_path)
    (tmp_path / "empty.txt").write_text("# nothing\n")
    with pytest.raises(ValueError, match="needs a path on a line"):
        list_photos(tmp_path / "empty.txt")
    (tmp_path / "empty.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="UTF-8"):
        list_photos(tmp_path / "empty.txt")
