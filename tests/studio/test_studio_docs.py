"""docs/service.md: its Python sends a clip and fetches the film, over a real connection."""

import re
import socket
import threading
import wave
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import uvicorn
from studio_samples import TOKEN, make_settings, wait_until

from studio.app import build_app
from synth.video.encoders import Encoding
from synth.video.reading import probe_video
from synth.video.sound import add_sound
from synth.video.writing import write_video

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def address(tmp_path, sample_files):
    """The address of a studio that listens in this process."""
    listener = socket.create_server(("127.0.0.1", 0))
    settings = make_settings(tmp_path / "studio", *sample_files, port=listener.getsockname()[1])
    limits = replace(settings.limits, upload_bytes=5_000_000)
    app, _ = build_app(replace(settings, limits=limits))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    yield f"http://127.0.0.1:{settings.address.port}"
    server.should_exit = True
    thread.join(timeout=30)


@pytest.fixture
def clip(tmp_path):
    """Two seconds of noise that can be heard and seen."""
    random = np.random.default_rng(0)
    frames = random.integers(0, 256, (20, 48, 64, 3), dtype=np.uint8)
    path = tmp_path / "clip.mp4"
    write_video(path, iter([frames]), Encoding(10))
    with wave.open(str(tmp_path / "clip.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(random.integers(-8000, 8000, 32000).astype("<i2").tobytes())
    add_sound(path, tmp_path / "clip.wav")
    return path


def test_a_clip_goes_in_and_a_film_comes_out(address, clip, tmp_path, capsys):
    text = (REPOSITORY / "docs" / "service.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert block.count("\n") <= 40
    space = {"__name__": "client"}
    exec(block, space)
    result = tmp_path / "film.mp4"
    space["Moodreel"](address, TOKEN).film_clip(clip, result, {"face": {"seed": 7}, "fps": 10})
    facts = probe_video(result)
    assert (facts.width_px, facts.fps) == (32, 10)
    with av.open(str(result)) as film:
        assert film.streams.audio
    assert "finished" in capsys.readouterr().out
    with pytest.raises(OSError):
        space["Moodreel"](address, "wrong" * 5).film_clip(clip, result, {"face": {"seed": 7}})
