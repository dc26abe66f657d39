"""The ICT-FaceKit head: neutral mesh, identity modes and expression shapes.

In: the npz made from ICT-FaceKit's OBJ files (`scripts/convert_head_model.py`). Out: a `HeadModel`
restricted to the parts that are drawn. Units are centimetres; x points to the viewer's right,
y up, z out of the face.
Source: Li et al., "Learning Formation of Physically-Based Face Attributes", CVPR 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synth.storage.arrays import load_arrays

# Materials of our renderer.
SKIN, GUMS, TEETH, EYE_LEFT, EYE_RIGHT, LASHES, CLOTH = range(7)

#: Which of the model's materials are drawn, and as what. The sclera encloses the iris mesh, so
#: irises are painted on the sclera; tear film and occlusion meshes are left out.
DRAWN_MATERIALS = {
    "M_Face": SKIN,
    "M_BackHead": SKIN,
    "M_GumsTongue": GUMS,
    "M_Teeth": TEETH,
    "M_ScleraLeft": EYE_LEFT,
    "M_ScleraRight": EYE_RIGHT,
    "M_EyeLashes": LASHES,
}

#: Vertices of the 68 landmarks in the order of the iBUG 300-W annotation, unless the file has an
#: array `landmarks` of its own.
LANDMARK_VERTICES = (
    *(1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272),
    *(4088, 3443, 268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942),
    *(4857, 1140, 2075, 1147, 4269, 3360, 1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756),
    *(3721, 3725, 3732, 5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841),
    *(5702, 5711, 5533, 6216, 6207, 6470, 5517, 5966),
)


@dataclass(frozen=True)
class HeadModel:
    """A morphable head. Arrays are float32 unless said otherwise.

    vertices [vertex, 3] the neutral mean head; triangles [triangle, 3] int32; materials
    [triangle] int8; identity [mode, vertex * 3]; expression [shape, vertex * 3];
    landmarks [68] vertex numbers; eye_centres [2, 3] (viewer's right, viewer's left); lash_uv
    [vertex, 2].
    """

    vertices: np.ndarray
    triangles: np.ndarray
    materials: np.ndarray
    identity: np.ndarray
    expression: np.ndarray
    expression_names: tuple[str, ...]
    landmarks: np.ndarray
    eye_centres: np.ndarray
    lash_uv: np.ndarray

    def make_expression_offset(self, weights: np.ndarray) -> np.ndarray:
        """Expression weights [shape], 0 rest to 1 full -> vertex offsets [vertex, 3]."""
        return (weights @ self.expression).reshape(-1, 3)

    def make_expression_weights(self, recipe: dict[str, float]) -> np.ndarray:
        """A recipe {shape: weight}; a name without `_L` or `_R` sets both sides."""
        weights = np.zeros(len(self.expression_names), np.float32)
        for name, value in recipe.items():
            both = [
                index
                for index, known in enumerate(self.expression_names)
                if known in (name, f"{name}_L", f"{name}_R")
            ]
            if not both:
                raise ValueError(
                    f"needs a shape of the head model; got {name!r}; "
                    f"try one of {', '.join(self.expression_names)}"
                )
            weights[both] += value
        return weights


def load_head_model(path: str | Path, identity_modes: int = 30) -> HeadModel:
    """Read the head model's npz and keep what is drawn.

    Raises FileNotFoundError or ValueError naming the file when it, or an array, is missing.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"{path}: needs an ICT-FaceKit head model; got no such file; try python -m "
            "scripts.convert_head_model"
        )
    data = load_arrays(path)
    needed = {"neutral", "tri", "tri_uv", "uv", "tri_material", "materials", "identity"}
    missing = (needed | {"expression", "expression_names"}) - set(data)
    if missing:
        raise ValueError(
            f"needs an ICT-FaceKit head model with {sorted(missing)}; {path} has {sorted(data)}; "
            "try python -m scripts.convert_head_model"
        )
    names = [str(name) for name in data["materials"]]
    table = np.array([DRAWN_MATERIALS.get(name, -1) for name in names], np.int8)
    materials = table[data["tri_material"]]
    drawn = materials >= 0
    triangles = data["tri"][drawn]
    used, inverse = np.unique(triangles, return_inverse=True)
    number_of = np.full(len(data["neutral"]), -1, np.int64)
    number_of[used] = np.arange(len(used))
    neutral = data["neutral"].astype(np.float32)
    is_lash = data["tri_material"] == names.index("M_EyeLashes")
    lash_uv = np.zeros((len(neutral), 2), np.float32)
    lash_uv[data["tri"][is_lash].ravel()] = data["uv"][data["tri_uv"][is_lash].ravel()]
    return HeadModel(
        vertices=neutral[used],
        triangles=inverse.reshape(-1, 3).astype(np.int32),
        materials=materials[drawn],
        identity=_flatten_modes(data["identity"][:identity_modes], used),
        expression=_flatten_modes(data["expression"], used),
        expression_names=tuple(str(name) for name in data["expression_names"]),
        landmarks=number_of[data.get("landmarks", np.array(LANDMARK_VERTICES))],
        eye_centres=np.stack(
            [
                _find_box_centre(neutral, data["tri"], data["tri_material"] == names.index(name))
                for name in ("M_ScleraLeft", "M_ScleraRight")
            ]
        ),
        lash_uv=lash_uv[used],
    )


def _flatten_modes(modes: np.ndarray, used: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(modes.astype(np.float32)[:, used].reshape(len(modes), -1))


def _find_box_centre(vertices: np.ndarray, triangles: np.ndarray, part: np.ndarray) -> np.ndarray:
    corners = vertices[triangles[part].ravel()]
    return (corners.min(0) + corners.max(0)) / 2
