"""The small networks by property, with random weights; the ones that ship where they are there."""

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from synth.judging import judge as judging
from synth.judging.judge import EmotionJudge, load_judge
from synth.judging.perceptual import (
    BUNDLED_PERCEPTUAL,
    KIND,
    WIDTHS,
    PerceptualNetwork,
    load_perceptual,
)
from synth.judging.storage import load_network, save_network

SMALL = (8, 8, 16)


@pytest.fixture(scope="module")
def network() -> PerceptualNetwork:
    torch.manual_seed(0)
    return PerceptualNetwork(SMALL, 5).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    """Smooth shapes with some detail."""
    random = torch.Generator().manual_seed(1)
    coarse = torch.rand(3, 3, 8, 8, generator=random) * 2 - 1
    detail = torch.randn(3, 3, 64, 64, generator=random) * 0.2
    return F.interpolate(coarse, (64, 64), mode="bicubic") + detail


def test_features_go_from_shallow_to_deep_for_any_size(network):
    for n in (16, 64, 96):
        maps = network.features(torch.zeros(2, 3, n, n))
        assert [tuple(x.shape) for x in maps] == [
            (2, width, n >> k, n >> k) for k, width in enumerate(SMALL)
        ]
    assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 5)
    assert network.embed(torch.zeros(2, 3, 64, 64)).shape == (2, 24)


def test_distance_is_zero_for_equal_pictures_and_grows_with_noise_and_blur(network, pictures):
    assert torch.equal(network.distance(pictures, pictures), torch.zeros(3))
    noise = torch.randn(pictures.shape, generator=torch.Generator().manual_seed(2))
    noisy = [pictures + s * noise for s in (0.05, 0.1, 0.2)]
    blurred = [F.avg_pool2d(pictures, k, 1, k // 2, count_include_pad=False) for k in (3, 5, 9)]
    for changed in (noisy, blurred):
        steps = torch.stack([network.distance(other, pictures) for other in changed])
        assert (steps[0] > 0).all()
        assert (steps.diff(dim=0) > 0).all()
    there, back = (network.distance(*pair) for pair in (noisy[:2], noisy[1::-1]))
    assert torch.allclose(there, back)


def test_distance_leads_back_to_the_picture(network, pictures):
    guess = (pictures + 0.3).requires_grad_()
    loss = network.distance(guess, pictures).sum()
    (gradient,) = torch.autograd.grad(loss, guess)
    assert torch.isfinite(gradient).all()
    assert network.distance(guess - 0.1 * gradient / gradient.std(), pictures).sum() < loss


def test_a_black_picture_has_a_finite_gradient(network):
    black = torch.zeros(1, 3, 32, 32, requires_grad=True)
    network.distance(black, torch.ones(1, 3, 32, 32)).sum().backward()
    assert torch.isfinite(black.grad).all()


def test_half_precision_gives_about_the_same_distance(network, pictures):
    want = network.distance(pictures, pictures.flip(3))
    half = PerceptualNetwork(SMALL, 5)
    half.load_state_dict(network.state_dict())
    got = half.bfloat16().distance(pictures, pictures.flip(3))
    assert got.dtype == torch.float32
    assert torch.allclose(want, got, rtol=0.05)


def test_folding_norms_keeps_the_function(pictures):
    torch.manual_seed(0)
    trained = PerceptualNetwork(SMALL, 5, with_norms=True)
    for _ in range(3):
        trained(pictures)
    plain = trained.eval().fold_norms()
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in plain.modules())
    assert torch.allclose(plain(pictures), trained(pictures), atol=1e-4)
    assert not any(parameter.requires_grad for parameter in plain.parameters())


@pytest.mark.parametrize("shape", [(1, 3, 64, 60), (1, 1, 64, 64), (3, 64, 64), (1, 3, 62, 62)])
def test_pictures_of_another_shape_are_refused(network, shape):
    with pytest.raises(ValueError, match="needs pictures"):
        network.features(torch.zeros(shape))


def test_pairs_of_different_sizes_are_refused(network):
    with pytest.raises(ValueError, match="one shape"):
        network.distance(torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 64, 64))


