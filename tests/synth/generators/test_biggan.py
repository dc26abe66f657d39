"""BigGAN-deep: parity with the published PyTorch code, truncation, classes, conversion."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from synth.checkpoints import CheckpointError
from synth.faces.face import Face
from synth.generators import fix_classes, load_generator, save_generator, weigh_classes
from synth.generators.biggan.biggan import BigGAN
from synth.generators.biggan.config import BigGANConfig
from synth.generators.biggan.imagenet import find_imagenet_names
from synth.generators.bounded_normal import truncate_normal
from synth.motion.base import Scene
from synth.motion.walks import FaceWalk

PARITY = 1e-4
#: 16x16, four blocks, attention before the third.
LAYERS = [(False, 16, 8), (True, 8, 4), (False, 4, 2), (True, 2, 1)]
SMALL = BigGANConfig(
    channels=(128, 64, 32, 16, 8), c_dim=5, z_dim=6, embedding_dim=6, attention=2, statistics=11
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def published():
    """The package's network, small and with random weights and statistics."""
    package = pytest.importorskip("pytorch_pretrained_biggan")
    config = package.BigGANConfig(
        output_dim=16,
        z_dim=6,
        class_embed_dim=6,
        channel_width=8,
        num_classes=5,
        layers=LAYERS,
        attention_layer_position=2,
        n_stats=11,
    )
    torch.manual_seed(0)
    network = package.BigGAN(config)
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            if name.endswith("gamma"):
                tensor.fill_(0.7)
            elif tensor.ndim == 1:
                tensor.normal_(std=0.3)
        for name, tensor in network.named_buffers():
            if name.endswith("running_means"):
                tensor.normal_(std=0.3)
            elif name.endswith("running_vars"):
                tensor.uniform_(0.5, 2)
    # A few steps of power iteration, as training leaves them.
    network.train()
    for _ in range(3):
        network(torch.randn(2, 6), torch.eye(5)[:2], 0.5)
    return network.eval()


@torch.no_grad()
@pytest.mark.parametrize(
    ("truncation", "told", "old"), [(1.0, 1.0, False), (0.4, 0.4, True), (0.43, 0.47, False)]
)
def test_parity_with_the_published_code(published, tmp_path, truncation, told, old):
    """Between two statistics the package gives each the other's weight: 0.43 there is 0.47 here."""
    path = tmp_path / "small.bin"
    torch.save(published.state_dict(), path, _use_new_zipfile_serialization=not old)
    generator = load_generator(path)
    assert generator.config == SMALL and generator.resolution == 16
    z = truncation * truncate_normal(torch.randn(3, 6))
    weights = torch.tensor([[0, 1, 0, 0, 0], [0, 0, 0, 0, 1], [0.3, 0, 0.7, 0, 0]])
    expected = published(z, weights, truncation)
    embedded = generator.mapping.embeddings(weights)
    rows = torch.cat([z, embedded, torch.full((3, 1), told)], 1)
    found = generator.synthesis(rows[:, None].expand(-1, generator.num_layers, -1))
    error = float((found - expected).abs().max())
    print(f"truncation {truncation}: {error:.1e}")
    assert error < PARITY and expected.std() > 0.1
    if told != truncation:
        return
    # The mapping says the same rows, from a standard normal z.
    plain = torch.randn(3, 6)
    rows = generator.mapping(plain, weights, truncation_psi=truncation)
    bounded = truncation * truncate_normal(plain)
    error = (generator.synthesis(rows) - published(bounded, weights, truncation)).abs().max()
    assert error < PARITY


def make_network(config=SMALL):
    torch.manual_seed(0)
    network = BigGAN(config, name="small").eval().requires_grad_(False)
    with torch.no_grad():
        for name, tensor in network.named_buffers():
            tensor.normal_(std=0.3) if name.endswith("means") else tensor.uniform_(0.5, 2)
    return network


def test_z_lies_within_two_and_keeps_its_order():
    z = torch.cat([torch.randn(20000), torch.tensor([-40.0, -9, 9, 40])])[:, None]
    bounded = truncate_normal(z)
    assert bounded.abs().max() <= 2 and torch.isfinite(bounded).all()
    assert (bounded[z[:, 0].argsort(), 0].diff() >= 0).all()
    # The standard deviation of a normal distribution cut to [-2, 2].
    assert abs(float(bounded[:20000].std()) - 0.8796) < 0.01


def test_truncation_and_its_cutoff():
    network, z = make_network(), torch.randn(2, 6)
    weights = torch.eye(5)[:2]
    rows = network.mapping(z, weights, 0.5)
    assert torch.equal(rows[:, 0], rows[:, -1])
    assert (rows[:, :, -1] == 0.5).all() and rows[:, :, :6].abs().max() <= 1
    cut = network.mapping(z, weights, 0.5, truncation_cutoff=2)
    assert torch.equal(cut[:, :2], rows[:, :2])
    assert torch.equal(cut[:, 2:], network.mapping(z, weights)[:, 2:])
    for psi in (-0.1, 1.1):
        with pytest.raises(ValueError, match="from 0 to 1 for BigGAN"):
            network.mapping(z, weights, psi)
    with pytest.raises(ValueError, match="since this network has 5 classes"):
        network.mapping(z)


