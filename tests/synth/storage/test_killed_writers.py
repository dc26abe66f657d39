"""What killed processes leave behind goes; what living ones write stays; errors name the file."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from full_disk import limit_file_size

from synth.storage import exchange
from synth.storage.atomic import (
    remove_leftovers,
    write_atomically,
    write_folder_atomically,
    write_text_atomically,
)
from synth.storage.writers import mark_writer

REPOSITORY = Path(__file__).resolve().parents[3]
WRITE = """
import sys, time
from synth.storage import atomic
with getattr(atomic, sys.argv[1])(sys.argv[2]) as temporary:
    inside = temporary / "a" if temporary.is_dir() else temporary
    inside.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def start_writer(way: str, path: Path) -> subprocess.Popen:
    """A process in the middle of writing `path`."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE, way, str(path)],
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "writing\n"
    return process


@pytest.mark.parametrize(
    "way, name", [("write_atomically", "video.mp4"), ("write_folder_atomically", "frames")]
)
def test_leftovers_go_when_their_writer_is_gone_and_not_before(tmp_path, way, name):
    path = tmp_path / name
    process = start_writer(way, path)
    write = {"video.mp4": write_atomically, "frames": write_folder_atomically}[name]
    try:
        (living,) = tmp_path.iterdir()
        remove_leftovers(path)
        with write(path):
            pass
        assert living.exists() and path.exists()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert living.exists()  # as a killed process leaves it
    with pytest.raises(RuntimeError), write(path):
        assert not living.exists()
        raise RuntimeError
    assert [found.name for found in tmp_path.iterdir()] == [name]


def test_a_later_process_of_the_same_number_is_not_the_writer(tmp_path):
    number, start, more = mark_writer().split("-")
    gone = tmp_path / f".a.{number}-{int(start) - 1}-{more}.part.txt"
    here = tmp_path / f".a.{number}-{start}-{more}.part.txt"
    for path in (gone, here):
        path.write_text("half")
    write_text_atomically(tmp_path / "a.txt", "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((here.name, "a.txt"))


def test_writing_leaves_the_process_alone_and_takes_its_umask(tmp_path, monkeypatch):
    before = os.umask(0o027)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(os, "umask", None)
            write_text_atomically(tmp_path / "a.txt", "a")
            with write_folder_atomically(tmp_path / "b"):
                pass
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o750


def test_nobody_ever_misses_a_folder_that_is_replaced(tmp_path, monkeypatch):
    path = tmp_path / "out"
    with write_folder_atomically(path) as folder:
        (folder / "first").touch()
    remove = exchange.shutil.rmtree
    seen = []

    def look(*arguments, **options):
        seen.append([found.name for found in path.iterdir()])
        remove(*arguments, **options)

    monkeypatch.setattr(exchange.shutil, "rmtree", look)
    with write_folder_atomically(path, replace=True) as folder:
        (folder / "second").touch()
    assert seen[0] == ["second"]
    assert [found.name for found in tmp_path.iterdir()] == ["out"]


def test_a_folder_put_aside_by_a_killed_process_comes_back(tmp_path, monkeypatch):
    monkeypatch.setattr(exchange, "_find_exchange", lambda: None)
    path = tmp_path / "out"
    for name in ("first", "second"):
        with write_folder_atomically(path, replace=True) as folder:
            (folder / name).touch()
    assert [found.name for found in tmp_path.rglob("*")] == ["out", "second"]
    aside = tmp_path / ".out.p1-1-00ff.aside"
    path.rename(aside)
    remove_leftovers(path)
    assert [found.name for found in tmp_path.rglob("*")] == ["out", "second"]
    aside.mkdir()
    remove_leftovers(path)
    assert [found.name for found in tmp_path.rglob("*")] == ["out", "second"]


def test_a_file_is_not_replaced_by_a_folder(tmp_path):
    (tmp_path / "out").write_text("mine")
    with (
        pytest.raises(FileExistsError, match="out"),
        write_folder_atomically(tmp_path / "out", replace=True),
    ):
        pass
    assert (tmp_path / "out").read_text() == "mine"


def test_a_full_disk_names_the_file(tmp_path):
    path = tmp_path / "a.bin"
    with limit_file_size(4096):
        with pytest.raises(OSError) as caught, write_atomically(path) as temporary:
            temporary.write_bytes(bytes(10_000))
        with pytest.raises(OSError) as other, write_folder_atomically(tmp_path / "b") as folder:
            (folder / "b.bin").write_bytes(bytes(10_000))
    assert caught.value.errno == errno.EFBIG and caught.value.filename == str(path)
    assert other.value.filename == str(tmp_path / "b")
    assert not list(tmp_path.iterdir())


def test_errors_name_the_file_that_they_are_about(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, write_atomically(tmp_path / "a") as temporary:
        temporary.unlink()
        temporary.read_bytes()
    assert caught.value.filename == str(tmp_path / "a")
    with pytest.raises(FileNotFoundError) as caught, write_atomically(tmp_path / "a"):
        (tmp_path / "other").read_bytes()
    assert caught.value.filename == str(tmp_path / "other")
    with pytest.raises(OSError, match="No space left") as caught, write_atomically(tmp_path / "a"):
        raise RuntimeError("I/O error: No space left on device (os error 28)")
    assert caught.value.filename == str(tmp_path / "a")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file"), write_atomically(tmp_path / "file" / "a"):
        pass
