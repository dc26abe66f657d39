import json

import numpy as np
import pytest
from PIL import Image

from scripts import moodreel
from scripts import verify as script

pytest.importorskip("c2pa")


def test_the_exit_code_is_that_of_the_worst(run, call, tmp_path, capsys):
    assert run("track.emotions=[calm]", "marks.manifest=true", "video.size_px=128")[0] == 0
    ours, sheet = run.folder / "video.mp4", run.folder / "contact_sheet.png"
    assert call(script, f"files=['{ours}','{sheet}']")[0] == 0
    other = tmp_path / "it's, other.png"
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(other)
    words = moodreel.make_settings(
        moodreel.COMMANDS["verify"], [str(ours), str(other), "json=true"]
    )
    assert call(script, *words)[0] == script.EXIT_CODES["nothing"]
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    capsys.readouterr()
    code, error = call(script, f"files=['{tmp_path / 'gone.mp4'}','{broken}','{sheet}']")
    assert code == 1 and "gone.mp4" in error and "broken.jpg: needs a whole picture" in error
    assert error.count("error: ") == 2


def test_json_says_it_all(run, monkeypatch, capsys):
    assert run("track.emotions=[calm]", "marks.manifest=true")[0] == 0
    monkeypatch.setattr(
        "sys.argv", ["verify", f"files=['{run.folder / 'video.mp4'}']", "json=true"]
    )
    script.main()
    (verdict,) = json.loads(capsys.readouterr().out)
    assert verdict["status"] == "unchanged"
    assert len(verdict["manifest"]["identifier"]) == 8


def test_files_come_first_and_settings_after():
    words = moodreel.make_settings(moodreel.COMMANDS["verify"], ["a.mp4", "b, c.png", "json=true"])
    assert words == ["files=['a.mp4','b, c.png']", "json=true"]
    assert moodreel.make_settings(moodreel.COMMANDS["verify"], ["--help"]) == ["--help"]
