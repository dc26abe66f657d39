"""Generators of films against their papers' tables: shapes, and parameters counted by hand."""

from itertools import pairwise

import pytest
import torch

from synth.workshop.film_gans.blocks import HalvingConvolution3d
from synth.workshop.film_gans.film_gan import Drawn, FilmSizes, RealFilms
from synth.workshop.film_gans.registry import (
    FILM_GANS,
    load_film_gan,
    make_film_gan,
    save_film_gan,
)

SMALL = FilmSizes(size_px=16, frames=8, width=4, categories=3)


def conv(before, after, *kernel, bias=True):
    """Weights of a convolution, transposed or not."""
    count = before * after
    for size in kernel:
        count *= size
    return count + (after if bias else 0)


def norms(*channels):
    return 2 * sum(channels)


def count_conv3d():
    """128 x 128, 8 frames; the last doubling is in space alone."""
    plain = {"bias": False}
    generator = conv(100, 8 * 8 * 128) + 2 * conv(128, 128, 4, 4, 4, **plain)
    generator += conv(128, 64, 4, 4, 4, **plain) + conv(64, 32, 3, 4, 4, **plain)
    generator += norms(128, 128, 64, 32) + conv(32, 3, 3, 3, 3)
    critic = conv(3, 64, 4, 4, 4) + conv(64, 128, 4, 4, 4) + conv(128, 256, 4, 4, 4)
    critic += conv(256, 512, 4, 4, 4) + norms(128, 256, 512) + conv(512 * 8 * 8, 1)
    return FilmSizes(128, 8), generator, critic


def count_convlstm():
    """128 x 128, 16 frames: five memories of 128 channels, four doublings in space."""
    plain = {"bias": False}
    generator = conv(100, 64 * 8 * 8) + conv(3, 64, 4, 4) + 3 * conv(64, 64, 4, 4)
    generator += 5 * conv(128 + 128, 4 * 128, 3, 3)
    generator += conv(128, 128, 3, 4, 4, **plain) + conv(128, 64, 3, 4, 4, **plain)
    generator += conv(64, 32, 3, 4, 4, **plain) + conv(32, 32, 3, 4, 4, **plain)
    generator += norms(128, 64, 32, 32) + conv(32, 3, 3, 3, 3)
    critic = conv(3, 64, 4, 4, 4) + conv(64, 128, 4, 4, 4) + conv(128, 256, 4, 4, 4)
    critic += conv(256, 512, 4, 4, 4) + conv(512, 512, 4, 4, 4)
    critic += norms(128, 256, 512, 512) + conv(512 * 4 * 4, 1)
    return FilmSizes(128, 16), generator, critic


def count_pix2pix():
    """256 x 256: the U-Net of 54 million weights and the critic of 70 x 70 pixels."""
    down = (3, 64, 128, 256, 512, 512, 512, 512, 512)
    plain = {"bias": False}
    generator = sum(conv(a, b, 4, 4, **plain) for a, b in pairwise(down))
    generator += 64 + 512 + norms(*down[2:8])  # biases of the layers without a norm
    up = ((512, 512), (1024, 512), (1024, 512), (1024, 512), (1024, 256), (512, 128), (256, 64))
    generator += sum(conv(a, b, 4, 4, **plain) + norms(b) for a, b in up) + conv(128, 3, 4, 4)
    critic = conv(6, 64, 4, 4) + conv(64, 128, 4, 4, **plain) + conv(128, 256, 4, 4, **plain)
    critic += conv(256, 512, 4, 4, **plain) + norms(128, 256, 512) + conv(512, 1, 4, 4)
    return FilmSizes(256, 16), generator, critic


def count_dcgan():
    """64 x 64: 4 x 4 x 512 doubled four times."""
    plain = {"bias": False}
    generator = conv(100, 512 * 16, **plain) + norms(512, 256, 128, 64) + conv(64, 3, 4, 4)
    generator += sum(conv(2 * c, c, 4, 4, **plain) for c in (256, 128, 64))
    critic = conv(3, 64, 4, 4) + norms(128, 256, 512) + conv(512 * 16, 1)
    critic += sum(conv(c, 2 * c, 4, 4, **plain) for c in (64, 128, 256))
    return FilmSizes(64, 16), generator, critic


def count_tgan():
    """Table 1: 16 frames of 64 x 64."""
    generator = conv(100, 512, 1) + conv(512, 256, 4) + conv(256, 128, 4) + conv(128, 128, 4)
    generator += conv(128, 100, 4) + norms(512, 256, 128, 128)
    generator += 2 * (conv(100, 256 * 16) + norms(256)) + conv(512, 256, 4, 4)
    generator += conv(256, 128, 4, 4) + conv(128, 64, 4, 4) + conv(64, 32, 4, 4)
    generator += norms(256, 128, 64, 32) + conv(32, 3, 3, 3)
    critic = conv(3, 64, 4, 4, 4) + conv(64, 128, 4, 4, 4) + conv(128, 256, 4, 4, 4)
    critic += conv(256, 512, 4, 4, 4) + norms(128, 256, 512) + conv(512, 1, 4, 4)
    return FilmSizes(64, 16), generator, critic


