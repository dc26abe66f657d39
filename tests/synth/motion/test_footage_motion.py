"""Footage as a motion: length, sound, stillness, cuts, windows, kinds of generators, errors."""

from dataclasses import replace

import av
import numpy as np
import pytest
import torch
from footage_clips import SCENES, SceneClassifier, draw_pan, draw_still
from footage_samples import write_clip

from synth.emotions import Emotion
from synth.faces.face import Face, RandomFace
from synth.film.film import make_film
from synth.film.settings import FilmSettings, RenderSettings
from synth.generators import fix_classes, load_generator
from synth.generators.biggan.biggan import BigGAN
from synth.generators.biggan.config import BigGANConfig
from synth.generators.bounded_normal import extend_normal, truncate_normal
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.motion.base import Scene
from synth.motion.direction_sets import DirectionSet, load_directions_for, save_directions
from synth.motion.directions import Direction
from synth.motion.footage.classes import (
    Labels,
    SeenEmotions,
    Voter,
    join_labels,
    label_emotions,
)
from synth.motion.footage.clip import Clip, read_clip, sample_points
from synth.motion.footage.latents import LatentSettings, draw_start, make_latents
from synth.motion.footage.motion import ActingSettings, ClassSettings, FootageMotion
from synth.motion.masks import LayerMask
from synth.motion.paths import count_frames
from synth.progress import ignore_progress
from synth.video.reading import read_frames

SMALL_BIGGAN = BigGANConfig(
    channels=(32, 16, 8), c_dim=1000, z_dim=12, embedding_dim=6, attention=None, statistics=3,
    vocabulary="imagenet", class_names=tuple(f"thing {k}" for k in range(1000)),
)  # fmt: skip
SMALL = StyleGAN2Config(
    resolution=8, z_dim=12, w_dim=6, mapping_layers=2, channel_base=64, channel_max=8
)
KINDS = ("frame", "noise", "sin")
WHOLE = LayerMask(layer_stop=None)


def make_network(kind=BigGAN, config=SMALL_BIGGAN):
    torch.manual_seed(0)
    return kind(config, name="small").eval().requires_grad_(False)


def read(path, points=12):
    return read_clip(path, points, [], ignore_progress)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """still: one scene; cut: two still ones; pan: a camera that stops; each 25 a second."""
    folder = tmp_path_factory.mktemp("clips")
    frames = {
        "still": draw_still(0, 30),
        "cut": draw_still(0, 25) + draw_still(1, 35),
        "pan": draw_pan(0, 20, 2) + [draw_pan(0, 20, 2)[-1]] * 20,
    }
    paths = {name: write_clip(folder / f"{name}.mp4", some) for name, some in frames.items()}
    paths["heard"] = write_clip(folder / "heard.mp4", frames["cut"], audio_s=2.4)
    return paths


class Faces:
    """An EmotionReader that says what it was told."""

    name = "told"

    def __init__(self, *seen):
        self.seen = seen

    def read_emotions(self, path, report):
        columns = list(zip(*self.seen, strict=True)) if self.seen else [(), (), (), ()]
        kinds = (float, np.int64, np.int64, float)
        return SeenEmotions(*(np.array(c, k) for c, k in zip(columns, kinds, strict=True)))


# What is read out of a clip


def test_a_clip_is_read_to_a_frame_with_its_cut(clips):
    clip = read(clips["cut"])
    assert clip.points.shape == (60, 12) and clip.duration_s == pytest.approx(2.4)
    assert clip.shots.tolist() == [0] * 25 + [1] * 35
    assert [(shot.start, shot.stop) for shot in clip.list_shots()] == [(0, 25), (25, 60)]
    assert clip.steps[-1] == 0, "a cut is no movement"
    moving = read(clips["pan"])
    assert (np.diff(moving.steps[:20]) > 0).all() and (np.diff(moving.steps[21:]) == 0).all()


