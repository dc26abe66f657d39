"""ICT-FaceKit's OBJ files -> the one npz that `load_head_model` reads.

In: the folder FaceXModel of the public repository ICT-VGL/ICT-FaceKit: generic_neutral_mesh.obj
with faces, texture coordinates and materials, and one OBJ per identity mode (identity000.obj ...)
and per expression, which share its vertex order. Out: differences to the neutral mesh in half
precision, faces as triangles.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from synth.storage.atomic import write_atomically

NEUTRAL = "generic_neutral_mesh.obj"


def read_vertices(path: Path) -> np.ndarray:
    """The `v` lines of an OBJ file [vertex, 3] float32. Raises ValueError naming the file."""
    try:
        with open(path, encoding="ascii") as file:
            rows = [line.split()[1:4] for line in file if line.startswith("v ")]
        vertices = np.array(rows, np.float32)
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: needs an OBJ file; {error}") from error
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"{path}: needs vertices of three numbers; got {vertices.shape}")
    return vertices


def read_triangles(path: Path) -> dict[str, np.ndarray]:
    """tri, tri_uv [triangle, 3], uv [n, 2], tri_material [triangle] and materials of an OBJ file.

    Polygons are cut into fans. Raises ValueError for faces without texture coordinates.
    """
    uv, corners, texels, used = [], [], [], []
    material = ""
    with open(path, encoding="ascii") as file:
        for line in file:
            key, *words = line.split() or [""]
            if key == "vt":
                uv.append([float(word) for word in words[:2]])
            elif key == "usemtl":
                material = words[0]
            elif key == "f":
                pairs = [word.split("/") for word in words]
                if any(len(pair) < 2 or not pair[1] for pair in pairs):
                    raise ValueError(f"{path}: needs faces as vertex/texture; got {line.strip()!r}")
                for i in range(1, len(pairs) - 1):
                    fan = (pairs[0], pairs[i], pairs[i + 1])
                    corners.append([int(pair[0]) - 1 for pair in fan])
                    texels.append([int(pair[1]) - 1 for pair in fan])
                    used.append(material)
    materials = sorted(set(used))
    return {
        "tri": np.array(corners, np.int32),
        "tri_uv": np.array(texels, np.int32),
        "uv": np.array(uv, np.float32),
        "tri_material": np.array([materials.index(name) for name in used], np.int8),
        "materials": np.array(materials),
    }


def convert_head_model(folder: str | Path, out: str | Path) -> tuple[int, int]:
    """Write the npz; returns how many identity modes and expressions it holds.

    Raises FileNotFoundError without the neutral mesh, ValueError naming a file whose vertices do
    not match it.
    """
    folder = Path(folder)
    if not (folder / NEUTRAL).is_file():
        raise FileNotFoundError(
            f"{folder}: needs ICT-FaceKit's folder FaceXModel with {NEUTRAL}; got none there; "
            "try a clone of github.com/ICT-VGL/ICT-FaceKit"
        )
    neutral = read_vertices(folder / NEUTRAL)
    others = sorted(path for path in folder.glob("*.obj") if path.name != NEUTRAL)
    identities = [path for path in others if path.stem.startswith("identity")]
    expressions = [path for path in others if path not in identities]
    arrays: dict[str, Any] = {
        "neutral": neutral,
        **read_triangles(folder / NEUTRAL),
        "identity": _stack_offsets(identities, neutral),
        "expression": _stack_offsets(expressions, neutral),
        "expression_names": np.array([path.stem for path in expressions]),
    }
    with write_atomically(out) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    return len(identities), len(expressions)


def _stack_offsets(paths: list[Path], neutral: np.ndarray) -> np.ndarray:
    offsets = []
    for path in paths:
        vertices = read_vertices(path)
        if vertices.shape != neutral.shape:
            raise ValueError(
                f"{path}: needs the neutral mesh's {len(neutral)} vertices; got {len(vertices)}"
            )
        offsets.append((vertices - neutral).astype(np.float16))
    return np.stack(offsets) if offsets else np.zeros((0, *neutral.shape), np.float16)
