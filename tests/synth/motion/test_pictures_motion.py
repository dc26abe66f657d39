"""A film out of a few pictures: axes, polynomials, whole films, what is refused."""

import json

import numpy as np
import pytest
import torch
from picture_samples import WIDTH, LinearGenerator, latents, make_motion

from synth.faces.face import Face
from synth.film.film import check_film, make_film
from synth.film.settings import FilmSettings
from synth.generators.dcgan import DCGAN, DCGANConfig, DCGANCritic
from synth.generators.native import save_generator
from synth.motion.base import Motion, Scene
from synth.motion.pictures.critic_correction import CriticCorrection
from synth.motion.pictures.principal_axes import fit_principal_axes
from synth.motion.pictures.projector import PictureProjector


@pytest.fixture(scope="module")
def generator():
    return LinearGenerator().eval().requires_grad_(False)


def line_through(start, change, shares):
    return start + torch.tensor(shares)[:, None, None] * change


# --- principal axes


def test_all_axes_change_nothing():
    points = latents(5)[:, 0].double().numpy()
    axes = fit_principal_axes(points, 1.0)
    assert (len(axes.axes), axes.kept) == (4, pytest.approx(1))
    np.testing.assert_allclose(axes.restore(axes.reduce(points)), points, atol=1e-12)


@pytest.mark.parametrize(("variance", "count"), [(0.5, 1), (0.95, 2), (0.9999, 3)])
def test_as_many_axes_are_kept_as_the_share_needs(variance, count):
    random = np.random.default_rng(0)
    points = (
        random.normal(size=(40, 3)) * [10, 4, 0.3] @ np.linalg.qr(random.normal(size=(3, 3)))[0]
    )
    axes = fit_principal_axes(points, variance)
    assert len(axes.axes) == count
    left = np.square(points - axes.restore(axes.reduce(points))).sum()
    assert left / np.square(points - points.mean(0)).sum() == pytest.approx(1 - axes.kept)
    assert axes.kept >= variance


def test_a_number_of_axes_can_be_asked_for_but_no_more_than_there_are():
    points = latents(4)[:, 0].double().numpy()
    assert len(fit_principal_axes(points, axes=2).axes) == 2
    with pytest.raises(ValueError, match=r"1 to 3 axes for 4 pictures; got axes=4"):
        fit_principal_axes(points, axes=4)


def test_pictures_that_are_all_alike_make_no_motion(generator):
    with pytest.raises(ValueError, match="pictures that differ"):
        make_motion(latents(1).expand(3, -1, -1)).plan(Face.random(generator), Scene())


# --- polynomials


