"""scripts.invert on aligned pictures and a tiny generator: results, mistakes, shards, kills."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from embed.photos.journal import read_journal
from scripts import invert
from synth.generators import load_generator
from synth.types import to_frames

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = {
    "latents.npz",
    "crop.png",
    "reconstruction.png",
    "side_by_side.png",
    "checksums.json",
    "loss.png",
    "report.json",
}
QUICK = [
    "inversion.finder=null",
    "inversion.observer=null",
    "inversion.device=cpu",
    "inversion.settings.steps=2",
    "inversion.settings.budget_s=null",
    "inversion.settings.precision=fp32",
]


def save_album(folder: Path, generator_path: Path, count: int) -> Path:
    generator = load_generator(generator_path)
    folder.mkdir()
    for seed in range(count):
        z = torch.randn(1, generator.z_dim, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            frame = to_frames(generator.synthesis(generator.mapping(z)))[0]
        Image.fromarray(frame).save(folder / f"face{seed}.png")
    return folder


@pytest.fixture(scope="module")
def album(tmp_path_factory, tiny_generator) -> Path:
    return save_album(tmp_path_factory.mktemp("in") / "album", tiny_generator, 3)


@pytest.fixture
def arguments(tmp_path, album, tiny_generator) -> list[str]:
    given = ["generator=file", f"generator.path={tiny_generator}", f"photos={album}", "name=run"]
    return [*given, f"paths.outputs={tmp_path / 'out'}", *QUICK]


@pytest.fixture
def run(arguments, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))

    def call(*overrides: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["invert", *arguments, *overrides])
        code = 0
        try:
            invert.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


def check_whole(folder: Path) -> set[str]:
    """Names of the results in a folder, each of which must be whole."""
    results = [path for path in folder.glob("photos/*") if not path.name.startswith(".")]
    for result in results:
        assert {file.name for file in result.iterdir()} == FILES, result
        json.loads((result / "report.json").read_text())
        with np.load(result / "latents.npz") as content:
            assert np.isfinite(content["w"]).all()
        for file in result.glob("*.png"):
            with Image.open(file) as image:
                image.load()
    return {result.name.split("-")[0] for result in results}


def test_shards_do_their_part_and_the_same_command_does_the_rest(run, tmp_path):
    for number in (1, 2):
        code, said = run(f"shard={number}/2")
        assert code == 0 and "0 failed" in said
    assert check_whole(tmp_path / "out" / "run") == {"face0", "face1", "face2"}
    code, said = run("shard=1/2")
    assert code == 0 and "0 done" in said
    assert run("shard=1/2", "inversion.settings.steps=3")[0] == 1


def test_a_photo_that_cannot_be_used_is_told_in_a_line(run, tmp_path):
    (tmp_path / "note.png").write_text("no picture")
    code, said = run(f"photos={tmp_path / 'note.png'}")
    assert code == 1
    assert "0 done, 1 failed" in said and "broken, or no picture" in said
    (entry,) = read_journal(tmp_path / "out" / "run" / "journal-1-of-1.jsonl")
    assert entry.state == "failed"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("photos=gone", "found nothing at gone"),
        ("shard=4/3", "needs a shard"),
        ("shard=3", "needs text or null for shard"),
        ("batch=0", "at least 1 photo"),
        ("inversion.loss=l1", "needs loss among"),
        ("inversion.settings.steps=0", "needs steps"),
        ("inversion.settings.stages=[[7,1.0]]", "needs stages"),
    ],
)
def test_wrong_settings_end_with_one_line(run, override, words):
    code, said = run(override)
    assert code == 1 and words in said and "Traceback" not in said


def kill_at_random(arguments: list[str], folder: Path, moments: random.Random) -> bool:
    """Start the script, kill it at a random moment of its work; False if it had ended before."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "scripts.invert", *arguments]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    journal = folder / "journal-1-of-1.jsonl"
    before = journal.stat().st_size if journal.exists() else -1
    deadline = time.monotonic() + 300
    # Until it has written its first line, it is still being loaded.
    while process.poll() is None and time.monotonic() < deadline:
        if journal.exists() and journal.stat().st_size > before:
            break
        time.sleep(0.01)
    time.sleep(moments.uniform(0, 1.5))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.kills)])
@pytest.mark.slow
def test_killed_batches_end_with_the_same_results(arguments, run, tmp_path, tiny_generator, kills):
    count = 4 + 2 * kills
    album = save_album(tmp_path / "many", tiny_generator, count)
    arguments = [*arguments, f"photos={album}"]
    folder, moments = tmp_path / "out" / "run", random.Random(kills)
    killed = sum(kill_at_random(arguments, folder, moments) for _ in range(kills))
    assert killed, "the script was never killed while it worked"
    check_whole(folder)
    code, _ = run(f"photos={album}")
    assert code == 0
    assert check_whole(folder) == {f"face{k}" for k in range(count)}
    assert not [path for path in folder.rglob(".*")], "half files were left"
    # One that was done in a process of its own is what an uninterrupted run gives.
    assert run(f"photos={album / 'face0.png'}", "name=alone")[0] == 0
    one, other = (next(tmp_path.glob(f"out/{name}/photos/face0-*")) for name in ("run", "alone"))
    assert (one / "latents.npz").read_bytes() == (other / "latents.npz").read_bytes()
