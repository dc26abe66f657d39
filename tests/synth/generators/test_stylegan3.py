"""StyleGAN3: parity with NVIDIA's code, the design rule, equivariance."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from synth.checkpoints import nvidia_torch
from synth.checkpoints.torch_files import read_document
from synth.generators import load_generator, save_generator
from synth.generators.stylegan3.config import StyleGAN3Config, Widths, design_r, design_t
from synth.generators.stylegan3.filters import design_radial, design_separable
from synth.generators.stylegan3.resampling import upsample
from synth.generators.stylegan3.stylegan3 import StyleGAN3
from synth.motion.transform import make_transforms

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


def make_network(design=design_t, seed=0, **sizes):
    """A small network with weights of trained magnitude and a placement that depends on w."""
    torch.manual_seed(seed)
    widths = Widths(512, 16)
    config = design(32, widths, **{"z_dim": 12, "w_dim": 12, **sizes})
    network = StyleGAN3(config, name="small")
    with torch.no_grad():
        network.synthesis.input.affine.weight.normal_(std=0.3)
    return network.eval().requires_grad_(False)


@pytest.mark.parametrize(
    ("kind", "design", "widths"),
    [
        ("t", design_t, Widths(1024, 32)),
        ("r", design_r, Widths(2048, 64)),
    ],
)
def test_the_designed_bands_and_filters_are_the_published_ones(shared_assets, kind, design, widths):
    path = shared_assets / "reference" / f"stylegan3_{kind}.pkl"
    found = load_generator(path).config
    designed = design(64, widths, z_dim=64, w_dim=64)
    assert np.allclose(found.cutoffs, designed.cutoffs)
    assert np.allclose(found.half_widths, designed.half_widths)
    same = {name: getattr(designed, name) for name in ("cutoffs", "half_widths")}
    assert replace(found, **same) == designed
    theirs = {name.split("/")[-1]: t for name, t in _read_filters(path).items()}
    network = StyleGAN3(designed)
    for name, mine in network.synthesis.named_buffers():
        if name.endswith("_filter") and mine.numel() > 1:
            layer, filter_name = name.split(".")[0], name.split(".")[-1]
            expected = theirs[f"{layer}.{filter_name}"]
            assert np.allclose(mine.numpy(), expected, atol=1e-6), name


def _read_filters(path):
    """The filters in NVIDIA's file, as `L3.up_filter`."""
    with open(path, "rb") as file:
        data = memoryview(file.read())
        document = read_document(data, file)
    module = nvidia_torch._Module(document.value["G_ema"], document.storages, "G_ema")
    named = {}
    for name, tensor in module.tensors().items():
        parts = name.split(".")
        if parts[-1] in ("up_filter", "down_filter"):
            named[f"{parts[1].split('_')[0]}.{parts[-1]}"] = tensor
    return named


@pytest.mark.parametrize("radial", [False, True])
def test_filters_pass_what_is_below_the_cutoff_and_stop_what_is_above(radial):
    taps, cutoff, half_width, rate = 24, 8.0, 6.0, 64
    if radial:
        kernel = design_radial(taps, cutoff, half_width, rate).double()
        response = kernel.sum(0)
    else:
        response = design_separable(taps, cutoff, half_width, rate).double()
    assert torch.allclose(response, response.flip(0)) and abs(float(response.sum()) - 1) < 1e-6
    places = (torch.arange(taps).double() - (taps - 1) / 2) / rate

    def gain(frequency):
        return abs(float((response * torch.cos(2 * np.pi * frequency * places)).sum()))

    # Above the stopband far less passes than below the cutoff minus the transition.
    assert gain(cutoff - half_width) > 0.9
    assert max(gain(f) for f in np.linspace(cutoff + half_width, rate / 2, 20)) < 0.05


def test_upsampling_keeps_a_slow_wave():
    n, factor = 32, 2
    x = torch.cos(2 * np.pi * (torch.arange(n) + 0.5) / n)
    taps = design_separable(12, 8.0, 8.0, n * factor)
    signal = x.expand(1, 1, n, n)
    up = upsample(signal, taps, factor, n * factor)[0, 0, n]
    fine = torch.cos(2 * np.pi * (torch.arange(n * factor) + 0.5) / (n * factor))
    inside = slice(12, -12)
    assert (up[inside] - fine[inside]).abs().max() < 0.05


