"""Keyframes: intensity times coefficient times unit direction, on open rows and nowhere else."""

import pytest
import torch

from synth.emotions import Emotion
from synth.motion.directions import Direction
from synth.motion.emotion_track import parse_track
from synth.motion.keyframes import Keyframes, make_emotion_keyframes, make_walk_keyframes
from synth.motion.masks import MASKS, LayerMask

LAYERS, W_DIM = 10, 12


def make_directions(seed=0, coefficient=8.0):
    random = torch.Generator().manual_seed(seed)
    return {
        emotion: Direction.from_vector(
            torch.randn(LAYERS, W_DIM, generator=random), coefficient + emotion
        )
        for emotion in Emotion
        if emotion is not Emotion.CALM
    }


@pytest.fixture
def face():
    return torch.randn(LAYERS, W_DIM, generator=torch.Generator().manual_seed(99))


def test_a_keyframe_is_face_plus_intensity_times_coefficient_times_unit_direction(face):
    directions = make_directions()
    track = parse_track([{"emotion": "fear", "intensity": 0.7}, "anger"])
    keyframes = make_emotion_keyframes(face, track, directions, MASKS["none"])
    for k, (emotion, intensity) in enumerate([(Emotion.FEAR, 0.7), (Emotion.ANGER, 1.0)]):
        offset = keyframes.w_plus[k] - face
        assert torch.linalg.vector_norm(offset) == pytest.approx(
            intensity * directions[emotion].coefficient, rel=1e-5
        )
        torch.testing.assert_close(
            offset, intensity * directions[emotion].coefficient * directions[emotion].vector
        )
    assert keyframes.labels == ("fear", "anger")


@pytest.mark.parametrize("item", ["calm", {"emotion": "anger", "intensity": 0}])
def test_calm_and_intensity_zero_are_the_face_itself(face, item):
    keyframes = make_emotion_keyframes(face, parse_track([item]), make_directions())
    assert torch.equal(keyframes.w_plus[0], face)


@pytest.mark.parametrize(
    ("mask", "rows", "dims"),
    [
        (MASKS["emotion"], slice(0, 8), W_DIM),
        (LayerMask(layer_stop=5, dim_stop=4), slice(0, 5), 4),
        (LayerMask(layer_start=2, layer_stop=4), slice(2, 4), W_DIM),
        (MASKS["none"], slice(0, LAYERS), W_DIM),
        (LayerMask(layer_start=3, layer_stop=None), slice(3, LAYERS), W_DIM),
    ],
)
def test_masked_numbers_are_untouched_and_open_ones_move(face, mask, rows, dims):
    keyframes = make_emotion_keyframes(face, parse_track(["anger"]), make_directions(), mask)
    moved = keyframes.w_plus[0] != face
    assert moved[rows, :dims].all()
    assert moved.sum() == moved[rows, :dims].numel()


def test_pose_preset_is_that_of_the_thesis():
    change = torch.ones(18, 512)
    assert MASKS["pose"].apply(change).sum() == 5 * 256
    assert MASKS["emotion"].apply(change).sum() == 8 * 512
    assert torch.equal(MASKS["none"].apply(change), change)


def test_times_holds_easings_and_loop_reach_the_keyframes(face):
    track = parse_track(
        ["calm", {"emotion": "anger", "time": 2.0, "hold": 0.5, "easing": "cubic"}],
        loop=True,
        closing=0.8,
        easing="smoothstep",
    )
    keyframes = make_emotion_keyframes(face, track, make_directions())
    assert keyframes.times_s == (0.0, 2.0)
    assert keyframes.holds_s == (0.0, 0.5)
    assert keyframes.easings == ("smoothstep", "cubic")
    assert keyframes.closing_s == 0.8
    assert keyframes.duration_s == pytest.approx(track.duration_s) == pytest.approx(3.3)