def test_a_line_through_latents_on_a_line_is_exact(generator):
    start, change = latents(2)
    w_plus = line_through(start, change, [0.0, 0.3, 1.0])
    motion = make_motion(w_plus, times=[0, 3, 10], duration=5)
    path = motion.plan(Face.random(generator), Scene()).path
    assert (path.duration_s, path.closed) == (5.0, False)
    shares = torch.linspace(0, 1, 7, dtype=torch.float64)
    expected = line_through(start, change, shares.float().tolist())
    torch.testing.assert_close(path(5 * shares), expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(
        path(torch.tensor([-1.0, 9.0])), expected[[0, -1]], atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_polynomial_passes_through_one_more_picture_than_its_order(order):
    w_plus = latents(order + 1)
    path = make_motion(w_plus, order=order, variance=1).lay_path(w_plus)
    times_s = torch.linspace(0, 2, order + 1, dtype=torch.float64)
    torch.testing.assert_close(path(times_s), w_plus, atol=1e-5, rtol=0)


def test_a_line_is_that_of_least_squares():
    w_plus = latents(5)
    path = make_motion(w_plus, variance=1).lay_path(w_plus)
    times = np.linspace(0, 2, 5)
    matrix = np.stack([np.ones(5), times], 1)
    solved = np.linalg.lstsq(matrix, w_plus[:, 0].numpy(), rcond=None)[0]
    np.testing.assert_allclose(path(torch.from_numpy(times))[:, 0], matrix @ solved, atol=1e-5)


def test_an_axis_left_out_is_motion_left_out():
    start, change = latents(2)
    w_plus = line_through(start, change, [0.0, 0.5, 1.0])
    w_plus[1] += 0.05 * latents(1, seed=9)[0]
    full = make_motion(w_plus, order=2, variance=1).lay_path(w_plus)
    calm = make_motion(w_plus, order=2, variance=0.95).lay_path(w_plus)
    assert (len(full.axes.axes), len(calm.axes.axes)) == (2, 1)
    times_s = torch.tensor([1.0], dtype=torch.float64)
    on_line = start + 0.5 * change
    assert (calm(times_s) - on_line).norm() < (full(times_s) - on_line).norm()


# --- films


@pytest.fixture
def gan(tmp_path):
    """A DCGAN and its critic, in a file."""
    torch.manual_seed(0)
    config = DCGANConfig.of_size(16, z_dim=WIDTH, channels=4)
    network, critic = DCGAN(config, "gan"), DCGANCritic(config)
    with torch.no_grad():
        network.synthesis.project.weight.normal_()
    save_generator(tmp_path / "gan.safetensors", network.eval(), "gan", {}, critic)
    return network.requires_grad_(False), str(tmp_path / "gan.safetensors")


@pytest.mark.parametrize("place", ["pictures", "latents"])
def test_a_film_of_pictures_has_frames_sheet_and_scorecard(gan, tmp_path, place):
    network, file = gan
    correction = CriticCorrection(file, place, steps=2, size=0.1)
    plain = make_motion(latents(3), duration=1)
    corrected = make_motion(latents(3), duration=1, correction=correction)
    assert isinstance(plain, Motion) and isinstance(plain.projector, PictureProjector)
    face, settings = Face.random(network), FilmSettings(file="frames", fps=4)
    films = [
        make_film(network, face, motion, settings, tmp_path / name)
        for name, motion in {"plain": plain, "corrected": corrected}.items()
    ]
    assert films[0].facts.frame_count == 5
    labels = [moment.label for moment in films[0].moments]
    assert labels == ["0.png", "between", "1.png", "between", "2.png"]
    assert films[0].contact_sheet.is_file()
    assert plain.plan(face, Scene()).shows == "3 pictures"
    assert json.loads((films[0].folder / "scorecard.json").read_text())["frame_count"] == 5
    assert "passes_by" in (films[1].folder / "track.yaml").read_text()
    frames = [(film.video / "frame_000002.png").read_bytes() for film in films]
    assert frames[0] != frames[1]


def test_a_critic_of_other_pictures_is_refused(gan, generator):
    motion = make_motion(latents(3), correction=CriticCorrection(gan[1]))
    small = LinearGenerator()
    small.resolution = 8
    with pytest.raises(ValueError, match="critic of 8x8 pixels; got one of 16x16"):
        motion.plan(Face.random(small), Scene())


def test_what_can_be_wrong_is_found_before_a_generator_is_needed(tmp_path):
    motion = make_motion(latents(3), correction=CriticCorrection(str(tmp_path / "no.safetensors")))
    with pytest.raises(OSError, match=r"no\.safetensors"):
        motion.check(Scene())
    good = make_motion(latents(3))
    check_film(Face.random(LinearGenerator()), good, FilmSettings(), print)
    assert good.projector.checked == ["0.png", "1.png", "2.png"]


@pytest.mark.parametrize(
    ("count", "settings", "message"),
    [
        (1, {}, "2 to 100 pictures for motion.paths; got 1"),
        (10_000, {}, "got 10000.*motion=copied"),
        (3, {"order": 3}, "4 pictures or more for order 3; got 3; try order=2"),
        (9, {"order": 4}, "order of 1 to 3; got 4"),
        (3, {"variance": 1.5}, "got variance=1.5"),
        (3, {"variance": 0}, "got variance=0"),
        (3, {"axes": 3}, "1 to 2 axes for 3 pictures; got axes=3"),
        (3, {"times": [0, 1]}, "3 rising times"),
        (3, {"times": [0, 2, 1]}, "3 rising times"),
        (3, {"duration": 0}, "duration above 0"),
        (3, {"duration": float("nan")}, "duration"),
    ],
)
def test_settings_that_make_no_sense_are_refused(count, settings, message):
    with pytest.raises(ValueError, match=message):
        make_motion(torch.zeros(count, 1, WIDTH), **settings)


@pytest.mark.parametrize(
    "settings", [{"place": "sky"}, {"steps": 0}, {"size": 0.0}, {"size": float("nan")}]
)
def test_a_correction_that_makes_no_sense_is_refused(settings):
    with pytest.raises(ValueError, match="needs"):
        CriticCorrection(**settings)
