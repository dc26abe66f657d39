"""A folder belongs to one run at a time, however the run before it ended."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from synth.storage.locks import InUseError, own_file, own_folder

REPOSITORY = Path(__file__).resolve().parents[3]
RUN = """
import sys, time
from synth.storage.locks import own_folder
try:
    with own_folder(sys.argv[1]):
        print("in", flush=True)
        time.sleep(float(sys.argv[2]))
except ValueError as error:
    print(error)
"""


def start_run(folder: Path, seconds: float = 60.0) -> tuple[subprocess.Popen, str]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder), str(seconds)],
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_of_two_runs_into_one_folder_the_second_is_refused(tmp_path):
    folder = tmp_path / "run"
    first, said = start_run(folder)
    try:
        assert said == "in"
        second, said = start_run(folder)
        second.wait()
        assert said.startswith(f"{folder}: needs a folder that no other run is writing in; got ")
        assert f"process {first.pid} in there" in said
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    third, said = start_run(folder, 0)
    assert said == "in" and third.wait() == 0
    assert not list(folder.iterdir())


def test_a_folder_is_not_given_twice_within_a_process(tmp_path):
    with (
        own_folder(tmp_path) as folder,
        pytest.raises(InUseError, match="another part of this process"),
        own_folder(folder),
    ):
        pass
    with own_folder(tmp_path / "below" / "below"):
        pass


def test_the_lock_is_free_after_an_error_and_keeps_what_lies_there(tmp_path):
    (tmp_path / "a.txt").write_text("mine")
    for _ in range(2):
        with pytest.raises(RuntimeError), own_folder(tmp_path):
            raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_waiting_lets_one_in_after_the_other(tmp_path):
    inside, most = [], []

    def work():
        with own_file(tmp_path / "lock", "got {holder}", wait_s=30):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), own_folder(tmp_path / "file"):
        pass
