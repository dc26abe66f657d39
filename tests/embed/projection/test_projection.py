"""Picture files become latents: P-Net, its file and training, squares, faces, what is refused."""

import numpy as np
import pytest
import torch
from PIL import Image

from embed.inversion.settings import InversionSettings
from embed.photos.recipe import InversionRecipe
from embed.photos.starts import BundledStart, LatentsStart
from embed.projection.any_pictures import AnyPictures
from embed.projection.face_pictures import FacePictures
from embed.projection.pnet import PNet, load_pnet, save_pnet
from embed.projection.pnet_fit import PNetPlan, fit_pnet
from embed.projection.square_pictures import load_square
from synth.faces.latents import save_latents
from synth.generators.dcgan import DCGAN, DCGANConfig
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.motion.pictures.latent_search import SearchSettings, measure_errors
from synth.types import to_frames, to_images


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(2)
    network = DCGAN(DCGANConfig.of_size(16, z_dim=4, channels=4, grey=True), "small", "a" * 64)
    with torch.no_grad():
        network.synthesis.project.weight.normal_()
        for name, weight in network.synthesis.named_parameters():
            if "up" in name and weight.ndim == 4:
                weight.normal_(std=0.3)
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def frames(generator):
    z = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
    return to_frames(generator.synthesis(generator.mapping(z)))


@pytest.fixture
def files(frames, tmp_path):
    paths = [tmp_path / f"{k}.png" for k in range(3)]
    for path, frame in zip(paths, frames, strict=False):
        Image.fromarray(frame).save(path)
    return [str(path) for path in paths]


@pytest.fixture(scope="module")
def trained(generator, frames, tmp_path_factory):
    plan = PNetPlan(steps=60, batch=16, hidden=32, depth=1, held_out=16)
    folder = tmp_path_factory.mktemp("pnet")
    network, figures = fit_pnet(generator, frames, plan, folder)
    return network, figures, folder, plan


def test_pnet_learns_by_what_its_guess_looks_like(generator, frames, trained):
    network, figures, _, _ = trained
    held_out = to_images(frames[-16:])
    mean = network.mean.expand(16, -1, -1)
    before = measure_errors(generator, mean, held_out).mean()
    after = measure_errors(generator, network.guess(held_out), held_out).mean()
    assert after < 0.7 * before
    assert figures["held_out_error"] == pytest.approx(float(after), abs=1e-3)
    assert network.grey


def test_training_goes_on_where_it_was(generator, frames, trained):
    network, figures, folder, plan = trained
    again, same = fit_pnet(generator, frames, plan, folder)
    assert same == figures
    held_out = to_images(frames[:4])
    torch.testing.assert_close(again.guess(held_out), network.guess(held_out))


@pytest.mark.parametrize(
    "settings", [{"steps": 0}, {"batch": 1}, {"rate": 0.0}, {"prior": -1.0}, {"held_out": 0}]
)
def test_a_plan_that_makes_no_sense_is_refused(settings):
    with pytest.raises(ValueError, match="needs"):
        PNetPlan(**settings)


def test_too_few_pictures_are_refused(generator, frames, tmp_path):
    with pytest.raises(ValueError, match=r"at least 96 pictures of 16x16; got \[20, 16, 16, 3\]"):
        fit_pnet(generator, frames[:20], PNetPlan(), tmp_path)


def test_a_file_belongs_to_one_generator(generator, trained, frames, tmp_path):
    network = trained[0]
    path = tmp_path / "pnet.safetensors"
    save_pnet(path, network, generator, {"seed": "0"})
    pictures = to_images(frames[:2])
    found = load_pnet(path, generator)
    torch.testing.assert_close(found.guess(pictures), network.guess(pictures), atol=0.02, rtol=0.02)
    other = DCGAN(generator.config, "other", "b" * 64)
    with pytest.raises(ValueError, match="got one for small"):
        load_pnet(path, other)
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors: needs a P-Net"):
        load_pnet(tmp_path / "none.safetensors")


def test_a_network_beyond_any_use_is_refused():
    with pytest.raises(ValueError, match="1 to 128 pixels"):
        PNet(1024, 18, 512)
    with pytest.raises(ValueError, match="smaller network"):
        PNet(128, 18, 512, hidden=100_000)


