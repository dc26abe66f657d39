import importlib.util

import cv2
import dlib
import numpy as np
import pytest
import torch

from embed.networks.dlib_resnet import load_face_resnet
from embed.networks.identity import DlibFaceEncoder
from synth.faces.observers import (
    FaceEncoder,
    FaceObserver,
)
from synth.scores.acd import (
    compute_acd,
)
from synth.storage.assets import find_package_file

if importlib.util.find_spec("face_recognition_models") is None:
    pytest.skip("needs the package face-recognition-models", allow_module_level=True)

RESNET = "models/dlib_face_recognition_resnet_model_v1.dat"


@pytest.fixture(scope="module")
def encoder() -> DlibFaceEncoder:
    return DlibFaceEncoder()


@pytest.fixture(scope="module")
def portrait(shared_assets) -> np.ndarray:
    """A real face, aligned [256, 256, 3]."""
    return np.load(shared_assets / "reference" / "ffhq_align_expected.npz")["astronaut_crop_256"]


def test_network_gives_dlibs_own_numbers():
    path = find_package_file("face_recognition_models", RESNET)
    rng = np.random.default_rng(0)
    smooth = cv2.resize(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8), (150, 150))
    chips = np.stack([smooth, rng.integers(0, 256, (150, 150, 3), dtype=np.uint8)])
    reference = dlib.face_recognition_model_v1(str(path))
    expected = [np.array(reference.compute_face_descriptor(chip)) for chip in chips]
    with torch.inference_mode():
        network = load_face_resnet(path)
        found = network(torch.from_numpy(chips).permute(0, 3, 1, 2).float()).numpy()
    assert np.abs(found - np.stack(expected)).max() < 1e-5


def test_a_cut_or_foreign_file_is_named(tmp_path):
    data = find_package_file("face_recognition_models", RESNET).read_bytes()
    for name, content in (("cut.dat", data[:100_000]), ("empty.dat", b""), ("text.dat", b"hello")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=name):
            load_face_resnet(tmp_path / name)


def test_whole_way_agrees_with_dlib(encoder, portrait):
    """Box, points and descriptor by dlib alone, without the detour over 320 pixels."""
    models = find_package_file("face_recognition_models", RESNET).parent
    box = dlib.get_frontal_face_detector()(np.ascontiguousarray(portrait), 0)[0]
    points = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
    reference = dlib.face_recognition_model_v1(str(models / RESNET.split("/")[1]))
    image = np.ascontiguousarray(portrait)
    expected = np.array(reference.compute_face_descriptor(image, points(image, box)))
    assert np.abs(encoder.encode(portrait[None])[0] - expected).max() < 1e-5


def test_protocols_and_lazy_construction(encoder):
    assert isinstance(encoder, FaceEncoder) and isinstance(encoder, FaceObserver)
    assert not set(vars(DlibFaceEncoder())) - {"_device"}


def test_a_still_clip_scores_exactly_zero(encoder, portrait):
    for count in (2, 11):
        result = compute_acd(encoder.encode(np.repeat(portrait[None], count, axis=0)), "dlib")
        assert (result.consecutive, result.pairwise) == (0.0, 0.0)


def test_equal_frames_give_equal_rows_wherever_they_stand(encoder, portrait):
    other = np.ascontiguousarray(portrait[:, ::-1])
    black = np.zeros_like(portrait)
    mixed = [portrait, other, black, portrait, *[other] * 7, portrait, other]
    rows = encoder.encode(np.stack(mixed))
    assert np.isnan(rows[2]).all() and np.isfinite(np.delete(rows, 2, axis=0)).all()
    for k in (3, 11):
        assert np.abs(rows[k] - rows[0]).max() < 1e-6
    alone = encoder.encode(other[None])
    assert np.abs(rows[-1] - alone[0]).max() < 1e-6


def test_the_same_person_stays_near_and_size_hardly_matters(encoder, portrait):
    brighter = np.clip(portrait * 1.15, 0, 255).astype(np.uint8)
    reference = encoder.encode(portrait[None])[0]
    assert np.linalg.norm(encoder.encode(brighter[None])[0] - reference) < 0.3
    large = cv2.resize(portrait, (1024, 1024), interpolation=cv2.INTER_CUBIC)
    assert np.linalg.norm(encoder.encode(large[None])[0] - reference) < 0.3


def test_landmarks_lie_where_the_reference_has_them(encoder, portrait):
    found = encoder.observe(portrait[None]).landmarks[0]
    image = np.ascontiguousarray(portrait)
    box = dlib.get_frontal_face_detector()(image, 0)[0]
    path = find_package_file(
        "face_recognition_models", "models/shape_predictor_68_face_landmarks.dat"
    )
    shape = dlib.shape_predictor(str(path))(image, box)
    assert np.array_equal(found, [(p.x, p.y) for p in shape.parts()])
    large = cv2.resize(portrait, (768, 768), interpolation=cv2.INTER_CUBIC)
    assert np.abs(encoder.observe(large[None]).landmarks[0] / 3 - found).mean() < 2


def test_small_faces_are_found_on_the_second_try_and_the_largest_counts(encoder, portrait):
    canvas = np.full((256, 320, 3), 128, np.uint8)
    canvas[60:188, 10:138] = cv2.resize(portrait, (128, 128), interpolation=cv2.INTER_AREA)
    points = encoder.observe(canvas[None]).landmarks[0]
    assert np.isfinite(points).all()
    canvas = np.full((256, 420, 3), 128, np.uint8)
    canvas[:160, :160] = cv2.resize(portrait, (160, 160), interpolation=cv2.INTER_AREA)
    canvas[:, 164:] = portrait
    assert encoder.observe(canvas[None]).landmarks[0, 30, 0] > 200


def test_no_frames_and_no_faces(encoder):
    assert encoder.encode(np.zeros((0, 64, 64, 3), np.uint8)).shape == (0, 128)
    rows = encoder.observe(np.zeros((3, 64, 48, 3), np.uint8))
    assert np.isnan(rows.embeddings).all() and np.isnan(rows.landmarks).all()


def test_other_work_keeps_its_threads(encoder, portrait):
    before = torch.get_num_threads()
    encoder.encode(portrait[None])
    assert torch.get_num_threads() == before