def test_gradients_pass_to_every_entry_of_every_row():
    network = make_network()
    network.synthesis.attention.gamma.fill_(0.5)
    rows = network.mapping(torch.randn(2, 6), torch.eye(5)[:2], 0.43).requires_grad_(True)
    network.synthesis(rows).square().mean().backward()
    assert torch.isfinite(rows.grad).all()
    # The first row has no normalisation, so its truncation says nothing.
    assert (rows.grad[:, 1:].abs().amax(0) > 0).all() and (rows.grad[:, 0, :-1] != 0).all()


def test_imagenets_names_come_with_torchvision():
    pytest.importorskip("torchvision")
    names = find_imagenet_names()
    assert len(names) == 1000
    assert (names[1], names[207], names[999]) == ("goldfish", "golden retriever", "toilet tissue")
    config = BigGANConfig(channels=(32, 32, 16), c_dim=1000, attention=None, vocabulary="imagenet")
    with torch.device("meta"):
        network = BigGAN(config)
    assert network.capabilities.class_names == names
    assert weigh_classes(network, {"goldfish": 1, "207": 1}).sum() == 2
    assert make_network().capabilities.class_names[4] == "class 4"


def test_a_walk_through_a_class(tmp_path):
    save_generator(tmp_path / "own.safetensors", make_network(), "own", {})
    generator = load_generator(tmp_path / "own.safetensors", classes={"class 2": 1})
    face = Face.random(generator, seed=1)
    plan = FaceWalk(count=2, gap=1.0).plan(face, Scene(4))
    rows = plan.path(torch.tensor([0.0, 0.5], dtype=torch.float64))
    embedding = make_network().mapping.embeddings.weight[:, 2]
    torch.testing.assert_close(rows[:, 0, 6:12], embedding.expand(2, -1))
    assert torch.equal(
        generator.synthesis(rows), fix_classes(make_network(), {"2": 1}).synthesis(rows)
    )


@pytest.mark.parametrize(
    "change",
    [
        {"channels": (8,)},
        {"channels": (8,) * 4},
        {"channels": (8,) * 99},
        {"channels": (8, 16, 32)},
        {"channels": (64,) * 27},
        {"c_dim": 10**9},
        {"c_dim": 0},
        {"attention": 7},
        {"statistics": 1},
        {"epsilon": 0},
        {"class_names": ("one",)},
    ],
)
def test_headers_that_make_no_network_are_refused(change):
    entries = json.loads(SMALL.to_json()) | change
    with pytest.raises(ValueError, match="needs"):
        BigGANConfig.from_json(json.dumps(entries))


def test_published_sizes():
    widths = {
        128: (16, 16, 16, 16, 8, 8, 4, 4, 2, 2, 1),
        256: (16, 16, 16, 16, 8, 8, 8, 8, 4, 4, 2, 2, 1),
        512: (16, 16, 16, 16, 8, 8, 8, 8, 4, 4, 2, 2, 1, 1, 1),
    }
    for resolution, factors in widths.items():
        config = BigGANConfig(channels=tuple(128 * k for k in factors), c_dim=1000)
        assert (config.resolution, config.w_dim) == (resolution, 257)
        assert config.num_layers == len(factors)
    assert replace(SMALL, attention=None).attention is None


def damaged(change):
    """A state dict as the package writes it, made of our own small network, then changed."""
    network = make_network()
    state = {}
    for name, tensor in network.state_dict().items():
        parts = name.split(".")
        if parts[1].startswith("block"):
            number = int(parts[1][5:])
            stem = f"generator.layers.{number + (number >= 2)}.{'.'.join(parts[2:])}"
        elif parts[1] == "attention":
            kernel = parts[2] if parts[2] == "gamma" else f"snconv1x1_{parts[2]}.weight"
            stem = f"generator.layers.2.{kernel}"
        else:
            stem = name.replace("synthesis.", "generator.").replace("mapping.", "")
        spectral = stem.endswith(".weight") and stem not in (
            "embeddings.weight",
            "generator.bn.weight",
        )
        if not spectral:
            state[stem] = tensor.clone()
            continue
        matrix = tensor.flatten(1)
        left, _, right = torch.linalg.svd(matrix, full_matrices=False)
        state[f"{stem}_orig"] = tensor.clone()
        state[f"{stem}_u"], state[f"{stem}_v"] = left[:, 0].clone(), right[0].clone()
    change(state)
    return state


def test_damaged_states_are_refused(tmp_path):
    cases = {
        "whole": (lambda state: None, None),
        "no_v": (lambda s: s.pop("generator.gen_z.weight_v"), None),
        "no_u": (lambda s: s.pop("generator.gen_z.weight_u"), "weight_u of 'generator.gen_z'"),
        "zero": (lambda s: s["generator.gen_z.weight_orig"].zero_(), "spectral norm above 0"),
        "nan": (lambda s: s["generator.gen_z.weight_orig"].fill_(torch.nan), "spectral norm"),
        "short": (lambda s: s.pop("generator.layers.1.conv_0.bias"), "missing"),
        "classes": (lambda s: s.pop("embeddings.weight"), "embeddings of a BigGAN"),
        "colours": (lambda s: s.pop("generator.conv_to_rgb.bias"), "three colours"),
    }
    for name, (change, message) in cases.items():
        path = tmp_path / f"{name}.bin"
        torch.save(damaged(change), path)
        if message is None:
            assert load_generator(path).config == SMALL
            continue
        with pytest.raises(CheckpointError, match=rf"{name}\.bin: .*{message}"):
            load_generator(path)
    whole = load_generator(tmp_path / "whole.bin")
    norms = np.linalg.norm(whole.synthesis.gen_z.weight.numpy(), 2)
    assert abs(float(norms) - 1) < 1e-5
