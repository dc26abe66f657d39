"""A studio around a random generator of 32x32 pixels; and one in a process of its own.

python tests/studio/studio_samples.py FOLDER GENERATOR DIRECTIONS
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import wave
from pathlib import Path

import numpy as np
import torch
from photo_samples import find, make_recipe

from studio.settings import Address, Limits, StudioSettings, Tools
from synth.emotions import Emotion
from synth.film.settings import RenderSettings
from synth.generators import load_generator, save_generator
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.motion.direction_sets import DirectionSet, save_directions
from synth.motion.directions import Direction
from synth.motion.emotion_track import EmotionTrack

TOKEN = "a-token-for-tests"
HOST = "127.0.0.1:8760"
LIMITS = Limits(
    film_s=200, film_frames=10_000, waiting_jobs=5, upload_bytes=200_000, chunk_s=0.3, free_bytes=0
)
REPOSITORY = Path(__file__).resolve().parents[2]
API = "/api/v1"


def save_samples(folder: Path) -> tuple[Path, Path]:
    """(generator, directions) in files."""
    torch.manual_seed(0)
    config = StyleGAN2Config(
        resolution=32, z_dim=16, w_dim=24, mapping_layers=2, channel_base=256, channel_max=16
    )
    generator, directions = folder / "tiny.safetensors", folder / "emotions.safetensors"
    save_generator(generator, StyleGAN2(config), "tiny", {})
    loaded = load_generator(generator)
    random = torch.Generator().manual_seed(1)
    shape = (loaded.num_layers, loaded.w_dim)
    found = {
        emotion: Direction.from_vector(torch.randn(shape, generator=random), 6.0)
        for emotion in Emotion
        if emotion is not Emotion.CALM
    }
    save_directions(directions, DirectionSet(found, loaded.name, loaded.sha256))
    return generator, directions


def save_beeps(path, seconds=3.0):
    """Half a second of tone, half a second of silence, and so on."""
    times = np.arange(int(seconds * 8000)) / 8000
    tone = np.sin(2 * np.pi * 440 * times) * (times % 1 < 0.5) * np.minimum(1, 0.3 + times / 3)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((tone * 20000).astype("<i2").tobytes())


def make_settings(folder: Path, generator: Path, directions: Path, port: int = 8760):
    tools = Tools(
        load_generator=lambda: load_generator(generator),
        render=RenderSettings(device="cpu", precision="fp32", compile="off"),
        recipe=make_recipe(finder=find(2)),
        read_clip=lambda path, fps: EmotionTrack.of("calm", "fear", gap=0.5),
        directions=str(directions),
        generator_path=str(generator),
        command=("generator=file", f"generator.path={generator}", f"directions.path={directions}"),
    )
    return StudioSettings(folder, tools, Address(port=port, token=TOKEN), LIMITS)


class ServedStudio:
    """A studio in a process of its own, for killing and for browsers."""

    def __init__(
        self, folder: Path, generator: Path, directions: Path, errors: int | None = None
    ) -> None:
        """errors: what becomes of standard error, as for Popen."""
        self._errors = errors
        self._words = [sys.executable, __file__, str(folder), str(generator), str(directions)]
        self.start()

    def start(self) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY}/tests",
            "OMP_NUM_THREADS": "1",
            "MOODREEL_CACHE": str(Path(self._words[2]).with_name("cache")),
        }
        self.process = subprocess.Popen(
            self._words,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            cwd=REPOSITORY,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "http://" in line, "the studio did not start"
        self.page = "http://" + line.partition("http://")[2].strip()
        self.url = self.page.partition("/?")[0]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def call(self, path: str, content: object = None, method: str | None = None):
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}", data, {"Authorization": f"Bearer {TOKEN}"}, method=method
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def wait_until(check, seconds: float = 60.0):
    """The first true answer of `check`."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = check()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("waited in vain")


ORDER = {
    "face": {"seed": 3},
    "track": {
        "emotions": [
            "calm",
            {"emotion": "happiness", "time": 0.5, "intensity": 0.8, "also": {"surprise": 0.4}},
            {"emotion": "fear", "time": 1.0, "hold": 0.25, "easing": "smoothstep"},
        ],
        "loop": True,
        "closing": 0.5,
    },
    "fps": 8,
    "easing": "cubic",
}
LONG = {**ORDER, "track": ["calm", {"emotion": "anger", "time": 190}], "fps": 30}


def wait_for_job(client, job, states=("finished", "failed", "cancelled")):
    def look():
        found = client.get(job["url"]).json()
        return found if found["state"] in states else None

    return wait_until(look)


if __name__ == "__main__":
    from studio.serving import serve

    torch.set_num_threads(1)
    places = [Path(word) for word in sys.argv[1:4]]
    serve(make_settings(*places, port=0), lambda text: print(text, flush=True), browse=False)