def count_mocogan():
    """The paper's 16 frames of 96 x 96, six categories."""
    plain = {"bias": False}
    generator = 3 * (10 * 10 + 10 * 10 + 10 + 10) + conv(50 + 6 + 10, 512, 6, 6, **plain)
    generator += sum(conv(2 * c, c, 4, 4, **plain) for c in (256, 128, 64))
    generator += conv(64, 3, 4, 4, **plain) + norms(512, 256, 128, 64)
    picture = sum(conv(a, b, 4, 4, **plain) for a, b in ((3, 64), (64, 128), (128, 256), (256, 1)))
    film = sum(conv(a, b, 4, 4, 4, **plain) for a, b in ((3, 64), (64, 128), (128, 256), (256, 1)))
    # Seven frames of 12 x 12 are left where the category is told.
    critics = picture + film + 2 * norms(128, 256) + conv(256 * 7 * 12 * 12, 6)
    return FilmSizes(96, 16), generator, critics


@pytest.mark.parametrize(
    ("method", "count"),
    [
        ("conv3d", count_conv3d),
        ("convlstm", count_convlstm),
        ("pix2pix", count_pix2pix),
        ("dcgan", count_dcgan),
        ("tgan", count_tgan),
        ("mocogan", count_mocogan),
    ],
)
def test_at_the_papers_width_parameters_are_those_of_the_table(method, count):
    sizes, generator, critics = count()
    with torch.device("meta"):
        found = make_film_gan(method, sizes).count_parameters()
    assert found == {"generator": generator, "critics": critics}


def test_the_u_net_has_the_size_that_is_known_of_it():
    assert count_pix2pix()[1] == pytest.approx(54.4e6, rel=0.002)


@pytest.mark.parametrize("method", FILM_GANS)
@pytest.mark.parametrize(
    "sizes", [SMALL, FilmSizes(32, 16, 2, 2), FilmSizes(48, 2, 2, 2)], ids=["16", "32", "48"]
)
def test_films_have_the_asked_shape_and_both_sides_learn(method, sizes):
    gan = make_film_gan(method, sizes)
    films = torch.rand(3, 3, sizes.frames, sizes.size_px, sizes.size_px) * 2 - 1
    real = RealFilms(films, torch.tensor([0, 1, 1]))
    made = gan.make_films(3, films[:, :, 0])
    assert made.shape == films.shape and made.abs().max() <= 1
    drawn = gan.draw(real)
    still = Drawn(drawn.films.detach(), drawn.categories)
    gan.find_critic_loss(real, still).backward()
    assert all(p.grad is None for p in gan.generator.parameters())
    assert all(p.grad.isfinite().all() for p in gan.critics.parameters() if p.grad is not None)
    assert any((p.grad != 0).any() for p in gan.critics.parameters() if p.grad is not None)
    gan.find_generator_loss(real, drawn).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in gan.generator.parameters())


@pytest.mark.parametrize("method", ["convlstm", "pix2pix"])
def test_methods_that_go_on_from_a_picture_ask_for_it(method):
    with pytest.raises(ValueError, match="needs 2 pictures"):
        make_film_gan(method, SMALL).make_films(2)


@pytest.mark.parametrize("frames", [1, 2, 5, 16])
def test_halving_leaves_no_frame_out(frames):
    out = HalvingConvolution3d(3, 2)(torch.zeros(1, 3, frames, 8, 8))
    assert out.shape == (1, 2, -(-frames // 2), 4, 4)


@pytest.mark.parametrize("change", [{"size_px": 60}, {"size_px": 24}, {"frames": 1}, {"width": 0}])
def test_sizes_that_make_no_network_are_refused(change):
    with pytest.raises(ValueError, match="needs"):
        FilmSizes(**change)


def test_a_saved_network_makes_the_same_films(tmp_path):
    gan = make_film_gan("mocogan", SMALL).eval().half().float()
    path = tmp_path / "own.safetensors"
    save_film_gan(path, gan, {"data": "none"})
    loaded = load_film_gan(path)
    torch.manual_seed(3)
    made = gan.make_films(2)
    torch.manual_seed(3)
    assert torch.equal(loaded.make_films(2), made)
    with pytest.raises(ValueError, match="among conv3d"):
        make_film_gan("vgan", SMALL)
