import numpy as np
import pytest
import torch

from emotion_seq.classifiers.four_layers import (
    INPUT_PX,
    KIND,
    FitSettings,
    TrainedScorer,
    fit_network,
    make_network,
)
from emotion_seq.classifiers.keras_scorer import FaceBox, KerasScorer, prepare_faces
from emotion_seq.classifiers.labelled_faces import FaceFolder
from emotion_seq.classifiers.mini_xception import MiniXception
from emotion_seq.keras_files import save_keras_file
from synth.emotions import Emotion
from synth.judging.emotion_scoring import EmotionScorer


@pytest.fixture
def astronaut(shared_assets, monkeypatch):
    monkeypatch.setenv("MOODREEL_ASSETS", str(shared_assets))
    with np.load(shared_assets / "reference" / "ffhq_align_expected.npz") as arrays:
        return arrays["astronaut_crop_256"].astype(np.uint8)[None]


def test_a_real_smile_is_happiness(astronaut):
    scorer = MiniXception()
    assert isinstance(scorer, EmotionScorer)
    odds = scorer.score(astronaut)
    assert odds.shape == (1, 7) and odds.sum() == pytest.approx(1)
    assert odds[0, Emotion.HAPPINESS] > 0.8


def test_mirror_images_show_the_same(astronaut):
    scorer = MiniXception()
    both = scorer.score(np.concatenate([astronaut, astronaut[:, :, ::-1]]))
    # The box is cut to whole pixels, which need not be symmetric.
    assert np.abs(both[0] - both[1]).max() < 0.05


def test_faces_are_prepared_as_the_network_was_trained():
    face = np.zeros((1, 100, 100, 3), np.uint8)
    face[0, 20:80, 20:80] = 255
    prepared = prepare_faces(face, FaceBox(0.2, 0.2, 0.6), 64)
    assert prepared.shape == (1, 64, 64, 1)
    assert np.allclose(prepared, 1)
    grey = prepare_faces(np.full((1, 100, 100, 3), 255, np.uint8) * 0, FaceBox(0, 0, 1), 64)
    assert np.allclose(grey, -1)


class OneClass:
    """A network that always says its first class."""

    input_shape, output_shape = (None, 8, 8, 1), (None, 3)

    def __call__(self, inputs, training):
        return np.eye(3)[np.zeros(len(inputs), int)]


def test_classes_go_to_their_own_columns():
    classes = (Emotion.SADNESS, Emotion.CALM, Emotion.FEAR)
    scorer = KerasScorer("one", OneClass(), FaceBox(0, 0, 1), classes)
    odds = scorer.score(np.zeros((2, 16, 16, 3), np.uint8))
    assert odds[:, Emotion.SADNESS].tolist() == [1, 1]
    with pytest.raises(ValueError, match="3 outputs"):
        KerasScorer("one", OneClass(), FaceBox(0, 0, 1), classes[:2])


def test_faces_that_are_not_square_are_refused():
    with pytest.raises(ValueError, match="square"):
        prepare_faces(np.zeros((1, 8, 9, 3), np.uint8), FaceBox(0, 0, 1), 8)


def test_the_network_of_emopy_has_four_convolutions_and_two_poolings():
    kinds = [type(layer).__name__ for layer in make_network().layers]
    assert (kinds.count("Conv2D"), kinds.count("MaxPooling2D")) == (4, 2)


def draw_faces(count: int):
    """Bright top: anger. Bright bottom: fear."""
    random = np.random.default_rng(0)
    emotions = random.choice([int(Emotion.ANGER), int(Emotion.FEAR)], count)
    faces = random.normal(0, 0.2, (count, INPUT_PX, INPUT_PX, 1)).astype(np.float32)
    faces[emotions == Emotion.ANGER, :20] += 0.8
    faces[emotions == Emotion.FEAR, -20:] += 0.8
    return faces, emotions


@pytest.mark.slow
def test_it_learns_what_can_be_learned_and_scores_from_its_file(tmp_path):
    faces, emotions = draw_faces(96)
    settings = FitSettings(epochs=5, batch=16, rate=3e-3)
    network, _ = fit_network(faces[:72], emotions[:72], (faces[72:], emotions[72:]), settings)
    path = tmp_path / "mine.keras"
    save_keras_file(path, network, KIND, {})
    scorer = TrainedScorer(str(path))
    pictures = np.zeros((2, 100, 100, 3), np.uint8)
    pictures[0, 26:52], pictures[1, 64:90] = 230, 230
    assert scorer.score(pictures).argmax(1).tolist() == [Emotion.ANGER, Emotion.FEAR]


def test_the_same_seed_trains_the_same_classifier_whatever_was_drawn_before():
    faces, emotions = draw_faces(24)
    parts = faces[:16], emotions[:16], (faces[16:], emotions[16:])
    found = []
    for seed in (3, 3, 4):
        np.random.random(5)
        torch.rand(2)
        network, _ = fit_network(*parts, FitSettings(epochs=2, batch=8, seed=seed))
        found.append(network.get_weights())
    assert all((one == other).all() for one, other in zip(found[0], found[1], strict=True))
    assert any((one != other).any() for one, other in zip(found[0], found[2], strict=True))


def test_a_person_is_trained_on_or_held_out_never_both(tmp_path):
    from PIL import Image

    for emotion in ("calm", "anger"):
        (tmp_path / emotion).mkdir()
        for person in range(5):
            for take in range(2):
                file = tmp_path / emotion / f"p{person}_{take}.png"
                Image.new("RGB", (64, 64), (person * 40, 0, 0)).save(file)
    labelled = FaceFolder(str(tmp_path)).load_faces()
    assert labelled.faces.shape == (20, INPUT_PX, INPUT_PX, 1)
    levels = labelled.faces[:, 0, 0, 0]
    assert not set(levels[labelled.held_out]) & set(levels[~labelled.held_out])
    assert labelled.held_out.sum() == 4


def test_a_folder_without_emotions_is_one_clear_error(tmp_path):
    with pytest.raises(ValueError, match="two emotions"):
        FaceFolder(str(tmp_path)).load_faces()
