"""Footage as a motion: classes, pace, sound, kinds of generators."""

from dataclasses import replace

import av
import numpy as np
import pytest
import torch
from footage_clips import SceneClassifier, draw_still
from footage_motion_samples import SMALL, WHOLE, Faces, make_network, read
from footage_samples import write_clip

from synth.emotions import Emotion
from synth.faces.face import Face, RandomFace
from synth.film.film import make_film
from synth.film.settings import FilmSettings, RenderSettings
from synth.generators import fix_classes, load_generator
from synth.generators.bounded_normal import extend_normal
from synth.generators.stylegan2 import StyleGAN2
from synth.motion.base import Scene
from synth.motion.footage.classes import (
    Labels,
    join_labels,
)
from synth.motion.footage.latents import LatentSettings, make_latents
from synth.motion.footage.motion import ActingSettings, FootageMotion
from synth.motion.paths import count_frames
from synth.video.reading import read_frames


def test_a_biggan_draws_the_classes_of_the_clip(clips):
    network = make_network()
    motion = FootageMotion(str(clips["cut"]), things=SceneClassifier(1000))
    face = Face.random(network, seed=1)  # of a class that the seed draws: none was given
    plan = motion.plan(face, Scene(25))
    assert count_frames(plan.path, 25) == 60
    rows = plan.path(torch.arange(60) / 25)
    embeddings = network.mapping.embeddings.weight.T
    torch.testing.assert_close(rows[:25, 0, 12:18], embeddings[[0]].expand(25, -1))
    torch.testing.assert_close(rows[25:, 0, 12:18], embeddings[[1]].expand(35, -1))
    moves = rows.diff(dim=0).abs().amax((1, 2))
    assert moves[24] > 0.1 and moves[torch.arange(59) != 24].max() < 1e-5
    # z arrives as the latents have it, times psi.
    z = make_latents(read(clips["cut"]), 12, LatentSettings())(np.array([0, 59]))
    torch.testing.assert_close(
        rows[[0, 59], 0, :12], 0.7 * torch.from_numpy(z).float(), atol=1e-4, rtol=0
    )
    names = network.capabilities.class_names
    assert {moment.label for moment in plan.moments} == {names[0], names[1]}
    assert [entry["class"] for entry in plan.record["footage"]["seen"]] == [names[0], names[1]]


def test_a_shot_of_two_things_is_half_of_each(tmp_path):
    path = write_clip(tmp_path / "slow.mp4", draw_still(0, 20))
    network = make_network()

    class Halves(SceneClassifier):
        def classify(self, pictures):
            self.seen += len(pictures)
            numbers = np.arange(self.seen - len(pictures), self.seen) // 10
            return np.eye(1000, dtype=np.float32)[[207, 269]][numbers]

    plan = FootageMotion(str(path), things=Halves(1000)).plan(Face.random(network), Scene(25))
    shares = plan.path.curve(np.array([0.4]), np.array([0]))[0]
    assert shares[207] == shares[269] == 0.5 and shares.sum() == 1


def test_pace_is_kept_at_other_frame_rates_and_over_cuts(clips):
    network = make_network()
    motion = FootageMotion(str(clips["cut"]), things=SceneClassifier(1000))
    for fps, frames in ((25, 60), (30, 72), (8, 19)):
        plan = motion.plan(Face.random(network), Scene(fps))
        assert count_frames(plan.path, fps) == frames
        rows = plan.path(torch.arange(frames, dtype=torch.float64) / fps)
        assert len(rows.unique(dim=0)) == 2, "a cut is never half way between two shots"


def test_any_times_can_be_asked_for_in_any_order(clips):
    plan = FootageMotion(
        str(clips["pan"]), latents=LatentSettings("noise"), things=SceneClassifier(1000)
    ).plan(Face.random(make_network()), Scene(30))
    times_s = torch.arange(48, dtype=torch.float64) / 30
    whole = plan.path(times_s)
    torch.testing.assert_close(plan.path(times_s[[40, 3]]), whole[[40, 3]])
    assert torch.equal(plan.path(torch.tensor([99.0])), plan.path(times_s[-1:]))


def test_a_generator_of_emotions_takes_them_as_classes(clips, shared_assets, monkeypatch, tmp_path):
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path))
    generator = load_generator(shared_assets / "reference" / "stylegan2_classes.pkl")
    seen = Faces((0.0, 0, 2, 1.0), (1.0, 1, 5, 1.0))
    plan = FootageMotion(str(clips["cut"]), emotions=seen).plan(Face.random(generator), Scene(25))
    z = make_latents(read(clips["cut"], generator.z_dim), generator.z_dim, LatentSettings())
    normal = extend_normal(torch.from_numpy(z(np.array([3, 40])))).float()
    expected = generator.mapping(normal, torch.eye(7)[[2, 5]], truncation_psi=0.7)
    found = plan.path(torch.tensor([3 / 25, 40 / 25], dtype=torch.float64))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_named_emotions_are_found_in_any_order(clips):
    names = tuple(emotion.label for emotion in reversed(Emotion))
    network = make_network(StyleGAN2, replace(SMALL, c_dim=7, class_names=names))
    plan = FootageMotion(str(clips["still"]), emotions=Faces((0.0, 0, 1, 1.0))).plan(
        Face.random(network), Scene(25)
    )
    angry = fix_classes(network, {"anger": 1})
    z = make_latents(read(clips["still"]), 12, LatentSettings())(np.array([0]))
    expected = angry.mapping(extend_normal(torch.from_numpy(z)).float(), truncation_psi=0.7)
    torch.testing.assert_close(plan.path(torch.zeros(1, dtype=torch.float64)), expected)


