"""Coordinates of w, the three spaces of an inversion, and noise maps as variables."""

import pytest
import torch
from inversion_samples import make_tiny_generator

from embed.inversion.latent_spaces import (
    FreeRows,
    MappedLatents,
    SharedRows,
    WStatistics,
    measure_w,
)
from embed.inversion.noise_maps import (
    copy_noise_maps,
    measure_correlation,
    normalize_maps,
)
from synth.generators.stylegan2 import StyleGAN2
from synth.generators.synthesis import GivenNoise


@pytest.fixture(scope="module")
def generator() -> StyleGAN2:
    return make_tiny_generator()


@pytest.fixture(scope="module")
def statistics(generator) -> WStatistics:
    return measure_w(generator)


def draw_rows(generator: StyleGAN2, count: int, seed: int = 1) -> torch.Tensor:
    """W+ with rows of different z."""
    random = torch.Generator().manual_seed(seed)
    z = torch.randn(count * generator.num_layers, generator.z_dim, generator=random)
    return generator.mapping(z)[:, 0].unflatten(0, (count, generator.num_layers))


def test_coordinates_of_random_faces_are_about_standard_normal(generator, statistics):
    z = torch.randn(2000, generator.z_dim, generator=torch.Generator().manual_seed(7))
    v = statistics.find_coordinates(generator.mapping(z)[:, :1])[:, 0]
    assert v.mean(0).abs().max() < 0.15
    assert v.std(0).max() < 1.15
    assert v.std(0).median() > 0.85
    spread = v.t().cov()
    assert (spread - spread.diag().diag()).abs().max() < 0.15


def test_coordinates_and_back_is_the_same(generator, statistics):
    rows = draw_rows(generator, 3)
    again = statistics.find_rows(statistics.find_coordinates(rows))
    torch.testing.assert_close(again, rows, atol=1e-4, rtol=1e-4)


def test_spaces_hold_what_they_were_opened_with(generator, statistics):
    rows = draw_rows(generator, 2)
    free = FreeRows(statistics)
    torch.testing.assert_close(free.find_w_plus(free.open(rows)), rows, atol=1e-4, rtol=1e-4)
    shared = SharedRows(statistics, generator.num_layers)
    mean = rows.mean(1, keepdim=True).expand_as(rows)
    torch.testing.assert_close(shared.find_w_plus(shared.open(rows)), mean, atol=1e-4, rtol=1e-4)
    z = torch.randn(2, generator.z_dim).clamp(-1, 1)
    mapped = MappedLatents(generator, 1, 0)
    torch.testing.assert_close(mapped.find_w_plus(mapped.open(z)), generator.mapping(z))


def test_clipping_draws_anew_only_what_left_the_bounds(generator):
    space = MappedLatents(generator, 1.5, 0)
    z = torch.full((50, generator.z_dim), 0.5)
    z[:, 3] = 1.9
    before = z.clone()
    space.constrain([z])
    assert torch.equal(z[:, :3], before[:, :3])
    assert torch.equal(z[:, 4:], before[:, 4:])
    assert z.abs().max() <= 1.5
    assert z[:, 3].std() > 0.5
    long = [torch.full((1, generator.z_dim), 1.4) * torch.tensor([1.0, -1.0] * 8)]
    space.constrain(long)
    torch.testing.assert_close(long[0].abs(), torch.ones(1, generator.z_dim))


def test_what_is_no_mapping_or_no_z_is_refused(generator):
    with pytest.raises(ValueError, match="2 samples"):
        measure_w(generator, samples=1)
    dull = make_tiny_generator()
    for parameter in dull.mapping.parameters():
        parameter.zero_()
    with pytest.raises(ValueError, match="one w for all"):
        measure_w(dull)
    with pytest.raises(ValueError, match="start of z"):
        MappedLatents(generator, 1, 0).open(torch.zeros(2, 3))


def test_copied_noise_draws_the_same_picture(generator):
    rows = draw_rows(generator, 2)
    maps = copy_noise_maps(generator, 2)
    network = generator.synthesis
    picture = network.run_blocks(rows, GivenNoise(maps), None, None, 4, 64)[1]
    torch.testing.assert_close(picture, network(rows), atol=1e-5, rtol=1e-5)
    maps[-1][1] += 1
    changed = network.run_blocks(rows, GivenNoise(maps), None, None, 4, 64)[1]
    assert torch.equal(changed[0], picture[0])
    assert not torch.equal(changed[1], picture[1])
    lower = network.run_blocks(rows, GivenNoise(maps), None, None, 4, 16)[1]
    assert lower.shape[-1] == 16


def test_correlation_tells_noise_from_pictures_at_every_scale():
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(1, 1, 64, 64, generator=random)
    alone = measure_correlation([noise])
    assert alone.shape == (1,)
    for cells in (8, 32):
        coarse = torch.randn(1, 1, cells, cells, generator=random)
        picture = coarse.repeat_interleave(64 // cells, 2).repeat_interleave(64 // cells, 3)
        mixed = (noise + picture) / 2**0.5
        assert measure_correlation([mixed]) > 3 * alone
    both = measure_correlation([torch.cat([noise, mixed]), torch.cat([noise, noise])])
    torch.testing.assert_close(both[0], 2 * alone[0])


def test_correlation_is_the_papers_formula():
    """One map of 8x8: squared means of products with both neighbours, wrapped around."""
    noise = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    n = noise[0, 0]
    expected = sum(
        sum(n[y, x] * n[(y + dy) % 8, (x + dx) % 8] for y in range(8) for x in range(8)).div(64)
        ** 2
        for dy, dx in ((0, 1), (1, 0))
    )
    torch.testing.assert_close(measure_correlation([noise])[0], expected)


def test_normalising_gives_each_image_mean_0_and_variance_1():
    maps = [torch.rand(3, 1, 8, 8) * 5 + 2]
    normalize_maps(maps)
    torch.testing.assert_close(maps[0].mean((1, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(maps[0].square().mean((1, 2, 3)), torch.ones(3), atol=1e-4, rtol=0)
