"""How long from a slider to the picture, in the browser, on this machine.

    python -m benchmarks.studio
    python -m benchmarks.studio --moves 200 --generator mine.safetensors
    python -m benchmarks.studio --picture docs/studio.png   # no times, the page as it opens

A studio is started in a process of its own and its page opened in the system's Chromium. The
intensity of a moment is moved; a time is taken in the page from the slider's event to the picture's
having been drawn. Next to it: the studio's picture at the generator's full size; the same by a page
that sends a whole request for every picture and gets a PNG as text back, as pages made of forms do
(`benchmarks.whole_requests`, drawn by the same prepared generator); and how many frames a second
playing shows, first while they are computed and then from those that are kept.
`cpu` is what the studio's process spent on a picture: what a machine with nothing else to do takes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Moves the slider, or asks for a picture of `size`, until what is `shown` says that it is drawn;
#: milliseconds of each move.
MOVE = """async ([count, shown, size]) => {
  const slider = document.getElementById("intensity");
  const target = document.querySelector(shown);
  slider.focus();  // as a hand on it does
  const times = [];
  for (let k = 0; k < count + 5; k += 1) {
    const drawn = new Promise((done) => {
      const watch = new MutationObserver(() => { watch.disconnect(); done(); });
      watch.observe(target, { attributes: true, attributeFilter: ["data-drawn"] });
    });
    const begun = performance.now();
    if (size) {
      const { track, face, easing } = studio.project.describe().order;
      const wish = { track: { ...track, note: `${k}` }, face, easing, time_s: studio.time };
      const body = JSON.stringify({ ...wish, size_px: size });
      const answer = await fetch("/api/v1/pictures", { method: "POST", body });
      target.getContext("2d").drawImage(await createImageBitmap(await answer.blob()), 0, 0);
    } else {
      slider.value = 0.3 + 0.6 * ((k * 0.381966) % 1);
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      await drawn;
    }
    if (k >= 5) times.push(performance.now() - begun);
  }
  return times;
}"""
#: The wall of faces is drawn, curves are measured, frames ahead are there.
IDLE = """() => {
  const seen = [...document.images].filter((one) => one.getBoundingClientRect().top < innerHeight);
  return seen.every((one) => one.complete) && studio.curves.isDone
    && studio.live._fetching === 0 && studio.live._nextMissing() === null;
}"""
PLAY = """async () => {
  studio.project.change((d) => { d.loop = true; });
  studio.setTime(0);
  const rate = async (ms) => {
    const canvas = document.querySelector("#after canvas");
    const first = Number(canvas.dataset.drawn), begun = performance.now();
    await new Promise((done) => setTimeout(done, ms));
    return (Number(canvas.dataset.drawn) - first) / (performance.now() - begun) * 1000;
  };
  studio.live.play();
  const cold = await rate(4000);
  const kept = () => [...studio.live._frames.values()].filter(Boolean).length;
  for (let k = 0; k < 120 && kept() < studio.live.frameCount; k += 1) {
    await new Promise((done) => setTimeout(done, 500));
  }
  const warm = await rate(4000);
  studio.live.stop();
  return [cold, warm];
}"""


@dataclass(frozen=True)
class Latency:
    """Milliseconds of moves in the page, and of the studio's processor for each."""

    name: str
    wall_ms: list[float]
    cpu_ms: float

    def __str__(self) -> str:
        best, median, slow = np.percentile(self.wall_ms, [5, 50, 90])
        return (
            f"{self.name:34s}{best:9.1f}{median:9.1f}{slow:9.1f}{self.cpu_ms:9.1f}"
            f"{len(self.wall_ms):7d}"
        )


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--moves", type=int, default=100)
    parser.add_argument("--generator", help="a generator's file; without it the bundled one")
    parser.add_argument("--picture", help="save a picture of the page instead, as a .png")
    chosen = parser.parse_args()
    chromium = os.environ.get("MOODREEL_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("error: needs Chromium; found none; on Debian: apt install chromium")
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "scripts.studio", "browse=false", "address.port=0"]
        words += [f"paths.outputs={folder}"]
        if chosen.generator:
            words += ["generator=file", f"generator.path={chosen.generator}"]
        with serving(words) as (page, server):
            if chosen.picture:
                save_picture(page, chromium, chosen.picture)
                return
            measure(page, chromium, chosen.moves, server)
    words = [sys.executable, "-m", "benchmarks.whole_requests"]
    with serving([*words, *filter(None, [chosen.generator])]) as (page, server):
        measure_whole(page, chromium, max(5, chosen.moves // 10), server)


@contextmanager
def serving(words: list[str]) -> Iterator[tuple[str, int]]:
    """A server in a process of its own: the address that it prints, and the process."""
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().rpartition(" ")[2].strip(), server.pid
    finally:
        server.terminate()
        server.wait(timeout=60)


@contextmanager
def opening(url: str, chromium: str) -> Iterator[Any]:
    """The page in a browser of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(120_000)
        page.goto(url)
        yield page
        browser.close()


def measure_whole(url: str, chromium: str, count: int, server: int) -> None:
    """Move the slider of the other page, print."""
    with opening(url, chromium) as page:
        page.evaluate(MOVE, [0, "#picture", 0])  # warm
        name = "a whole request per picture, PNG"
        print(time_moves(name, page, (count, "#picture", 0), server), flush=True)


def save_picture(url: str, chromium: str, file: str) -> None:
    """The page as it opens, when all of it has been drawn."""
    with opening(url, chromium) as page:
        page.set_viewport_size({"width": 1280, "height": 840})
        page.wait_for_selector("body[data-ready=true]")
        page.wait_for_function(IDLE)
        page.screenshot(path=file)


def measure(url: str, chromium: str, moves: int, server: int) -> None:
    """Open the page, move, play, print."""
    with opening(url, chromium) as page:
        page.wait_for_selector("body[data-ready=true]")
        page.wait_for_function(IDLE)
        full = page.evaluate("studio.state.resolution")
        page.evaluate("studio.live.fullPx = 256; studio.curves.paused = true;")
        load = os.getloadavg()[0]
        print(f"{os.cpu_count()} cores, load {load:.1f}; milliseconds")
        print(f"{'':34s}{'best 5%':>9s}{'median':>9s}{'90%':>9s}{'cpu':>9s}{'moves':>7s}")
        for name, size in (("slider to live picture", 0), (f"live picture of {full} px", full)):
            count = moves if not size else max(5, moves // 10)
            print(time_moves(name, page, (count, "#after canvas", size), server), flush=True)
        cold, warm = page.evaluate(PLAY)
        print(f"playing: {cold:.1f} frames a second while computed, {warm:.1f} from kept frames")


def time_moves(name: str, page: Any, wish: tuple[int, str, int], server: int) -> Latency:
    """What moves of the slider took: how many, what shows the picture, its size (0: the live)."""
    before_s = read_cpu_s(server)
    times = page.evaluate(MOVE, list(wish))
    return Latency(name, times, 1000 * (read_cpu_s(server) - before_s) / (wish[0] + 5))


def read_cpu_s(process: int) -> float:
    """Seconds that a process has computed, on all cores together; Linux alone knows."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
