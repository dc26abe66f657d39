"""A second run in a folder in which one is at work is refused, before it changes anything."""

import pytest

from scripts import invert_video, train_encoder, train_sequence
from synth.storage.locks import LOCK_FILE, own_folder


@pytest.mark.parametrize("script", [invert_video, train_encoder, train_sequence])
def test_two_runs_in_one_folder_are_refused(script, call, tmp_path, tiny_generator):
    settings = {
        invert_video: ["path=film.mp4"],
        train_encoder: ["generator=file", f"generator.path={tiny_generator}"],
        train_sequence: [],
    }
    with own_folder(tmp_path / "mine") as folder:
        code, errors = call(script, "name=mine", *settings[script])
        assert [file.name for file in folder.iterdir()] == [LOCK_FILE]
    assert code == 1 and "no other run is writing" in errors and errors.count("\n") == 1
