"""Perceptual losses against the lpips package and torchvision, on random weights in a real file."""

import importlib.util
import sys
import types

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from embed.networks.perceptual import (
    FaceLoss,
    LpipsLoss,
    PerceptualLoss,
    VggLoss,
    fetch_lpips_loss,
    find_perceptual_distance,
    load_lpips_weights,
)
from embed.networks.vgg16 import LAYERS, Vgg16, load_vgg16, reduce_images
from synth.judging.imagenet import MEAN
from synth.judging.perceptual import PerceptualNetwork
from synth.storage.assets import AssetError, fetch_asset

needs_lpips = pytest.mark.skipif(
    importlib.util.find_spec("lpips") is None, reason="needs the package lpips"
)


@pytest.fixture(scope="module")
def vgg_file(tmp_path_factory):
    """A file with the names of torchvision's, random weights, and a stub of its classifier."""
    torch.manual_seed(0)
    state = Vgg16().state_dict() | {"classifier.0.weight": torch.zeros(4, 4)}
    path = tmp_path_factory.mktemp("weights") / "vgg16.pth"
    torch.save(state, path)
    return path


@pytest.fixture(scope="module")
def vgg(vgg_file) -> Vgg16:
    return load_vgg16(vgg_file)


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    random = torch.Generator().manual_seed(1)
    coarse = torch.rand(4, 3, 8, 8, generator=random) * 2 - 1
    detail = torch.randn(4, 3, 64, 64, generator=random) * 0.2
    return F.interpolate(coarse, (64, 64), mode="bicubic") + detail


@pytest.fixture(scope="module")
def losses(vgg) -> list[PerceptualLoss]:
    random = torch.Generator().manual_seed(2)
    linear = [torch.rand(n, generator=random) for n in (64, 128, 256, 512, 512)]
    torch.manual_seed(0)
    network = PerceptualNetwork((8, 8, 16), 5).eval().requires_grad_(False)
    return [VggLoss(vgg), LpipsLoss(vgg, linear), FaceLoss(network)]


@pytest.mark.parametrize("index", range(3))
def test_equal_pictures_are_at_no_distance_and_noise_sets_apart(losses, pictures, index):
    loss = losses[index]
    assert isinstance(loss, PerceptualLoss)
    same = find_perceptual_distance(loss, pictures, pictures)
    noise = torch.randn(pictures.shape, generator=torch.Generator().manual_seed(3))
    little, more = (
        find_perceptual_distance(loss, pictures, pictures + s * noise) for s in (0.1, 0.3)
    )
    assert same.shape == (4,)
    assert torch.equal(same, torch.zeros(4))
    assert (little > 0).all()
    assert (more > little).all()


@pytest.mark.parametrize("index", range(3))
def test_gradients_lead_back_and_are_finite_in_the_dark(losses, pictures, index):
    loss = losses[index]
    target = loss.describe(pictures[:1])
    for start in (pictures[:1] * 0.5 + 0.2, torch.full((1, 3, 64, 64), -1.0)):
        guess = start.clone().requires_grad_()
        value = loss.compare(loss.describe(guess), target).sum()
        (gradient,) = torch.autograd.grad(value, guess)
        assert torch.isfinite(gradient).all()
    step = start - 0.01 * gradient / gradient.std()
    assert loss.compare(loss.describe(step), target).sum() < value


