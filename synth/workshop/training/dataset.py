"""Pictures to learn from: random z, truncated parameters and renders, made once, kept on disk.

In: a head model, a count, a seed. Out: a folder with z.npy, parameters.npy and one
`pictures_<size>.npy` [n, size, size, 3] uint8 per size, opened without loading. Large sizes may
hold the first pictures only: the last layers need fewer. A run that was stopped goes on where
it was; workers share the picture files and take whole blocks.
"""

from __future__ import annotations

import multiprocessing
import time
import warnings
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from synth.generators.bundled_parameters import (
    APPEARANCE_NAMES,
    APPEARANCE_START,
    NUM_PARAMETERS,
    Z_DIM,
    FaceParameters,
    map_latents_to_parameters,
    truncate_parameters,
)
from synth.learning.rendered_faces import BLOCK, HELD_OUT, FaceDataset, load_dataset
from synth.plain_text import load_json
from synth.storage.arrays import load_array
from synth.storage.atomic import write_atomically
from synth.storage.run_settings import keep_settings

#: The others are drawn towards the mean by a random psi at least this large: most faces that
#: people ask for are truncated, so that is where the network should be at its best.
LEAST_PSI = 0.6
#: What few people have: from row RICH_FROM on every other person has one of these to this amount at
#: least, where of all people one in nine does. Caps, braids and buns were most of what the network
#: drew badly.
SELDOM = {"hat": 0.3, "bun": 0.3, "braids": 0.3}
RICH_FROM = 49_152
PLAN_FILE = "plan.json"


def open_dataset(folder: Path) -> FaceDataset:
    """`load_dataset` for training: pictures as far as they are finished, of this vocabulary.

    Raises ValueError for pictures of another one.
    """
    with warnings.catch_warnings():
        # That some are missing is as it should be while they are being drawn.
        warnings.simplefilter("ignore", UserWarning)
        data = load_dataset(folder)
    if data.parameters.shape[1] != NUM_PARAMETERS:
        raise ValueError(
            f"needs pictures of {NUM_PARAMETERS} parameters; {folder} has "
            f"{data.parameters.shape[1]}; try rendering them again with this version"
        )
    return data


def prepare_folder(folder: Path, counts: dict[int, int], seed: int) -> None:
    """Draw z and lay out empty picture files, or check that the folder's plan is this one.

    counts: how many pictures {size in pixels: count}; the first ones of all sizes are the same.
    """
    if any(count % BLOCK for count in counts.values()):
        raise ValueError(f"needs counts in multiples of {BLOCK}; got {counts}")
    plan = {"counts": {str(size): count for size, count in counts.items()}, "seed": seed}
    plan_file = folder / PLAN_FILE
    if plan_file.exists():
        keep_settings(plan_file, plan)
        return
    folder.mkdir(parents=True, exist_ok=True)
    z, parameters = draw_people(max(counts.values()), seed)
    _save_array(folder / "z.npy", z)
    _save_array(folder / "parameters.npy", parameters)
    for size, rows in counts.items():
        np.lib.format.open_memmap(
            folder / f"pictures_{size}.npy", "w+", np.uint8, (rows, size, size, 3)
        )
    # Last: a folder with a plan has all of its files.
    keep_settings(plan_file, plan)


def draw_people(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """-> z [count, 512] and truncated parameters [count, NUM_PARAMETERS]; of two counts the larger
    has the people of the smaller one first."""
    z = np.random.default_rng(seed).normal(size=(count, Z_DIM)).astype(np.float32)
    psi = np.random.default_rng([seed, 1]).uniform(LEAST_PSI, 1, count).astype(np.float32)
    psi[:HELD_OUT] = 1
    parameters = truncate_parameters(map_latents_to_parameters(z), psi)
    rows, attempt = np.arange(RICH_FROM + 1, count, 2), 2
    while len(rows := rows[~_have_seldom(parameters[rows])]):
        # Every row has its numbers in every attempt, or the people would depend on the count.
        random = np.random.default_rng([seed, attempt])
        again = random.normal(size=((count - RICH_FROM) // 2, Z_DIM)).astype(np.float32)
        z[rows] = again[(rows - RICH_FROM) // 2]
        parameters[rows] = truncate_parameters(map_latents_to_parameters(z[rows]), psi[rows])
        attempt += 1
    return z, parameters


def _have_seldom(parameters: np.ndarray) -> np.ndarray:
    columns = [APPEARANCE_START + APPEARANCE_NAMES.index(name) for name in SELDOM]
    return np.any(parameters[:, columns] >= list(SELDOM.values()), axis=1)


def render_blocks(folder: Path, head_model: Path, sizes: list[int], blocks: list[int]) -> None:
    """Render the given blocks of pictures, largest size first, the others reduced from it."""
    from synth.workshop.portraits.renderer import FaceRenderer

    cv2.setNumThreads(1)
    renderer = FaceRenderer(head_model)
    parameters = load_array(folder / "parameters.npy")
    pictures = {size: np.load(folder / f"pictures_{size}.npy", mmap_mode="r+") for size in sizes}
    for block in tqdm(blocks, unit="block", mininterval=10):
        for i in range(block * BLOCK, (block + 1) * BLOCK):
            wanted = {size: array for size, array in pictures.items() if i < len(array)}
            largest = max(wanted)
            picture = renderer.render(FaceParameters.from_vector(parameters[i]), largest)
            for size, array in wanted.items():
                reduced = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
                array[i] = picture if size == largest else reduced
        for array in pictures.values():
            array.flush()
        (folder / f"block_{block:05d}.done").touch()


def _save_array(path: Path, array: np.ndarray) -> None:
    with write_atomically(path) as temporary:
        np.save(temporary, array)


class RenderCrew:
    """Processes that finish the data set in `folder`; leaving the context stops those at work.

    A block that was stopped is drawn again by the next crew.
    """

    def __init__(
        self, folder: Path, head_model: Path, counts: dict[int, int], seed: int, workers: int
    ) -> None:
        prepare_folder(folder, counts, seed)
        blocks = max(counts.values()) // BLOCK
        todo = [b for b in range(blocks) if not (folder / f"block_{b:05d}.done").exists()]
        self._processes = [
            multiprocessing.Process(
                target=render_blocks,
                args=(folder, head_model, list(counts), todo[worker::workers]),
            )
            for worker in range(min(workers, len(todo)))
        ]

    def __enter__(self) -> RenderCrew:
        for process in self._processes:
            process.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
            process.join()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until all is drawn; False when the time was over before.

        Raises ChildProcessError when a process failed.
        """
        until_s = None if timeout_s is None else time.monotonic() + timeout_s
        for process in self._processes:
            process.join(None if until_s is None else max(0.0, until_s - time.monotonic()))
        codes = [process.exitcode for process in self._processes]
        if failed := [code for code in codes if code]:
            raise ChildProcessError(
                f"needs all workers to finish; exit codes {failed}; run it again"
            )
        return None not in codes


def render_dataset(
    folder: Path,
    head_model: Path,
    counts: dict[int, int],
    seed: int,
    workers: int,
) -> None:
    """Make or finish the data set in `folder`."""
    with RenderCrew(folder, head_model, counts, seed, workers) as crew:
        crew.wait()


def describe_data(folder: str | Path, data: FaceDataset) -> str:
    """For cards: what the pictures show, how many there are, and the seed that drew them."""
    plan = load_json(Path(folder) / PLAN_FILE)
    return (
        "renders of the ICT-FaceKit head model (MIT) by synth/workshop/portraits, "
        f"seed {plan['seed']}, {len(data.parameters)} pictures"
    )
