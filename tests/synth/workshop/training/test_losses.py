import pytest
import torch

from synth.learning.losses import (
    crop_face,
    find_overshoot,
    find_picture_loss,
    find_psnr,
    find_range,
    make_focus,
)


def test_loss_is_zero_only_for_equal_pictures_and_grows_with_the_gap():
    target = torch.rand(2, 3, 64, 64) * 2 - 1
    focus = make_focus(64)
    assert float(find_picture_loss(target, target, focus)) == 0
    noise = torch.randn_like(target)
    losses = [float(find_picture_loss(target + k * noise, target, focus)) for k in (0.1, 0.2, 0.4)]
    assert 0 < losses[0] < losses[1] < losses[2]


def test_errors_at_the_mouth_cost_more_than_in_a_corner():
    target, focus = torch.zeros(1, 3, 64, 64), make_focus(64)
    mouth, corner = target.clone(), target.clone()
    mouth[..., 43:47, 30:34] = 1
    corner[..., 2:6, 2:6] = 1
    assert find_picture_loss(mouth, target, focus) > 2 * find_picture_loss(corner, target, focus)


def test_an_edge_of_uncertain_place_need_not_be_soft():
    focus = torch.ones(1, 1, 64, 64)
    edges = torch.zeros(2, 3, 64, 64)
    edges[0, ..., 28:], edges[1, ..., 36:] = 1, 1
    sharp, soft = edges[:1].expand(2, -1, -1, -1), edges.mean(0, keepdim=True).expand(2, -1, -1, -1)
    assert find_picture_loss(sharp, edges, focus) <= 1.001 * find_picture_loss(soft, edges, focus)


def test_a_halo_costs_and_an_edge_out_of_place_does_not():
    render = torch.zeros(1, 3, 64, 64)
    render[..., 32:] = 1
    least, greatest = find_range(render, 8)
    moved, soft = render.roll(5, -1), torch.linspace(0, 1, 12)
    moved[..., :32] = 0
    blurred = render.clone()
    blurred[..., 26:38] = soft
    for picture in (render, moved, blurred):
        assert float(find_overshoot(picture, least, greatest)) == 0
    halo = render.clone()
    halo[..., 33:35], halo[..., 29:31] = 1.2, -0.2
    # 0.2 in four columns of 64.
    found = find_overshoot(halo, least, greatest)
    torch.testing.assert_close(found, torch.tensor(0.2 * 4 / 64))


@pytest.mark.parametrize("reach", [1, 4, 16])
def test_a_range_reaches_as_far_as_it_says_and_little_farther(reach: int):
    render = torch.zeros(1, 3, 128, 128)
    render[:, 0, 64, 64] = 1
    least, greatest = find_range(render, reach)
    assert not least.any()
    assert not greatest[:, 1:].any()
    seen = greatest[0, 0, 64].nonzero()[:, 0]
    assert seen.min() <= 64 - reach
    assert seen.max() >= 64 + reach
    assert seen.max() - seen.min() <= 2.6 * reach + 1


def test_psnr_of_a_known_error():
    target = torch.zeros(1, 3, 8, 8)
    # A constant error of 0.2 on a scale of 2 is 20 log10(10) = 20 dB.
    assert torch.allclose(find_psnr(target + 0.2, target), torch.tensor([20.0]), atol=1e-4)


def test_face_crop_is_half_as_wide_and_high():
    assert crop_face(torch.zeros(1, 3, 128, 128)).shape == (1, 3, 64, 64)