@pytest.mark.parametrize("index", range(3))
def test_large_pictures_are_seen_at_256_by_area(losses, index):
    large = torch.rand(2, 3, 512, 512, generator=torch.Generator().manual_seed(4)) * 2 - 1
    small = F.interpolate(large, (256, 256), mode="area")
    loss = losses[index]
    for ours, theirs in zip(loss.describe(large[:1]), loss.describe(small[:1]), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_equation_2_is_a_weighted_sum_of_mean_squares(vgg, pictures):
    a, b = pictures[:2], pictures[2:]
    layers = ("conv1_1", "conv1_2", "conv3_2", "conv4_2")
    expected = torch.zeros(2)
    for weight, x, y in zip((1.0, 2.0, 3.0, 4.0), vgg(a, layers), vgg(b, layers), strict=True):
        count = x[0].numel()
        expected += (
            weight / count * torch.tensor([((p - q) ** 2).sum() for p, q in zip(x, y, strict=True)])
        )
    found = find_perceptual_distance(VggLoss(vgg, (1, 2, 3, 4)), a, b)
    torch.testing.assert_close(found, expected)


def test_layers_are_torchvisions(vgg, pictures):
    torchvision = pytest.importorskip("torchvision")
    with torch.device("meta"):
        features = torchvision.models.vgg16(weights=None).features
    features.load_state_dict(vgg.features.state_dict(), assign=True)
    mean = torch.tensor(MEAN)[:, None, None]
    deviation = torch.tensor((0.229, 0.224, 0.225))[:, None, None]
    x = ((pictures + 1) / 2 - mean) / deviation
    places = [1, 3, 6, 8, 11, 13, 15, 18, 20, 22, 25, 27, 29]
    found = dict(zip(places, vgg(pictures, LAYERS), strict=True))
    with torch.no_grad():
        for place, part in enumerate(features[:30]):
            x = part(x)
            if place in found:
                torch.testing.assert_close(found[place], x.clone(), atol=1e-5, rtol=1e-4)


@needs_lpips
def test_lpips_are_the_packages_own_numbers(vgg_file, vgg, pictures):
    package = make_package_lpips(vgg)
    ours = fetch_lpips_loss(path=vgg_file)
    a, b = pictures[:2], pictures[2:]
    with torch.no_grad():
        expected = package(a, b).flatten()
    found = find_perceptual_distance(ours, a, b)
    assert (expected > 1e-4).all()
    assert (found - expected).abs().max() < 1e-5
    assert (found / expected - 1).abs().max() < 1e-3


def make_package_lpips(vgg: Vgg16) -> nn.Module:
    """The package's own network with its linear weights, on our VGG16.

    Its constructor would initialise all of VGG16 at random, dense layers included.
    """
    import lpips

    parts = list(vgg.features.children())

    def make_small_vgg(**_: object) -> types.SimpleNamespace:
        return types.SimpleNamespace(features=nn.Sequential(*parts))

    trunk = sys.modules["lpips.pretrained_networks"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trunk.tv, "vgg16", make_small_vgg)
        return lpips.LPIPS(net="vgg", pnet_rand=True, verbose=False)


@needs_lpips
def test_the_packages_weights_are_found_and_verified(tmp_path, monkeypatch):
    weights = load_lpips_weights(fetch_asset("lpips-vgg"))
    assert [len(weight) for weight in weights] == [64, 128, 256, 512, 512]
    (tmp_path / "vgg.pth").write_bytes(b"something else")
    monkeypatch.setenv("MOODREEL_ASSETS", str(tmp_path))
    with pytest.raises(AssetError, match=r"vgg\.pth"):
        fetch_asset("lpips-vgg")


def test_files_of_something_else_are_named(tmp_path):
    torch.save({"features.0.weight": torch.zeros(3)}, tmp_path / "few.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    (tmp_path / "text.pth").write_text("hello")
    for name in ("few.pth", "list.pth", "text.pth"):
        with pytest.raises(ValueError, match=name):
            load_vgg16(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"none\.pth"):
        load_vgg16(tmp_path / "none.pth")
    with pytest.raises(ValueError, match="lin0"):
        load_lpips_weights(tmp_path / "few.pth")


def test_wrong_use_is_explained(vgg, pictures):
    with pytest.raises(ValueError, match="conv9_9"):
        vgg(pictures, ("conv9_9",))
    with pytest.raises(ValueError, match="16 pixels"):
        vgg(pictures[..., :8, :8], ("conv5_1",))
    with pytest.raises(ValueError, match="a weight for each"):
        VggLoss(vgg, (1, 2))
    with pytest.raises(ValueError, match="linear weights"):
        LpipsLoss(vgg, [torch.ones(3)])
    with pytest.raises(ValueError, match="one shape"):
        find_perceptual_distance(VggLoss(vgg), pictures, pictures[..., :32, :32])


def test_reducing_averages_areas_for_any_size():
    picture = torch.rand(1, 3, 30, 40)
    assert reduce_images(picture, 40) is picture
    assert reduce_images(picture, 20).shape == (1, 3, 15, 20)
    square = torch.rand(1, 3, 60, 60)
    torch.testing.assert_close(
        reduce_images(square, 20), F.interpolate(square, (20, 20), mode="area")
    )
    torch.testing.assert_close(
        reduce_images(square, 25), F.interpolate(square, (25, 25), mode="area")
    )
