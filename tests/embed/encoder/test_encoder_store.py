"""Coarse encoders and their files: shapes, sizes of pictures, and which generator they are for."""

import dataclasses

import pytest
import torch
from safetensors.torch import save_file

from embed.encoder import networks, store
from embed.encoder.networks import EncoderNetwork, EncoderSizes, load_imagenet_start
from embed.encoder.store import CoarseEncoder, load_encoder, save_encoder
from synth.generators.stylegan2 import StyleGAN2


@pytest.fixture
def network(make_task) -> EncoderNetwork:
    return make_task()[1].eval().requires_grad_(False)


def test_files_come_back_with_their_card(network, generator, pictures, tmp_path):
    path = tmp_path / "e.safetensors"
    card = save_encoder(path, network, generator, {"told": "0.5"})
    loaded = load_encoder(path, generator)
    assert loaded.card == card
    assert card["generator_name"] == "tiny"
    ours, theirs = CoarseEncoder(network, {}).encode(pictures), loaded.encode(pictures)
    assert theirs.shape == (2, generator.num_layers, generator.w_dim)
    torch.testing.assert_close(theirs, ours, atol=0.02, rtol=0.02)


def test_the_guess_is_an_offset_from_the_mean(network, generator):
    still = network.find_w_plus(torch.zeros(1, network.rows, len(network.spreads)))
    torch.testing.assert_close(still[0], network.mean.expand(generator.num_layers, -1))


def test_an_encoder_of_another_generator_is_refused_by_name(network, generator, tmp_path):
    path = tmp_path / "e.safetensors"
    save_encoder(path, network, generator, {})
    other = StyleGAN2(generator.config, "round", "b" * 64)
    told = r"e\.safetensors: .* round \(sha256 bbbbbbbbbbbb\); got one for tiny \(sha256 aaaaaaaaa"
    with pytest.raises(ValueError, match=told + r".*scripts\.train_encoder"):
        load_encoder(path, other)
    nameless = StyleGAN2(generator.config, "new")
    with pytest.raises(ValueError, match="sha256 unknown"):
        load_encoder(path, nameless)
    with pytest.raises(ValueError, match="loaded from a file"):
        save_encoder(tmp_path / "n.safetensors", network, nameless, {})
    assert not (tmp_path / "n.safetensors").exists()


def test_the_bundled_one_is_looked_for_without_a_path(network, generator, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "BUNDLED_ENCODER", tmp_path / "bundled.safetensors")
    with pytest.raises(FileNotFoundError, match=r"bundled\.safetensors.*scripts\.train_encoder"):
        load_encoder(None, generator)
    save_encoder(tmp_path / "bundled.safetensors", network, generator, {})
    assert load_encoder(None, generator).card["generator_sha256"] == generator.sha256


def test_broken_files_and_wrong_places_are_named(network, generator, tmp_path):
    path = tmp_path / "e.safetensors"
    save_encoder(path, network, generator, {})
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"e\.safetensors: needs an intact"):
        load_encoder(path, generator)
    save_file({"x": torch.ones(1)}, path, {"format": "moodreel-judge"})
    with pytest.raises(ValueError, match="needs format 'moodreel-encoder'"):
        load_encoder(path, generator)
    with pytest.raises(ValueError, match=r"ending in \.safetensors"):
        save_encoder(tmp_path / "e.pt", network, generator, {})


@pytest.mark.parametrize("size", [16, 32, 33, 64, 100])
def test_pictures_of_any_size_are_taken(network, generator, size):
    found = CoarseEncoder(network, {}).encode(torch.rand(1, 3, size, size) * 2 - 1)
    assert found.shape == (1, generator.num_layers, generator.w_dim)
    assert torch.isfinite(found).all()


def test_a_guess_does_not_depend_on_the_batch_or_on_values_beyond_the_range(network):
    encoder = CoarseEncoder(network, {})
    pictures = torch.randn(40, 3, 32, 32)
    together = encoder.encode(pictures)
    alone = torch.cat([encoder.encode(picture) for picture in pictures.split(1)])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(encoder(pictures.clamp(-1, 1)), together)


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (torch.zeros(1, 3, 32, 48), "square pictures"),
        (torch.full((1, 3, 32, 32), float("nan")), "finite pictures"),
    ],
)
def test_pictures_that_are_no_faces_are_told(network, pictures, message):
    with pytest.raises(ValueError, match=message):
        CoarseEncoder(network, {}).encode(pictures)


def test_resnet50_with_a_random_start_has_the_right_shapes():
    pytest.importorskip("torchvision")
    network = EncoderNetwork(EncoderSizes("resnet50", 14, 18, 512, 96, 64)).eval()
    with torch.no_grad():
        coordinates = network(torch.rand(1, 3, 64, 64))
    assert coordinates.shape == (1, 14, 96)
    assert network.find_w_plus(coordinates).shape == (1, 18, 512)
    convolutions = sum(p.numel() for p in network.body.parameters())
    assert convolutions == 23_508_032  # torchvision's ResNet-50 without its last layer


def test_resnet50_starts_from_torchvisions_file(monkeypatch):
    models = pytest.importorskip("torchvision.models")
    state = models.resnet50(weights=None).state_dict()
    network = EncoderNetwork(EncoderSizes("resnet50", 2, 2, 8, 4, 64))
    monkeypatch.setattr(networks, "load_plain_tensors", lambda path: state)
    load_imagenet_start(network, "resnet50.pth")
    assert torch.equal(network.body.state_dict()["conv1.weight"], state["conv1.weight"])
    assert torch.equal(network.body.state_dict()["layer4.2.bn3.bias"], state["layer4.2.bn3.bias"])
    monkeypatch.setattr(
        networks, "load_plain_tensors", lambda path: {"conv1.weight": state["conv1.weight"]}
    )
    with pytest.raises(ValueError, match=r"resnet50\.pth: needs torchvision's ResNet-50; no bn1"):
        load_imagenet_start(network, "resnet50.pth")


def test_networks_that_make_no_sense_are_refused(make_task, network):
    with pytest.raises(ValueError, match="backbone among"):
        EncoderSizes("vgg", 2, 2, 8, 4, 32)
    with pytest.raises(ValueError, match="rows from 1 to 2"):
        EncoderSizes("compact", 3, 2, 8, 4, 32)
    with pytest.raises(ValueError, match="needs a resnet50"):
        load_imagenet_start(network, "resnet50.pth")
    statistics = network.statistics
    fewer = dataclasses.replace(
        statistics, axes=statistics.axes[:, 1:], spreads=statistics.spreads[1:]
    )
    with pytest.raises(ValueError, match="needs axes of shape"):
        network.use_statistics(fewer)
