"""Films whose makers are killed (kill -9) at any moment, by other processes, or by the disk."""

import dataclasses
import functools
import multiprocessing
import os
import random
import shutil
import subprocess
import time

import pytest
from film_samples import UNSIGNED, Fade, WaveGenerator, hash_results
from sound_files import write_tone

from synth import FilmSettings, RandomFace, RenderSettings, make_film
from synth.film import film, recording
from synth.film.staging import UNFINISHED

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*has no faster form"),
    pytest.mark.filterwarnings("ignore:.*fork"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that share what is loaded"),
]
RENDER = RenderSettings(precision="fp32", compile="off", batch_size=5)


def make(folder, file, wait_s):
    """One film of ten short segments; drawing a batch takes `wait_s` longer."""
    sound = folder.parent / "tone.wav"
    has_sound = sound.is_file() and file in ("video.mp4", "video.webm")
    settings = FilmSettings(
        marks=UNSIGNED, fps=12, file=file, sound=str(sound) if has_sound else None, render=RENDER
    )
    make_film(WaveGenerator(wait_s=wait_s), RandomFace(), Fade(10.0), settings, folder)


def make_and_tell(folder, file, wait_s, told):
    """In a process of its own: segments are short, and plots, which take longest, left out."""
    recording.LEAST_FRAMES = 12
    film.save_scorecard = functools.partial(film.save_scorecard, with_report=False)
    try:
        make(folder, file, wait_s)
        told.send("done")
    except ValueError as error:
        told.send(str(error))


def start(folder, file, wait_s):
    """A process that makes the film, and what it will tell at its end."""
    context = multiprocessing.get_context("fork")
    hears, tells = context.Pipe(duplex=False)
    child = context.Process(target=make_and_tell, args=(folder, file, wait_s, tells))
    child.start()
    tells.close()
    return child, hears


def make_by_kills(folder, file, wait_s, waits_s):
    """Kill a maker after each of these times, then let one finish; how many were killed."""
    kills = 0
    for seconds in waits_s:
        child, _ = start(folder, file, wait_s)
        child.join(seconds)
        kills += child.is_alive()
        child.kill()
        child.join()
    child, hears = start(folder, file, 0.0)
    assert hears.recv() == "done"
    child.join()
    return kills


def check_same(folder, undisturbed):
    assert hash_results(folder) == hash_results(undisturbed)
    assert list(folder.glob(".*")) == []


def test_a_killed_film_ends_as_an_undisturbed_one(tmp_path):
    write_tone(tmp_path / "tone.wav")
    make_by_kills(tmp_path / "undisturbed", "video.mp4", 0, [])
    kills = make_by_kills(tmp_path / "film", "video.mp4", 0.05, [0.4, 0.6])
    assert kills == 2
    check_same(tmp_path / "film", tmp_path / "undisturbed")


@pytest.mark.kills
@pytest.mark.parametrize("file", ["video.mp4", "video.webm", "video.gif", "frames"])
def test_many_kills(tmp_path, file):
    """Early ones meet rendering, later ones joining, sound, sheet, scorecard and moving."""
    chance = random.Random(file)
    if file in ("video.mp4", "video.webm"):
        write_tone(tmp_path / "tone.wav")
    make_by_kills(tmp_path / "undisturbed", file, 0, [])
    kills = 0
    while kills < 50:
        folder = tmp_path / f"film{kills}"
        waits_s = [chance.uniform(0, 2.0) for _ in range(4)]
        kills += max(1, make_by_kills(folder, file, 0.02, waits_s))
        check_same(folder, tmp_path / "undisturbed")
        shutil.rmtree(folder)


@pytest.mark.kills
def test_a_film_that_is_replaced_is_there_all_the_time(tmp_path):
    """Kills while another film takes its place: there is always one whole video."""
    chance, folder = random.Random(0), tmp_path / "film"
    videos = {}
    for file in ("frames", "video.mp4"):
        make_by_kills(tmp_path / file, file, 0, [])
        videos[file] = hash_results(tmp_path / file)
    make_by_kills(folder, "frames", 0, [])
    for number in range(12):
        file = ("video.mp4", "frames")[number % 2]
        child, _ = start(folder, file, 0.0)
        child.join(chance.uniform(0.0, 1.2))
        child.kill()
        child.join()
        found = hash_results(folder)
        seen = [name for name, kept in videos.items() if _has(found, kept, name)]
        assert seen, sorted(found)
        make_by_kills(folder, file, 0, [])
        check_same(folder, tmp_path / file)


def _has(found, kept, file):
    """Whether the whole video is in its place, or is about to be."""
    names = [name for name in kept if name.startswith(file)]
    return all(kept[name] in (found.get(name), found.get(f".finished/{name}")) for name in names)


def test_two_processes_on_one_film(tmp_path):
    child, hears = start(tmp_path, "video.mp4", 0.1)
    while not (tmp_path / UNFINISHED).is_dir():
        time.sleep(0.05)
    with pytest.raises(ValueError, match=f"got process {child.pid} in there; try waiting for it"):
        make(tmp_path, "video.mp4", 0.0)
    assert hears.recv() == "done"
    child.join()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own, of 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a disk in memory: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_small_disk_pauses_the_film_until_there_is_room(small_disk, tmp_path):
    settings = FilmSettings(
        fps=30, marks=UNSIGNED, crf=1, render=dataclasses.replace(RENDER, batch_size=8)
    )
    generator = WaveGenerator(resolution=64)
    make_film(generator, RandomFace(), Fade(8.0), settings, tmp_path / "undisturbed")
    size = (tmp_path / "undisturbed" / "video.mp4").stat().st_size
    # Room for the first segment of two, and half of the second.
    block = small_disk / "block"
    block.write_bytes(bytes(2**20 - 32_000 - round(0.75 * size)))
    paused = pytest.raises(OSError, match=r"paused \(No space left on device\): 120 of 241 frames")
    with pytest.warns(UserWarning, match="MB free; should it not do, the film pauses"), paused:
        make_film(generator, RandomFace(), Fade(8.0), settings, small_disk / "film")
    assert len(list((small_disk / "film" / UNFINISHED).glob("segments/0*"))) == 1
    block.unlink()
    generator.batches.clear()
    make_film(generator, RandomFace(), Fade(8.0), settings, small_disk / "film")
    assert len(generator.batches) == 241 // 8 + 1 - 120 // 8 + 2
    check_same(small_disk / "film", tmp_path / "undisturbed")


def test_a_film_that_cannot_fit_is_refused_before_it_is_drawn(small_disk):
    generator = WaveGenerator(resolution=256)
    settings = FilmSettings(
        fps=30, marks=UNSIGNED, file="frames", render=RenderSettings(precision="fp32")
    )
    with pytest.raises(OSError, match=r"needs about .* for the film; got 1\.\d MB free; try"):
        make_film(generator, RandomFace(), Fade(60.0), settings, small_disk / "film")
    assert not generator.batches
    assert list((small_disk / "film").iterdir()) == []
