"""Random faces on one page: python -m benchmarks.random_faces --out docs/random_faces.jpg

    python -m benchmarks.random_faces --generators old.safetensors new.safetensors \
        --count 12 --columns 6 --tile 384 --out docs/before_after.jpg

Seeds 0, 1, 2 ... at psi 0.7, none left out, a block of rows for each generator: what somebody gets
who asks for any face. The page is for counting faults, so pictures stand edge to edge.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.quality.pictures import draw_faces
from synth.faces.random_faces import map_seeds
from synth.film.marks.xmp import GENERATED, insert_xmp, make_packet
from synth.generators import load_native
from synth.generators.acceleration import accelerate
from synth.generators.bundled import BUNDLED_WEIGHTS
from synth.resizing import resize_frames
from synth.storage.atomic import write_atomically
from synth.types import Frames
from synth.video.provenance import SOFTWARE

QUALITY = 88
#: Drawn at once: a hundred pictures of 1024 pixels would take 300 MB.
GROUP = 10


def draw_random_faces(weights: Path, seeds: range, psi: float, tile_px: int) -> Frames:
    """One picture for each seed, as films are drawn, `tile_px` wide."""
    generator = accelerate(load_native(weights).generator)
    parts = []
    for start in range(0, len(seeds), GROUP):
        rows = map_seeds(seeds[start : start + GROUP], generator, psi)
        parts.append(resize_frames(draw_faces(generator, rows), tile_px))
    return np.concatenate(parts)


def lay_out(pictures: Frames, columns: int) -> np.ndarray:
    """[picture, n, n, 3] -> [rows * n, columns * n, 3]; places that are left over are black."""
    count, n = pictures.shape[:2]
    rows = -(-count // columns)
    page = np.zeros((rows * columns, n, n, 3), np.uint8)
    page[:count] = pictures
    return page.reshape(rows, columns, n, n, 3).swapaxes(1, 2).reshape(rows * n, columns * n, 3)


def save_page(path: Path, page: np.ndarray) -> None:
    """A JPEG that says of itself that it was generated."""
    with write_atomically(path) as temporary:
        Image.fromarray(page).save(temporary, format="JPEG", quality=QUALITY)
        packet = make_packet(GENERATED, SOFTWARE)
        temporary.write_bytes(insert_xmp(temporary.read_bytes(), ".jpg", packet))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--generators", type=Path, nargs="+", default=[BUNDLED_WEIGHTS])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--columns", type=int, default=10)
    parser.add_argument("--tile", type=int, default=192, help="pixels of a picture's side")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--psi", type=float, default=0.7)
    parser.add_argument("--out", type=Path, required=True, help=".jpg")
    a = parser.parse_args()
    seeds = range(a.first, a.first + a.count)
    drawn = [draw_random_faces(weights, seeds, a.psi, a.tile) for weights in a.generators]
    save_page(a.out, np.concatenate([lay_out(pictures, a.columns) for pictures in drawn]))
    print(f"{a.out}: {len(drawn)} x {a.count} faces, seeds {a.first} to {seeds[-1]}")


if __name__ == "__main__":
    main()