def test_larger_pictures_are_reduced_for_a_guess(trained, frames):
    network = trained[0]
    pictures = to_images(frames[:2])
    large = pictures.repeat_interleave(3, 2).repeat_interleave(3, 3)
    torch.testing.assert_close(network.guess(large), network.guess(pictures))


def test_the_three_ways_find_latents(generator, trained, files, frames, tmp_path):
    save_pnet(tmp_path / "pnet.safetensors", trained[0], generator, {})
    pnet, pictures = str(tmp_path / "pnet.safetensors"), to_images(frames[:3])
    errors = {}
    for way in ("guess", "search", "both"):
        projector = AnyPictures(way, pnet, SearchSettings(steps=30, prior=0))
        projector.check(files, lambda progress: None)
        w_plus = projector.project(files, generator)
        errors[way] = measure_errors(generator, w_plus, pictures)
    assert (errors["both"] <= errors["guess"]).all()
    assert errors["both"].max() < 1e-2


def test_a_way_without_its_network_is_refused():
    with pytest.raises(ValueError, match="needs a P-Net for way=guess"):
        AnyPictures("guess")
    with pytest.raises(ValueError, match="way among"):
        AnyPictures("magic")


def test_the_middle_square_is_taken(tmp_path):
    picture = np.zeros((20, 60, 3), np.uint8)
    picture[:, 20:40] = 255
    Image.fromarray(picture).save(tmp_path / "wide.png")
    assert (load_square(str(tmp_path / "wide.png"), 10) == 255).all()
    assert load_square(str(tmp_path / "wide.png"), 40).shape == (40, 40, 3)


def test_files_that_are_no_pictures_are_named_early(files, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    for projector in (AnyPictures("search"), FacePictures(InversionRecipe(finder=None), "search")):
        with pytest.raises(ValueError, match=r"broken\.png"):
            projector.check([*files, str(broken)])
        with pytest.raises(FileNotFoundError, match=r"gone\.png"):
            projector.check([*files, str(tmp_path / "gone.png")])


# --- faces


class ByColour:
    """Takes the mean colour for the person."""

    name = "colour"

    def encode(self, frames):
        return frames.mean((1, 2)) / 128


@pytest.fixture(scope="module")
def face_generator():
    torch.manual_seed(0)
    config = StyleGAN2Config(
        resolution=16, z_dim=8, w_dim=8, mapping_layers=1, channel_base=64, channel_max=8
    )
    return StyleGAN2(config).eval().requires_grad_(False)


def test_faces_are_searched_from_a_known_start(face_generator, files, tmp_path):
    rows = face_generator.mapping(torch.randn(1, 8))
    save_latents(tmp_path / "start.npz", rows)
    settings = InversionSettings(steps=3, optimiser="lbfgs", perceptual_weight=0)
    recipe = InversionRecipe(
        finder=None, start=LatentsStart(str(tmp_path / "start.npz")), settings=settings
    )
    for way in ("search", "both"):
        projector = FacePictures(recipe, way)
        projector.check(files)
        found = projector.project(files, face_generator)
        assert found.shape == (3, face_generator.num_layers, 8)
        assert not torch.allclose(found[0], found[1])


def test_a_guess_needs_an_encoder_of_the_generator(face_generator, files):
    projector = FacePictures(InversionRecipe(finder=None, start=BundledStart()), "guess")
    with pytest.raises(ValueError, match="needs an encoder for generator"):
        projector.project(files, face_generator)


def test_other_people_are_told(tmp_path):
    paths = []
    for name, level in (("a", 40), ("b", 60), ("c", 250)):
        Image.new("RGB", (32, 32), (level,) * 3).save(tmp_path / f"{name}.png")
        paths.append(str(tmp_path / f"{name}.png"))
    notes = []
    recipe = InversionRecipe(finder=None, observer=ByColour())
    FacePictures(recipe, "search").check(paths, lambda progress: notes.append(progress.note))
    (note,) = filter(None, notes)
    assert "c.png hardly shows the person of" in note and "a.png" in note


def test_one_generator_serves_all_pictures():
    with pytest.raises(ValueError, match="one generator for all pictures"):
        FacePictures(InversionRecipe(tune=True, start=BundledStart()))
    with pytest.raises(ValueError, match="needs a start for way=both"):
        FacePictures(InversionRecipe())
