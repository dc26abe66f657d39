"""The parameters of the drawn people, which the generator that ships has learned."""

import numpy as np
import pytest

from synth.generators import bundled_parameters as p
from synth.generators.bundled_appearance import APPEARANCE


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    z = np.random.default_rng(0).normal(size=(20000, p.Z_DIM))
    return p.map_latents_to_parameters(z)


def test_target_latents_have_unit_rms_and_zero_mean(vectors):
    target = p.make_target_latents(vectors)
    assert np.sqrt(np.square(target).mean()) == pytest.approx(1, abs=0.02)
    assert np.abs(target.mean(0)).max() < 0.15


def test_embedding_is_orthonormal_and_pose_stays_in_the_first_half():
    embedding = p.make_embedding()
    assert np.allclose(embedding.T @ embedding, np.eye(p.NUM_PARAMETERS), atol=1e-5)
    pose = [p.APPEARANCE_START + p.APPEARANCE_NAMES.index(name) for name in p.POSE_NAMES]
    assert np.abs(embedding[256:, pose]).max() < 1e-6


def test_every_parameter_is_a_line_in_w(vectors):
    low, high = vectors[0].copy(), vectors[0].copy()
    index = p.EMOTION_SLICE.start + p.EMOTIONS.index("fear")
    low[index], high[index] = 0.0, 1.0
    middle = (low + high) / 2
    a, b, m = p.make_target_latents(np.stack([low, high, middle]))
    assert np.allclose((a + b) / 2, m, atol=1e-5)


def test_emotions_are_shares_and_calm_is_common(vectors):
    emotions = vectors[:, p.EMOTION_SLICE]
    assert emotions.min() >= 0
    assert emotions.sum(1).max() <= 1 + 1e-5
    assert 0.2 < (emotions.sum(1) < 0.1).mean() < 0.4


def test_small_steps_in_z_are_small_steps_in_parameters():
    random = np.random.default_rng(1)
    z = random.normal(size=(200, p.Z_DIM))
    step = 1e-4 * random.normal(size=z.shape)
    change = p.map_latents_to_parameters(z + step) - p.map_latents_to_parameters(z)
    assert np.abs(change).max() < 5e-3


def test_vector_round_trip_and_single_emotion(vectors):
    face = p.FaceParameters.from_vector(vectors[3])
    assert np.array_equal(face.to_vector(), vectors[3])
    angry = face.with_emotion("anger", 0.5)
    assert angry.emotions[p.EMOTIONS.index("anger")] == 0.5
    assert angry.emotions.sum() == 0.5
    assert angry["melanin"] == face["melanin"]
    assert angry["blink"] == 0


def test_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="512"):
        p.map_latents_to_parameters(np.zeros((2, 64)))


def test_truncated_parameters_are_truncated_latents_with_the_same_emotions(vectors):
    psi = np.linspace(0, 1, len(vectors), dtype=np.float32)
    truncated = p.truncate_parameters(vectors, psi)
    calm, calm_truncated = vectors.copy(), truncated.copy()
    assert np.array_equal(calm[:, p.EMOTION_SLICE], calm_truncated[:, p.EMOTION_SLICE])
    for part in (calm, calm_truncated):
        part[:, p.EMOTION_SLICE] = 0.08
    want = psi[:, None] * p.make_target_latents(calm)
    assert np.allclose(p.make_target_latents(calm_truncated), want, atol=1e-4)


def test_beards_are_for_men_and_items_for_few():
    z = np.random.default_rng(2).normal(size=(20000, p.Z_DIM))
    rows = p.map_latents_to_parameters(z)
    column = {
        name: rows[:, p.APPEARANCE_START + p.APPEARANCE_NAMES.index(name)]
        for name in p.APPEARANCE_NAMES
    }
    woman = column["femininity"] > 0.5
    assert column["beard"][woman].mean() < 0.3 * column["beard"][~woman].mean()
    for name in ("hat", "glasses", "bun", "dye"):
        assert 0.05 < (column[name] > 0).mean() < 0.25, name


def test_centre_is_the_mean_of_random_people():
    z = np.random.default_rng(4).normal(size=(20000, p.Z_DIM))
    rows = p.map_latents_to_parameters(z)
    centre = p.truncate_parameters(rows[:1], np.zeros(1))[0]
    rest = np.ones(p.NUM_PARAMETERS, bool)
    rest[p.EMOTION_SLICE] = False
    assert np.abs(rows.mean(0) - centre)[rest].max() < 0.03


def test_spread_scales_what_is_normal():
    z = np.random.default_rng(5).normal(size=(20000, p.Z_DIM))
    rows = p.map_latents_to_parameters(z)
    for name in ("yaw", "parting", "warmth"):
        column = rows[:, p.APPEARANCE_START + p.APPEARANCE_NAMES.index(name)]
        assert column.std() == pytest.approx(APPEARANCE[name][2], rel=0.05), name


def test_light_set_ups_are_shares():
    z = np.random.default_rng(3).normal(size=(500, p.Z_DIM))
    rows = p.map_latents_to_parameters(z)
    names = [p.APPEARANCE_NAMES.index(name) for name in p.SHARE_NAMES]
    shares = rows[:, [p.APPEARANCE_START + name for name in names]]
    assert shares.min() >= 0
    assert shares.sum(1).max() <= 1 + 1e-6
