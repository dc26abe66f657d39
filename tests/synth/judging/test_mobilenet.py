"""MobileNetV2: torchvision's own numbers on random weights, and files that do not fit."""

import numpy as np
import pytest
import torch

from synth.judging.mobilenet import MobileNetClassifier, MobileNetV2, load_mobilenet
from synth.motion.footage.classes import PictureClassifier
from synth.storage.assets import AssetError, find_card


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(0)
    network = MobileNetV2()
    with torch.no_grad():
        for name, tensor in network.named_buffers():
            if name.endswith("running_mean"):
                tensor.normal_(std=0.1)
            elif name.endswith("running_var"):
                tensor.uniform_(0.5, 2)
    return network.state_dict()


@pytest.fixture(scope="module")
def file(state, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "mobilenet.pth"
    torch.save(state, path)
    return path


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(0, 255, (2, 224, 224, 3)).astype(np.uint8)


def test_numbers_are_torchvisions(state, file, pictures):
    models = pytest.importorskip("torchvision.models")
    with torch.device("meta"):
        theirs = models.mobilenet_v2(weights=None)
    assert theirs.state_dict().keys() == state.keys()
    theirs.load_state_dict(state, assign=True)
    mean, deviation = torch.tensor((0.485, 0.456, 0.406)), torch.tensor((0.229, 0.224, 0.225))
    x = ((torch.from_numpy(pictures) / 255 - mean) / deviation).permute(0, 3, 1, 2)
    with torch.no_grad():
        expected = theirs.eval()(x).softmax(1).numpy()
    found = MobileNetClassifier(str(file)).classify(pictures)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-7)
    assert expected.std(1).min() > 0


def test_it_is_a_classifier_of_pictures_of_any_size(file):
    classifier = MobileNetClassifier(str(file))
    assert isinstance(classifier, PictureClassifier) and classifier.class_count == 1000
    odds = classifier.classify(np.full((1, 90, 160, 3), 99, np.uint8))
    assert odds.shape == (1, 1000) and odds.sum() == pytest.approx(1, abs=1e-5)


def test_files_that_are_another_network_are_refused(state, tmp_path):
    cases = {
        "short": {name: x for name, x in state.items() if name != "classifier.1.bias"},
        "other": {**state, "features.0.0.weight": torch.zeros(3)},
    }
    for name, content in cases.items():
        torch.save(content, tmp_path / f"{name}.pth")
        with pytest.raises(ValueError, match=rf"{name}\.pth: needs torchvision's MobileNetV2"):
            load_mobilenet(tmp_path / f"{name}.pth")
    counts = [name for name in state if name.endswith("num_batches_tracked")]
    torch.save({k: v for k, v in state.items() if k not in counts}, tmp_path / "old.pth")
    assert len(counts) > 50 and load_mobilenet(tmp_path / "old.pth").training is False


def test_nothing_is_fetched_before_it_is_needed_or_from_a_hub(monkeypatch, tmp_path):
    monkeypatch.setenv("MOODREEL_OFFLINE", "1")
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path))
    monkeypatch.delenv("MOODREEL_ASSETS", raising=False)
    classifier = MobileNetClassifier()
    with pytest.raises(AssetError, match=r"mobilenet_v2-7ebf99e0\.pth at .* forbids downloads"):
        classifier.fetch_models()
    assert find_card("mobilenet-v2").sha256_start == "7ebf99e0"


def test_a_file_that_is_not_what_its_name_promises_is_refused(monkeypatch, tmp_path, file):
    monkeypatch.setenv("MOODREEL_ASSETS", str(tmp_path))
    (tmp_path / "mobilenet_v2-7ebf99e0.pth").write_bytes(file.read_bytes())
    with pytest.raises(AssetError, match="needs sha256 7ebf99e0 by its card; got"):
        MobileNetClassifier().fetch_models()