def test_a_picture_has_a_point_for_each_number_and_no_grain():
    flat = np.full((90, 160, 3), 200, np.uint8)
    flat[:, :80] = 40
    for count in (1, 12, 128, 140, 512):
        points = sample_points(flat, count)
        assert points.shape == (count,)
        assert count == 1 or set(points.tolist()) >= {40, 200}
    grain = np.random.default_rng(0).normal(128, 20, (480, 640, 1)).clip(0, 255).astype(np.uint8)
    assert sample_points(grain.repeat(3, 2), 140).std() < 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_still_scene_stays_still_and_a_cut_jumps(clips, kind):
    clip = read(clips["cut"])
    z = make_latents(clip, 12, LatentSettings(kind=kind))(np.arange(60))
    assert np.abs(z).max() <= 2
    moves = np.abs(np.diff(z, axis=0)).max(1)
    assert moves[24] > 0.5
    assert np.delete(moves, 24).max() < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_the_latent_moves_while_the_camera_does(clips, kind):
    clip = read(clips["pan"])
    latents = make_latents(clip, 12, LatentSettings(kind=kind, smoothing_s=0))
    moves = np.abs(np.diff(latents(np.arange(40)), axis=0)).max(1)
    assert (moves[:18] > 1e-3).mean() > 0.9 and moves[21:].max() < 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_any_frame_can_be_asked_for_alone(kind):
    random = np.random.default_rng(0)
    steps = np.cumsum(random.uniform(0, 1, 600))
    shots = np.repeat([0, 1], 300)
    points = random.integers(0, 255, (600, 5)).astype(np.uint8)
    clip = Clip(np.arange(600) / 25, shots, points, steps, 24.0)
    latents = make_latents(clip, 5, LatentSettings(kind=kind))
    whole = latents(np.arange(600))
    for frames in ([599], [255, 256, 257], [301, 3]):
        np.testing.assert_allclose(latents(np.array(frames)), whole[frames], atol=1e-12)


def test_noise_is_multiplied_step_by_step_and_turns_back_at_two():
    """Brute force, with a step of movement in each frame: z' = z u (1 + v), or z / (u (1 + v))."""
    count, z_dim = 700, 6
    clip = Clip(
        np.arange(count) / 25,
        np.zeros(count, np.int64),
        np.zeros((count, z_dim), np.uint8),
        np.arange(count, dtype=float),
        28.0,
    )
    settings = LatentSettings(kind="noise", seed=3)
    found = make_latents(clip, z_dim, settings)(np.arange(count))
    z, ways = draw_start(3, 0, z_dim)
    np.testing.assert_allclose(found[0], np.sign(z) * np.abs(z).clip(0.1, 2))
    grown = np.abs(np.log(np.abs(found[1:] / found[:-1])))
    turned = (np.diff(np.sign(np.diff(np.abs(found), axis=0)), axis=0) != 0).any(1)
    plain = ~np.r_[turned, False] & ~np.r_[False, turned]
    # Between the turns every step multiplies by 1.01 to 1.01 * 1.05, up or down.
    assert grown[plain].min() >= np.log(1.01) - 1e-9
    assert grown[plain].max() <= np.log(1.01 * 1.05) + 1e-9
    assert turned.sum() > z_dim and np.abs(found).max() <= 2 and np.abs(found).min() >= 0.1 - 1e-9
    first = np.abs(found[1] / found[0])
    assert ((first > 1) == (ways > 0)).mean() > 0.8