@pytest.mark.parametrize(
    "mask", [LayerMask(layer_stop=LAYERS + 1), LayerMask(layer_start=LAYERS, layer_stop=None)]
)
@pytest.mark.parametrize("emotion", ["calm", "anger"])
def test_a_mask_beyond_the_rows_is_refused(face, mask, emotion):
    with pytest.raises(ValueError, match="mask within the 10 rows of this W\\+; got rows up to 11"):
        make_emotion_keyframes(face, parse_track([emotion]), make_directions(), mask)


def test_a_mask_beyond_the_dimensions_is_refused(face):
    with pytest.raises(ValueError, match="within the 12 dimensions of this W\\+; got 256"):
        make_emotion_keyframes(face, parse_track(["anger"]), make_directions(), MASKS["pose"])


@pytest.mark.parametrize(
    "fields",
    [{"layer_stop": 0}, {"layer_start": -1}, {"layer_start": 3, "layer_stop": 3}, {"dim_stop": 0}],
)
def test_a_mask_that_opens_nothing_is_refused(fields):
    with pytest.raises(ValueError, match="needs"):
        LayerMask(**fields)


def test_missing_directions_are_named(face):
    directions = make_directions()
    del directions[Emotion.FEAR], directions[Emotion.SADNESS]
    with pytest.raises(ValueError, match="needs a direction for fear, sadness; got directions for"):
        make_emotion_keyframes(face, parse_track(["fear", "sadness", "anger"]), directions)
    make_emotion_keyframes(face, parse_track(["calm", "anger"]), directions)


def test_a_direction_of_another_shape_is_refused(face):
    with pytest.raises(ValueError, match=r"face's shape \(9, 12\); got \(10, 12\)"):
        make_emotion_keyframes(face[1:], parse_track(["anger"]), make_directions())


def test_directions_are_unit_vectors_with_a_positive_coefficient():
    vector = torch.full((2, 3), 5.0)
    assert torch.linalg.vector_norm(Direction.from_vector(vector).vector) == pytest.approx(1)
    with pytest.raises(ValueError, match="norm 1; got norm 12"):
        Direction(vector)
    for bad in (torch.zeros(2, 3), torch.full((2, 3), float("nan"))):
        with pytest.raises(ValueError, match="not zero; got norm"):
            Direction.from_vector(bad)
    for coefficient in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="coefficient above 0"):
            Direction.from_vector(vector, coefficient)


def test_a_walk_visits_faces_in_turn_and_returns():
    faces = torch.randn(3, LAYERS, W_DIM)
    keyframes = make_walk_keyframes(faces, ["a", "b", "c"], gap_s=0.5, hold_s=0.25)
    assert torch.equal(keyframes.w_plus, faces)
    assert keyframes.times_s == (0.0, 0.75, 1.5)
    assert keyframes.duration_s == 2.25
    with pytest.raises(ValueError, match="at least 2 faces for a walk; got 1"):
        make_walk_keyframes(faces[:1], ["a"], gap_s=0.5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"w_plus": torch.full((2, 3, 4), float("nan"))}, "needs finite W\\+"),
        ({"times_s": (1.0, 0.5)}, "needs keyframe 1 \\(b\\) to begin after the one before"),
        ({"holds_s": (2.0, 0.0)}, "to begin after"),
        ({"times_s": (-1.0, 0.5)}, "needs a keyframe time or hold of 0 s or more"),
        ({"labels": ("a",)}, "needs a time, hold, label and easing for each keyframe"),
        ({"closing_s": 0.0}, "closing time above 0"),
    ],
)
def test_keyframes_that_cannot_be_are_refused(changes, message):
    fields = {
        "w_plus": torch.zeros(2, 3, 4),
        "times_s": (0.0, 1.0),
        "holds_s": (0.0, 0.0),
        "labels": ("a", "b"),
        "easings": (None, None),
    }
    Keyframes(**fields)
    with pytest.raises(ValueError, match=message):
        Keyframes(**(fields | changes))
