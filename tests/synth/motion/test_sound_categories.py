"""What a film that a sound leads turns to: emotions, people, classes."""

from dataclasses import replace

import pytest
import torch
from sound_motion_samples import (
    EMOTIONS,
    ROWS,
    SCENE,
    STILL,
    W_DIM,
    FlatGenerator,
    ThingGenerator,
    find_times,
)

from synth import Face, SoundMotion
from synth.motion.sound.categories import CastSettings


def test_people_begin_with_the_films_own_face(steps, face):
    path, _ = steps
    cast = CastSettings(kind="people", seed=40)  # the film's face is of seed 5
    plan = SoundMotion(str(path), cast=cast, drive=STILL).plan(face, SCENE)
    rows = plan.path(torch.from_numpy(find_times(plan)))
    torch.testing.assert_close(rows[0], face.rows)
    torch.testing.assert_close(rows[2], Face.random(FlatGenerator(), 41).rows)
    again = SoundMotion(str(path), cast=replace(cast, seed=4), drive=STILL).plan(face, SCENE)
    assert [m.label for m in again.moments][:3] == ["seed 5", "seed 4", "seed 6"]
    given = SoundMotion(str(path), cast=replace(cast, categories=[7, "12"]), drive=STILL)
    plan = given.plan(face, SCENE)
    assert [m.label for m in plan.moments][:3] == ["seed 7", "seed 12", "seed 40"]
    torch.testing.assert_close(plan.path(torch.zeros(1))[0], Face.random(FlatGenerator(), 7).rows)


def test_emotions_of_another_person_at_each_turn(steps, face):
    path, _ = steps
    cast = replace(EMOTIONS, categories=["calm"] * 6, new_z=True, seed=3)
    plan = SoundMotion(str(path), cast=cast, drive=STILL).plan(face, SCENE)
    rows = plan.path(torch.from_numpy(find_times(plan)))
    torch.testing.assert_close(rows[0], face.rows)
    torch.testing.assert_close(rows[1], Face.random(FlatGenerator(), 3).rows)


def test_classes_of_a_conditional_generator(steps):
    path, _ = steps
    generator = ThingGenerator()
    face = Face(torch.zeros(ROWS, W_DIM), generator, seed=9)
    cast = CastSettings(kind="classes", categories=["dog", 2])
    plan = SoundMotion(str(path), cast=cast, drive=STILL).plan(face, SCENE)
    labels = [moment.label for moment in plan.moments]
    assert labels[:2] == ["dog", "tree"] and set(labels) <= {"cat", "dog", "tree"}
    rows = plan.path(torch.from_numpy(find_times(plan)))
    for row, label in zip(rows, labels, strict=True):
        assert row[0, :3].argmax() == ("cat", "dog", "tree").index(label)
    assert not torch.allclose(rows[0, 1], rows[1, 1]), "another z at each turn, as in the paper"
    same = SoundMotion(str(path), cast=replace(cast, new_z=False), drive=STILL).plan(face, SCENE)
    rows = same.path(torch.from_numpy(find_times(same)))
    torch.testing.assert_close(rows[0, 1], rows[1, 1])


@pytest.mark.parametrize(
    ("cast", "message"),
    [
        ({"kind": "classes", "categories": ["horse"]}, "got 'horse'"),
        ({"kind": "classes", "categories": [3]}, "number from 0 to 2; got '3'"),
    ],
)
def test_an_unknown_class_is_refused(cast, message, steps):
    face = Face(torch.zeros(ROWS, W_DIM), ThingGenerator())
    with pytest.raises(ValueError, match=message):
        SoundMotion(str(steps[0]), cast=CastSettings(**cast)).plan(face, SCENE)
