"""The table of starts on a tiny generator and a network that was never trained."""

import torch
from inversion_samples import draw_own_pictures, make_loss, make_tiny_generator

from benchmarks.encoder import compare_starts
from embed.encoder.fit import choose_axes, make_network
from embed.encoder.plan import EncoderPlan
from embed.encoder.store import CoarseEncoder
from embed.inversion.latent_spaces import measure_w


def test_a_start_of_the_truth_is_told_from_the_mean_and_steps_only_help():
    generator, loss = make_tiny_generator(), make_loss()
    targets = draw_own_pictures(generator, 2).clamp(-1, 1)
    plan = EncoderPlan(1, 4, 1e-3, widths=(8, 8), picture_px=32, resolution=32, fresh=1, pool=4)
    network = make_network(generator, choose_axes(measure_w(generator)), plan).eval()
    with torch.no_grad():  # always says the mean
        for head in (network.shared, network.own):
            head.weight.zero_()
            head.bias.zero_()
    rows = compare_starts(generator, CoarseEncoder(network, {}), targets, [0, 4], loss)
    assert [(row.start, row.steps) for row in rows] == [
        ("mean latent", 0), ("encoder", 0), ("mean latent", 4), ("encoder", 4),
    ]  # fmt: skip
    first = [[one.psnr_db for one in row.likeness] for row in rows]
    assert first[0] == first[1]
    distances = [[one.perceptual_distance for one in row.likeness] for row in rows]
    for before, after in zip(distances[0], distances[2], strict=True):
        assert after is not None and before is not None
        assert after < before
    assert rows[0].format().startswith("| mean latent | 0 | 0.")
    assert rows[0].format().count("|") == 10
