"""The state of a training: whole or not at all, and told when it cannot be read."""

import pytest
import torch
from full_disk import limit_file_size

from synth.learning.run_state import STATE_FILE, load_state, save_state


def test_what_was_written_comes_back(tmp_path):
    path = tmp_path / STATE_FILE
    assert load_state(path, "cpu") is None
    save_state(path, {"step": 3, "weights": {"a": torch.arange(4.0)}})
    state = load_state(path, "cpu")
    assert state is not None and state["step"] == 3
    assert torch.equal(state["weights"]["a"], torch.arange(4.0))


def test_a_full_disk_is_told_and_the_state_before_stays(tmp_path):
    path = tmp_path / STATE_FILE
    save_state(path, {"step": 1})
    with limit_file_size(100_000), pytest.raises(OSError, match=STATE_FILE) as caught:
        save_state(path, {"step": 2, "weights": torch.zeros(1 << 20)})
    assert caught.value.filename == str(path)
    assert [file.name for file in tmp_path.iterdir()] == [STATE_FILE]
    assert load_state(path, "cpu") == {"step": 1}


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "list"])
def test_a_damaged_state_names_the_file(tmp_path, damage):
    path = tmp_path / STATE_FILE
    save_state(path, {"weights": torch.zeros(1000)})
    if damage == "list":
        torch.save([1, 2], path)
    else:
        whole = path.read_bytes()
        path.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "text": b"hello"}[damage])
    with pytest.raises(ValueError, match=rf"{STATE_FILE}: needs"):
        load_state(path, "cpu")
