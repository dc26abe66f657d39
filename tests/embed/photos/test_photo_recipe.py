"""A face is cut out of a file, or one sentence says why not; choices are told apart."""

import numpy as np
import pytest
import torch
from inversion_samples import make_tiny_generator
from photo_samples import find, make_recipe
from PIL import Image

from embed.encoder.store import CoarseEncoder
from embed.faces.base import NoFaceError
from embed.inversion.settings import InversionSettings
from embed.photos.recipe import InversionRecipe
from embed.photos.starts import BundledStart, EncoderStart, LatentsStart
from synth.faces.latents import save_latents
from synth.generators import load_bundled_generator


@pytest.fixture
def photo(tmp_path):
    random = np.random.default_rng(0)
    Image.fromarray(random.integers(0, 255, (200, 320, 3), np.uint8)).save(tmp_path / "p.png")
    return tmp_path / "p.png"


def test_the_largest_of_three_faces_or_one_by_number(photo):
    cuts = [make_recipe(finder=find(3), which=w).cut_face(photo, 32) for w in ("largest", 0, 2)]
    sides = [np.hypot(*(cut.quad[3] - cut.quad[0])) for cut in cuts]
    assert sides[0] == sides[1] > sides[2]
    assert cuts[0].crop.shape == (32, 32, 3)
    assert (cuts[0].photo_width_px, cuts[0].photo_height_px) == (320, 200)


def test_a_face_that_is_not_there_is_told_with_the_file(photo):
    with pytest.raises(NoFaceError, match=r"found none in .*p\.png"):
        make_recipe(finder=find(0)).cut_face(photo, 32)
    with pytest.raises(ValueError, match=r"needs face 3 of .*p\.png.* found 3"):
        make_recipe(finder=find(3), which=3).cut_face(photo, 32)


def test_files_that_are_no_photo_are_told_by_name(photo, tmp_path):
    recipe = make_recipe(finder=find(1))
    (tmp_path / "cut.png").write_bytes(photo.read_bytes()[:3000])
    Image.new("1", (12000, 11000)).save(tmp_path / "huge.png")
    for name, words in (("cut.png", "cut off or broken"), ("huge.png", "needs a photo of at most")):
        with pytest.raises(ValueError, match=words) as caught:
            recipe.cut_face(tmp_path / name, 32)
        assert name in str(caught.value)
    with pytest.raises(FileNotFoundError, match=r"gone\.jpg"):
        recipe.cut_face(tmp_path / "gone.jpg", 32)


def test_a_crop_is_taken_as_it_is(photo, tmp_path):
    with pytest.raises(ValueError, match=r"needs a square picture.*320x200"):
        make_recipe().cut_face(photo, 32)
    Image.open(photo).crop((0, 0, 64, 64)).save(tmp_path / "crop.png")
    cut = make_recipe().cut_face(tmp_path / "crop.png", 64)
    assert cut.quad is None
    assert np.array_equal(cut.crop, np.asarray(Image.open(tmp_path / "crop.png")))


def test_every_choice_shows_in_the_description(tmp_path):
    save_latents(tmp_path / "w.npz", torch.zeros(1, 2, 3))
    recipes = [
        make_recipe(),
        make_recipe(finder=find(1)),
        make_recipe(which=1),
        make_recipe(loss="lpips"),
        make_recipe(settings=InversionSettings(steps=4)),
        make_recipe(tune=True),
        make_recipe(start=LatentsStart(str(tmp_path / "w.npz"))),
        make_recipe(start=BundledStart()),
    ]
    generator = load_bundled_generator()
    texts = {str(recipe.describe(generator)) for recipe in recipes}
    assert len(texts) == len(recipes)
    # What tuning would do counts only where there is any; the device never does.
    plain = make_recipe().describe(generator)
    assert make_recipe(device="cuda").describe(generator) == plain
    # What the bundled encoder is matters to its own generator only.
    tiny = make_tiny_generator()
    assert make_recipe(start=BundledStart()).describe(tiny) == make_recipe().describe(tiny)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"loss": "l1"}, "needs loss among bundled, lpips, vgg"),
        ({"which": "all"}, "needs one face"),
        ({"tune": "often"}, "needs tune among true, false, auto; got 'often'"),
        ({"start": LatentsStart("x.npz"), "settings": InversionSettings(space="z")}, "got z"),
    ],
)
def test_choices_that_make_no_sense(changes, words):
    with pytest.raises(ValueError, match=words):
        InversionRecipe(**changes)


def test_tuning_is_decided_by_what_is_shown():
    generator = make_tiny_generator()
    automatic = make_recipe(tune="auto")
    for is_drawn in (True, False):
        decided = automatic.decide_tuning(is_drawn)
        assert decided.describe(generator) == make_recipe(tune=is_drawn).describe(generator)
        assert make_recipe(tune=not is_drawn).decide_tuning(is_drawn).tune is not is_drawn
    assert automatic.describe(generator) == make_recipe(tune=True).describe(generator)


def test_the_bundled_start_is_a_guess_for_the_bundled_generator_only():
    generator = load_bundled_generator()
    recipe = make_recipe(start=BundledStart())
    assert isinstance(recipe.load_start(generator, ["face"]), CoarseEncoder)
    other = make_tiny_generator()
    assert recipe.load_start(other, ["face"]) is None
    with pytest.raises(ValueError, match="needs an encoder trained for generator"):
        make_recipe(start=EncoderStart()).load_start(other, ["face"])
    in_z = InversionSettings(space="z")
    assert make_recipe(start=BundledStart(), settings=in_z).load_start(generator, ["face"]) is None