def test_a_face_acts_by_directions_and_is_led_away(clips, acting):
    network, directions, path = acting
    settings = ActingSettings(directions=path, mask=WHOLE, away=0.25)
    seen = Faces((0.0, 0, 2, 0.5), (1.0, 1, 6, 1.0))
    motion = FootageMotion(str(clips["cut"]), acting=settings, emotions=seen)
    face = Face.random(network, 3)
    found = motion.plan(face, Scene(25)).path(torch.tensor([0.4, 2.0], dtype=torch.float64))
    z = make_latents(read(clips["cut"]), 12, LatentSettings())(np.array([10, 50]))
    led = network.mapping(extend_normal(torch.from_numpy(z)).float(), truncation_psi=0.7)
    expected = face.rows + 0.25 * (led - face.rows)
    expected[0] += 0.5 * 2.0 * directions[Emotion.HAPPINESS].vector
    expected[1] += 2.0 * directions[Emotion.SADNESS].vector
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    # At 0 the face stays, and only its emotion changes.
    stays = replace(motion, acting=replace(settings, away=0))
    rows = stays.plan(face, Scene(25)).path(torch.tensor([0.4], dtype=torch.float64))
    torch.testing.assert_close(rows[0], face.rows + directions[Emotion.HAPPINESS].vector)


def test_a_generator_without_classes_and_directions_follows_the_pace(clips):
    network, notes = make_network(StyleGAN2, SMALL), []
    scene = Scene(25, report=lambda progress: notes.append(str(progress)))
    plan = FootageMotion(str(clips["cut"])).plan(Face.random(network), scene)
    assert plan.path.curve is None and any("only the latent follows" in note for note in notes)
    rows = plan.path(torch.tensor([0.5, 1.5], dtype=torch.float64))
    assert (rows[0] - rows[1]).abs().max() > 0.01
    assert [moment.time_s for moment in plan.moments] == sorted(m.time_s for m in plan.moments)


def test_shots_without_a_face_are_calm_and_told(clips, acting):
    network, _, path = acting
    notes = []
    scene = Scene(25, report=lambda progress: notes.append(str(progress)))
    settings = ActingSettings(directions=path, mask=WHOLE, away=0)
    motion = FootageMotion(str(clips["cut"]), acting=settings, emotions=Faces((0.2, 0, 3, 1.0)))
    face = Face.random(network)
    rows = motion.plan(face, scene).path(torch.tensor([2.0], dtype=torch.float64))
    torch.testing.assert_close(rows[0], face.rows)
    assert "footage: no face in 1 of 2 shots: calm there" in notes
    with pytest.raises(ValueError, match=r"cut\.mp4: needs a face somewhere.*told found none"):
        replace(motion, emotions=Faces()).plan(face, scene)


# Sound and wrong input


def test_the_sound_is_the_clips_own_where_it_has_one(clips):
    network, scene = make_network(), Scene(25)
    face = Face.random(network)
    things = SceneClassifier(1000)
    heard = FootageMotion(str(clips["heard"]), things=things)
    assert heard.plan(face, scene).sound == clips["heard"]
    assert replace(heard, sound=False).plan(face, scene).sound is None
    assert replace(heard, path=str(clips["cut"])).plan(face, scene).sound is None


@pytest.mark.filterwarnings("ignore:.*has no faster form")
def test_the_film_maker_takes_it_as_any_motion(clips, tmp_path):
    motion = FootageMotion(str(clips["heard"]), things=SceneClassifier(1000))
    quick = RenderSettings(precision="fp32", compile="off")
    film = make_film(
        make_network(), RandomFace(2), motion, FilmSettings(fps=25, render=quick), tmp_path / "film"
    )
    assert film.facts.frame_count == 60
    with av.open(str(film.video)) as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], 1)
        assert sound.shape[1] / container.streams.audio[0].rate == pytest.approx(2.4, abs=0.05)
    assert np.abs(sound).max() > 0.1
    frames = np.concatenate(list(read_frames(film.video))).astype(int)
    moves = np.abs(np.diff(frames, axis=0)).mean((1, 2, 3))
    assert moves.argmax() == 24 and moves[24] > 5 * np.delete(moves, 24).max()


def test_an_hour_holds_a_few_bytes_a_frame(clips):
    clip, frames = read(clips["cut"], 512), 3600 * 25
    per_frame = sum(x.nbytes for x in (clip.points, clip.times_s, clip.shots, clip.steps)) / 60
    assert per_frame * frames < 49e6
    labels = Labels(np.zeros(60, np.int64), np.ones(60), 1000)
    curve = join_labels(clip, labels, 20)
    assert len(curve.shares) == 4 and curve.shares.nbytes / 4 * frames / 20 <= 18e6