def test_the_networks_are_small_enough_to_ship():
    count = sum(p.numel() for p in PerceptualNetwork(WIDTHS).parameters())
    assert count <= 1_500_000
    assert sum(p.numel() for p in EmotionJudge().parameters()) <= 600_000


def test_a_network_is_read_back_with_its_card(network, pictures, tmp_path):
    path = tmp_path / "p.safetensors"
    network.depth_weights.fill_(0.5)
    save_network(path, network, KIND, {"licence": "MIT"})
    network.depth_weights.fill_(1.0)
    loaded, card = load_network(path, KIND, PerceptualNetwork)
    assert card == {"licence": "MIT"}
    assert torch.allclose(loaded(pictures), network(pictures), atol=2e-2)
    assert torch.equal(loaded.depth_weights, torch.full((3,), 0.5))
    assert not loaded.training
    assert load_perceptual(path).settings == network.settings
    with pytest.raises(ValueError, match="other than"):
        save_network(path, network, KIND, {"format": "x"})


def test_a_broken_or_foreign_file_is_refused(network, tmp_path):
    path = tmp_path / "p.safetensors"
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_perceptual(path)
    save_network(path, network, KIND, {})
    with pytest.raises(ValueError, match="needs format 'moodreel-judge'"):
        load_judge(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="intact"):
        load_perceptual(path)
    for settings in ('{"widths": [8, 8, 24], "targets": 5}', '{"x": 1}', "nonsense"):
        tensors = {k: v.half() for k, v in network.state_dict().items()}
        save_file(tensors, path, {"format": KIND, "settings": settings})
        with pytest.raises(ValueError, match="needs a whole moodreel-perceptual"):
            load_perceptual(path)


@pytest.fixture(scope="module")
def judge() -> EmotionJudge:
    torch.manual_seed(0)
    return EmotionJudge((8, 8)).eval().requires_grad_(False)


def test_the_judge_gives_probabilities_for_any_size(judge):
    for n in (32, 100, 256):
        told = judge.judge(torch.rand(2, 3, n, n) * 2 - 1)
        assert told.shape == (2, 7)
        assert torch.allclose(told.sum(1), torch.ones(2), atol=1e-5)


def test_the_judge_cares_neither_for_hue_nor_for_surroundings(judge):
    grey = torch.rand(1, 1, 128, 128).expand(1, 3, -1, -1) * 0.5
    tinted = grey.clone()
    red, green, _ = judging.LUMA
    tinted[:, 0] += 0.1
    tinted[:, 1] -= 0.1 * red / green
    tinted[..., :10] = 1
    assert torch.allclose(judge.prepare(tinted), judge.prepare(grey), atol=1e-6)


def test_a_temperature_softens_the_judge(judge):
    images = torch.rand(4, 3, 64, 64)
    before = judge.judge(images).max(1).values
    judge.temperature.fill_(3.0)
    after = judge.judge(images).max(1).values
    judge.temperature.fill_(1.0)
    assert (after < before).all()


def test_the_judge_refuses_what_is_no_crop(judge):
    for shape in ((1, 3, 64, 48), (1, 3, 16, 16)):
        with pytest.raises(ValueError, match="needs square pictures"):
            judge.judge(torch.zeros(shape))


@pytest.mark.skipif(not BUNDLED_PERCEPTUAL.is_file(), reason="needs the network that ships")
def test_the_network_that_ships_has_a_full_card():
    card = load_network(BUNDLED_PERCEPTUAL, KIND, PerceptualNetwork)[1]
    for entry in ("licence", "data", "command", "seed", "r2_emotion", "r2_identity"):
        assert card[entry]
    assert float(card["r2_emotion"]) > 0.4


@pytest.mark.skipif(not judging.BUNDLED_JUDGE.is_file(), reason="needs the judge that ships")
def test_the_judge_that_ships_has_a_full_card():
    card = load_network(judging.BUNDLED_JUDGE, judging.KIND, EmotionJudge)[1]
    for entry in ("licence", "data", "command", "seed", "confusion"):
        assert card[entry]
    assert float(card["accuracy"]) > 0.85