def test_grey_levels_as_the_source_has_them():
    points = np.array([[0, 255, 128, 51]] * 3, np.uint8)
    clip = Clip(np.arange(3) / 25, np.zeros(3, np.int64), points, np.zeros(3), 0.12)
    z = make_latents(clip, 4, LatentSettings(contrast=False))(np.array([1]))
    np.testing.assert_allclose(z[0], np.array([0, 255, 128, 51]) / 255 * 4 - 2)
    # With contrast, the same picture in another light is the same latent.
    settings = LatentSettings()
    bright = replace(clip, points=(points // 2 + 100).astype(np.uint8))
    one, other = (make_latents(c, 4, settings)(np.array([0])) for c in (clip, bright))
    np.testing.assert_allclose(one, other, atol=0.02)


# Classes


def brute_force_shares(numbers, shots, classes, blend):
    """Windows of each shot: (middle, shot, mean of its one-hot vectors)."""
    nodes = []
    for shot in sorted(set(shots)):
        frames = [k for k, other in enumerate(shots) if other == shot]
        for start in range(0, len(frames), blend):
            window = frames[start : start + blend]
            share = sum(np.eye(classes)[numbers[k]] for k in window) / len(window)
            nodes.append((np.mean(window) / 25, shot, share))
    return nodes


def test_windows_by_brute_force():
    random = np.random.default_rng(1)
    numbers, shots = random.integers(0, 4, 97), np.repeat([0, 1, 2], [45, 7, 45])
    clip = Clip(np.arange(97) / 25, shots, np.zeros((97, 1), np.uint8), np.zeros(97), 3.88)
    curve = join_labels(clip, Labels(numbers, np.ones(97), 4), 20)
    nodes = brute_force_shares(numbers, shots, 4, 20)
    np.testing.assert_allclose(curve.nodes_s, [node[0] for node in nodes])
    np.testing.assert_allclose(curve.shares, [node[2] for node in nodes], atol=1e-6)
    times_s = random.uniform(0, 3.84, 50)
    times_shots = shots[(times_s * 25).astype(int)]
    found = curve(times_s, times_shots)
    for time_s, shot, row in zip(times_s, times_shots, found, strict=True):
        own = [node for node in nodes if node[1] == shot]
        xs, rows = [node[0] for node in own], np.stack([node[2] for node in own])
        expected = [np.interp(time_s, xs, rows[:, k]) for k in range(4)]
        np.testing.assert_allclose(row, expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)


def test_ten_frames_have_one_class_and_never_over_a_cut():
    class Scripted:
        name, class_count = "scripted", 3

        def __init__(self):
            self.odds = np.random.default_rng(2).dirichlet([1, 1, 1], 57)
            self.at = 0

        def classify(self, pictures):
            self.at += len(pictures)
            return self.odds[self.at - len(pictures) : self.at]

    scripted = Scripted()
    voter, picture = Voter(scripted, 10, 8), np.zeros((8, 8, 3), np.uint8)
    shots = [0] * 33 + [1] * 24
    for shot in shots:
        voter.see(picture, shot)
    expected = []
    for shot in (0, 1):
        own = scripted.odds[[k for k, other in enumerate(shots) if other == shot]]
        for start in range(0, len(own), 10):
            group = own[start : start + 10]
            expected += [int(group.mean(0).argmax())] * len(group)
    assert voter.finish().numbers.tolist() == expected


@pytest.mark.parametrize("wrong", [np.ones((16, 5)), np.full((16, 3), np.nan)])
def test_a_class_out_of_range_is_told(wrong):
    classifier = SceneClassifier()
    classifier.classify = lambda pictures: wrong
    voter = Voter(classifier, 10, 8)
    with pytest.raises(ValueError, match=r"finite probabilities \[16, 3\] from scenes"):
        for _ in range(16):
            voter.see(np.zeros((8, 8, 3), np.uint8), 0)


def test_emotions_go_on_within_a_shot_and_faceless_shots_are_calm():
    shots = np.repeat([0, 1, 2], [5, 5, 5])
    clip = Clip(np.arange(15) / 10, shots, np.zeros((15, 1), np.uint8), np.zeros(15), 1.5)
    seen = Faces((0.2, 0, 2, 0.5), (0.3, 0, 6, 1.0), (1.2, 2, 1, 0.8)).read_emotions("", print)
    labels, faceless = label_emotions(clip, seen, 7)
    assert labels.numbers.tolist() == [2, 2, 2, 6, 6, *[0] * 5, *[1] * 5]
    assert faceless == [1]
    curve = join_labels(clip, labels, 5)
    np.testing.assert_allclose(curve.shares[0][[0, 2, 6]], [0.3, 0.3, 0.4], atol=1e-6)
    np.testing.assert_allclose(curve.shares[2][[0, 1]], [0.2, 0.8], atol=1e-6)


# Generators


def test_bounded_numbers_go_there_and_back():
    bounded = torch.linspace(-1.99, 1.99, 101)
    assert torch.allclose(truncate_normal(extend_normal(bounded)), bounded, atol=1e-5)
    assert torch.isfinite(extend_normal(torch.tensor([-2.0, 2.0]))).all()


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


@pytest.fixture
def acting(tmp_path):
    """A small face generator and a file of directions for it."""
    network = make_network(StyleGAN2, SMALL)
    torch.manual_seed(5)
    shape = (network.num_layers, network.w_dim)
    directions = {e: Direction.from_vector(torch.randn(shape), 2.0) for e in Emotion if e}
    save_directions(tmp_path / "small.safetensors", DirectionSet(directions, "small", ""))
    return network, directions, str(tmp_path / "small.safetensors")


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"path": "nowhere.mp4"}, "nowhere.mp4"),
        ({"classes": ClassSettings("emotions")}, "draws faces for classes .* draws things of 1000"),
        ({"classes": ClassSettings("none")}, "takes none of its 1000 classes from the clip"),
        ({"things": None}, "needs somebody who tells things in a clip"),
        ({"things": SceneClassifier(3)}, "the 3 classes that scenes tells; got small with 1000"),
    ],
)
def test_what_cannot_be_followed_is_one_clear_error(clips, change, message):
    motion = FootageMotion(str(clips["still"]), things=SceneClassifier(1000))
    with pytest.raises((ValueError, OSError), match=message):
        replace(motion, **change).plan(Face.random(make_network()), Scene(25))


