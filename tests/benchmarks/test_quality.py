"""The measures on pictures and networks whose answer is known."""

import cv2
import numpy as np
import pytest
import torch

from benchmarks.quality import seen
from benchmarks.quality.expressions import count_hits
from benchmarks.quality.latents import measure_droplets, measure_path_length
from benchmarks.quality.likeness import choose_size, compare_sharpness
from benchmarks.quality.movement import compare_detail
from benchmarks.quality.pictures import draw_faces, find_rows
from benchmarks.quality.seen import find_untruncated, measure_seen
from synth.emotions import Emotion
from synth.generators.bundled_parameters import (
    map_latents_to_parameters,
    truncate_parameters,
)
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.learning.rendered_faces import HELD_OUT, FaceDataset


def make_generator(resolution: int) -> StyleGAN2:
    torch.manual_seed(0)
    config = StyleGAN2Config(resolution, mapping_layers=2, channel_base=128, channel_max=8)
    return StyleGAN2(config).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def generator() -> StyleGAN2:
    return make_generator(16)


@pytest.fixture(scope="module")
def generator_32() -> StyleGAN2:
    return make_generator(32)


@pytest.fixture(scope="module")
def texture() -> np.ndarray:
    """Coarse blobs with fine grain on them, [n, n]."""
    random = np.random.default_rng(0)
    coarse = cv2.resize(random.uniform(60, 200, (24, 24)).astype(np.float32), (220, 220))
    return coarse + cv2.GaussianBlur(random.normal(0, 25, (220, 220)), (0, 0), 0.8)


def to_picture(grey: np.ndarray) -> np.ndarray:
    return np.repeat(np.clip(grey, 0, 255).round().astype(np.uint8)[None, ..., None], 3, 3)


def test_detail_that_moves_with_the_shapes_is_told_from_detail_that_stays(texture):
    before = texture[:200, :200]
    figures = compare_detail(to_picture(before), to_picture(texture[:200, 3:203]), "moving")
    assert figures["moving_detail_along_the_movement"] > 0.7
    assert figures["moving_detail_in_place"] < 0.3
    assert figures["moving_share_of_stuck_faces"] == 0
    assert figures["moving_movement_px"] == pytest.approx(3, abs=0.5)
    coarse = cv2.GaussianBlur(texture, (0, 0), 2)
    stuck = coarse[:200, 3:203] + (texture - coarse)[:200, :200]
    assert compare_detail(to_picture(before), to_picture(stuck), "x")["x_share_of_stuck_faces"] == 1


def test_sharpness_is_one_for_equal_pictures_and_less_for_soft_ones(texture):
    sharp = to_picture(cv2.resize(texture, (256, 256)))
    assert set(compare_sharpness(sharp, sharp).values()) == {1.0}
    soft = cv2.GaussianBlur(sharp[0], (0, 0), 1.5)[None]
    found = compare_sharpness(soft, sharp)
    assert found["laplacian_energy_ratio_256"] < found["gradient_energy_ratio_256"] < 0.9


def test_path_length_is_the_squared_slope(generator):
    flat = measure_path_length(generator, lambda a, b: torch.zeros(len(a)), 4)
    assert flat["mean"] == 0
    steep = measure_path_length(generator, lambda a, b: (a - b).square().mean((1, 2, 3)), 4)
    twice = measure_path_length(generator, lambda a, b: 4 * (a - b).square().mean((1, 2, 3)), 4)
    assert twice["mean"] == pytest.approx(4 * steep["mean"])
    assert steep["mean"] > 0


def test_a_droplet_stands_out_in_its_layer(generator):
    before = measure_droplets(generator, 4)
    assert len(before) == 1 + generator.num_layers - 1

    def add_droplet(module, inputs, output):
        output[..., 3, 3] += 500
        return output

    hook = generator.synthesis.get_submodule("b8.conv1").register_forward_hook(add_droplet)
    after = measure_droplets(generator, 4)
    hook.remove()
    assert after["b8.conv1"] > 10 * before["b8.conv1"]
    assert measure_droplets(generator, 4) == before


def test_hits_are_counted_by_emotion():
    def tell(frames):
        return np.eye(7)[frames[:, 0, 0, 0]]

    frames = {e: np.full((4, 8, 8, 3), int(e), np.uint8) for e in Emotion}
    frames[Emotion.FEAR][0] = int(Emotion.SURPRISE)
    hits = count_hits(tell, frames, "x")
    assert hits["x_fear"] == 0.75
    assert hits["x_anger"] == 1
    assert hits["x_all"] == pytest.approx((6 + 0.75) / 7)


def test_the_largest_size_with_enough_renders_is_taken():
    counts = {512: 9000, 256: HELD_OUT + 100, 128: HELD_OUT + 1000}
    pictures = {size: np.empty((count, 0)) for size, count in counts.items()}
    data = FaceDataset(np.empty(0), np.empty(0), pictures)
    assert choose_size(data, 1024, 50) == 256
    assert choose_size(data, 1024, 500) == 128
    assert choose_size(data, 128, 50) == 128
    with pytest.raises(ValueError, match="64 to 256"):
        choose_size(FaceDataset(np.empty(0), np.empty(0), {512: pictures[512]}), 1024, 5)


@pytest.fixture
def people() -> tuple[np.ndarray, np.ndarray]:
    """z and parameters; a third of those trained on are not at psi 1."""
    z = np.random.default_rng(0).standard_normal((HELD_OUT + 12, 512)).astype("f4")
    psi = np.ones(len(z), np.float32)
    psi[HELD_OUT::3] = 0.6
    return z, truncate_parameters(map_latents_to_parameters(z), psi)


def test_people_learned_by_heart_are_told_from_people(generator_32, people):
    """Renders of those trained on are what the network draws; those held out are somebody else."""
    z, parameters = people
    renders = draw_faces(generator_32, find_rows(generator_32, parameters))
    renders[:HELD_OUT] = np.roll(renders[:HELD_OUT], 1, 0)
    renders[HELD_OUT::3] = 0  # not at psi 1, so not to be compared with
    pictures = {32: renders[:-2], 16: renders[:, ::2, ::2]}
    found = measure_seen(generator_32, FaceDataset(z, parameters, pictures), 6)
    assert found["faces"] == 6
    assert found["trained_on_psnr_db"] > 60 > 50 > found["held_out_psnr_db"]
    assert found["trained_on_psnr_db_at_32"] == found["trained_on_psnr_db"]
    assert measure_seen(generator_32, FaceDataset(z, parameters, pictures), 99)["faces"] == 10


def test_people_chosen_for_what_they_wear_are_not_compared(people, monkeypatch):
    data = FaceDataset(*people, {})
    assert max(find_untruncated(data, HELD_OUT + 12, 4)) >= HELD_OUT + 5
    monkeypatch.setattr(seen, "RICH_FROM", HELD_OUT + 5)
    assert set(find_untruncated(data, HELD_OUT + 12, 99)) == set(range(HELD_OUT, HELD_OUT + 5))


def test_people_learned_by_heart_need_both_kinds(generator, people):
    few = np.zeros((HELD_OUT, 16, 16, 3), np.uint8)
    with pytest.raises(ValueError, match=r"needs more than 256 renders of 32 .*\{16: 256\}"):
        measure_seen(generator, FaceDataset(*people, {16: few}), 4)
