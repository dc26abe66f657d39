"""Class-conditional generators: weights, names, mixtures, and parity with NVIDIA's code."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from synth.faces.face import Face
from synth.generators import fix_classes, load_generator, save_generator, weigh_classes
from synth.generators.acceleration import accelerate
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config

SMALL = StyleGAN2Config(
    resolution=8, z_dim=6, w_dim=6, c_dim=3, mapping_layers=2, channel_base=64, channel_max=8
)
NAMED = replace(SMALL, class_names=("calm", "anger", "fear"))
PARITY = 1e-4


def make_network(config=NAMED):
    torch.manual_seed(0)
    return StyleGAN2(config).eval().requires_grad_(False)


@torch.no_grad()
def test_parity_with_nvidias_network(shared_assets, tmp_path, monkeypatch):
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path))
    generator = load_generator(shared_assets / "reference" / "stylegan2_classes.pkl")
    file = np.load(shared_assets / "reference" / "stylegan2_classes_expected.npz")
    known = {name: torch.from_numpy(file[name]) for name in file.files}
    truncated = generator.mapping(known["z"], known["c"], truncation_psi=0.7)
    found = {
        "ws": generator.mapping(known["z"], class_weights=known["c"]),
        "ws_psi07": truncated,
        "image": generator.synthesis(truncated),
        "image_w_plus": generator.synthesis(known["w_plus"]),
    }
    errors = {name: float((found[name] - known[name]).abs().max()) for name in found}
    print({name: f"{error:.1e}" for name, error in errors.items()})
    assert max(errors.values()) < PARITY, errors
    assert generator.capabilities.class_names == tuple(f"class {k}" for k in range(7))


def test_names_are_kept_in_the_file(tmp_path):
    save_generator(tmp_path / "named.safetensors", make_network(), "named", {})
    loaded = load_generator(tmp_path / "named.safetensors", classes={"fear": 1.0})
    assert loaded.capabilities.class_names == NAMED.class_names
    assert torch.equal(
        Face.random(loaded, seed=2).rows,
        Face.random(fix_classes(make_network(), {"fear": 1}), seed=2).rows,
    )
    assert json.loads(loaded.config.to_json())["class_names"] == list(NAMED.class_names)
    with pytest.raises(ValueError, match="name for each of 3"):
        replace(SMALL, class_names=("calm",))


def test_shares_by_name_and_number():
    network = make_network()
    assert weigh_classes(network, {"calm": 0.25, "2": 0.75}).tolist() == [[0.25, 0.0, 0.75]]
    assert weigh_classes(make_network(SMALL), {"class 1": 1}).tolist() == [[0.0, 1.0, 0.0]]
    with pytest.raises(ValueError, match=r"'angr'.*try anger"):
        weigh_classes(network, {"angr": 1.0})
    with pytest.raises(ValueError, match=r"0 to 2.*'3'"):
        weigh_classes(network, {"3": 1.0})
    with pytest.raises(ValueError, match="finite share"):
        weigh_classes(network, {"calm": float("nan")})
    with pytest.raises(ValueError, match="stylegan2, which has none"):
        weigh_classes(make_network(replace(SMALL, c_dim=0)), {"calm": 1.0})


def test_fixed_classes_are_drawn_by_whoever_asks_for_none():
    network, z = make_network(), torch.randn(4, 6)
    angry = fix_classes(network, {"anger": 1.0})
    weights = torch.tensor([[0.0, 1.0, 0.0]])
    expected = network.mapping(z, class_weights=weights)
    assert torch.equal(angry.mapping(z), expected)
    assert torch.equal(accelerate(angry, "fp32", "off").mapping(z), expected)
    # The twin shares the weights; the first network still wants to be told.
    assert angry.mapping.fc0.weight is network.mapping.fc0.weight
    with pytest.raises(ValueError, match="since this network has 3 classes"):
        network.mapping(z)
    # And told otherwise, the twin draws what it is told.
    calm = torch.tensor([[1.0, 0.0, 0.0]]).expand(4, -1)
    assert torch.equal(angry.mapping(z, class_weights=calm), network.mapping(z, calm))


def test_weights_that_do_not_fit():
    z = torch.randn(4, 6)
    with pytest.raises(ValueError, match=r"shape \[4, 3\]"):
        make_network().mapping(z, torch.ones(4, 2))
    with pytest.raises(ValueError, match="no classes"):
        make_network(replace(SMALL, c_dim=0)).mapping(z, torch.ones(4, 3))


def test_a_random_face_without_classes_has_one_of_its_seed():
    network = make_network()
    rows = torch.stack([Face.random(network, seed).rows for seed in range(12)])
    chosen = []
    for seed, found in enumerate(rows):
        of_class = [Face.random(fix_classes(network, {str(k): 1}), seed).rows for k in range(3)]
        chosen += [k for k in range(3) if torch.equal(of_class[k], found)]
    assert len(chosen) == 12 and set(chosen) == {0, 1, 2}
    assert torch.equal(rows[5], Face.random(network, 5).rows)