@torch.no_grad()
@pytest.mark.parametrize("design", [design_t, design_r])
def test_a_shift_of_the_plane_shifts_the_picture(design):
    network = make_network(design)
    rows = network.mapping(torch.randn(1, 12))
    image = network.synthesis(rows)
    right, down = 4, -2
    transform = make_transforms(torch.tensor([[right / 32, down / 32, 0.0]]))
    shifted = network.synthesis(rows, transform=transform)
    inside = image[:, :, 4:26, 4:24]
    expected_at = shifted[:, :, 4 + down : 26 + down, 4 + right : 24 + right]
    contrast = float(inside.std())
    assert float((expected_at - inside).abs().mean()) < 0.1 * contrast
    assert float((shifted - image).abs().mean()) > 0.3 * contrast


@torch.no_grad()
def test_a_quarter_turn_turns_the_picture_of_configuration_r():
    network = make_network(design_r)
    rows = network.mapping(torch.randn(1, 12))
    image = network.synthesis(rows)
    turned = network.synthesis(rows, transform=make_transforms(torch.tensor([[0.0, 0, 90.0]])))
    expected = torch.rot90(image, 1, (2, 3))  # numpy's and torch's turn to the left
    assert float((turned - expected).abs().mean()) < 0.02 * float(image.std())


@torch.no_grad()
def test_one_transform_for_all_and_one_for_each():
    network = make_network()
    rows = network.mapping(torch.randn(2, 12))
    places = torch.tensor([[0.1, -0.2, 30.0], [0.0, 0.0, 180.0]])
    both = network.synthesis(rows, transform=make_transforms(places))
    alone = network.synthesis(rows, transform=make_transforms(places[:1]))
    torch.testing.assert_close(both[:1], alone[:1], atol=1e-5, rtol=0)
    assert not torch.allclose(both[1], alone[1], atol=0.01)


def test_gradients_pass_to_w_and_to_weights():
    network = make_network()
    rows = network.mapping(torch.randn(1, 12)).requires_grad_(True)
    for parameter in network.parameters():
        parameter.requires_grad_(True)
    network.synthesis(rows).square().mean().backward()
    assert rows.grad is not None and torch.isfinite(rows.grad).all()
    assert (rows.grad.abs().amax(2) > 0).all()
    grads = [p.grad for name, p in network.synthesis.named_parameters()]
    assert all(grad is not None and torch.isfinite(grad).all() for grad in grads)


def test_a_saved_network_opens_as_it_was(tmp_path):
    network = make_network(design_r, c_dim=2)
    save_generator(tmp_path / "own.safetensors", network, "own", {})
    loaded = load_generator(tmp_path / "own.safetensors", classes={"class 1": 1})
    assert loaded.config == network.config and loaded.architecture == "stylegan3"
    rows = loaded.mapping(torch.ones(1, 12))
    assert torch.equal(rows, network.mapping(torch.ones(1, 12), torch.tensor([[0.0, 1.0]])))
    assert torch.equal(loaded.synthesis(rows), network.synthesis(rows))


@pytest.mark.parametrize(
    "change",
    [
        {"rates": (16,) * 3},
        {"resolution": 1 << 20},
        {"sizes": (1 << 30,) * 15},
        {"cutoffs": (float("nan"),) * 15},
        {"rates": (16,) * 14 + (24,)},
        {"taps": 10**9},
        {"oversampling": 10**9},
        {"conv_kernel": 5},
        {"mapping_layers": 10**9},
        {"w_dim": 0},
    ],
)
def test_headers_that_make_no_network_are_refused(change):
    entries = json.loads(make_network().config.to_json()) | change
    with pytest.raises(ValueError, match="needs"):
        StyleGAN3Config.from_json(json.dumps(entries))


def test_w_plus_of_another_generator_is_refused():
    with pytest.raises(ValueError, match=r"\[batch, 16, 12\]"):
        make_network().synthesis(torch.zeros(1, 18, 12))
