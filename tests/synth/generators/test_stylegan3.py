"""StyleGAN3: parity with NVIDIA's code, the design rule, equivariance."""

import numpy as np
import pytest
import torch

from synth.generators import load_generator

PARITY = 1e-4


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("MOODREEL_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.mark.parametrize("kind", ["t", "r"])
@torch.no_grad()
def test_parity_with_nvidias_networks(shared_assets, kind):
    generator = load_generator(shared_assets / "reference" / f"stylegan3_{kind}.pkl")
    file = np.load(shared_assets / "reference" / f"stylegan3_{kind}_expected.npz")
    known = {name: torch.from_numpy(file[name]) for name in file.files}
    truncated = generator.mapping(known["z"], truncation_psi=0.7)
    found = {
        "ws": generator.mapping(known["z"]),
        "ws_psi07": truncated,
        "image": generator.synthesis(truncated),
        "image_w_plus": generator.synthesis(known["w_plus"]),
        "image_transformed": generator.synthesis(truncated, transform=known["transform"]),
    }
    errors = {name: float((found[name] - known[name]).abs().max()) for name in found}
    print(kind, {name: f"{error:.1e}" for name, error in errors.items()})
    assert max(errors.values()) < PARITY, errors
    assert known["image"].abs().max() > 0.1