def test_clips_that_show_nothing_are_refused_early(tmp_path):
    one = write_clip(tmp_path / "one.mp4", draw_still(0, 1))
    with pytest.raises(ValueError, match=r"one\.mp4: needs a clip of at least 2 frames"):
        FootageMotion(str(one)).check(Scene())
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(ValueError, match=r"text\.mp4"):
        FootageMotion(str(tmp_path / "text.mp4")).check(Scene())
    heard = write_clip(tmp_path / "sound.mp4", draw_still(0, 2), audio_s=0.5)
    with av.open(str(heard)) as source, av.open(str(tmp_path / "only.m4a"), "w") as out:
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    with pytest.raises(ValueError, match=r"only\.m4a"):
        FootageMotion(str(tmp_path / "only.m4a")).check(Scene())


def test_classes_that_are_others_are_told(clips):
    network = make_network(StyleGAN2, replace(SMALL, c_dim=3))
    with pytest.raises(ValueError, match=r"whose classes are the emotions .* with 3 others"):
        FootageMotion(str(clips["still"]), emotions=Faces()).plan(Face.random(network), Scene())
    with pytest.raises(ValueError, match=r"with the 1000 classes .* got small with 3"):
        FootageMotion(
            str(clips["still"]), ClassSettings("things"), things=SceneClassifier(1000)
        ).plan(Face.random(network), Scene())


def test_a_biggan_asked_for_directions_is_told_so():
    with pytest.raises(ValueError, match=r"draws faces for emotion directions; got small, which"):
        load_directions_for(make_network())


@pytest.mark.parametrize(
    "settings",
    [
        lambda: LatentSettings("frames"),
        lambda: LatentSettings(seed=-1),
        lambda: LatentSettings(smoothing_s=-1),
        lambda: LatentSettings(update=0.5),
        lambda: ClassSettings("thing"),
        lambda: ClassSettings(vote_frames=0),
        lambda: ActingSettings(away=1.5),
    ],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="needs"):
        settings()


def test_scenes_are_told_apart():
    assert len({scene.tobytes() for scene in SCENES}) == 3
