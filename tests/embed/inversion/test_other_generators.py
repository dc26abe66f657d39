"""Generators that are no StyleGAN2: pictures of theirs are found again, edited and filmed."""

import numpy as np
import pytest
import torch
from inversion_samples import FAST, make_loss

from directions.fitting.fit import fit_directions
from directions.labels.scored import ScoredLabels
from embed.inversion.invert import invert
from embed.networks.perceptual import find_perceptual_distance
from synth.emotions import Emotion
from synth.faces.face import Face
from synth.generators.biggan.biggan import BigGAN
from synth.generators.biggan.config import BigGANConfig
from synth.generators.classes import fix_classes
from synth.generators.drawing import draw_frames
from synth.generators.stylegan3.config import Widths, design_t
from synth.generators.stylegan3.stylegan3 import StyleGAN3
from synth.motion.base import Scene
from synth.motion.emotion_track import EmotionTrack
from synth.motion.keyframe_motion import KeyframeMotion
from synth.motion.keyframes import make_emotion_keyframes
from synth.motion.masks import LayerMask


def make_stylegan3():
    torch.manual_seed(0)
    network = StyleGAN3(design_t(32, Widths(512, 16), z_dim=8, w_dim=8), name="small")
    with torch.no_grad():
        network.synthesis.input.affine.weight.normal_(std=0.1)
        network.synthesis.torgb.weight.mul_(3)
        # Something that a linear direction can find: colours that depend on w plainly.
        network.synthesis.torgb.affine.weight.mul_(4)
    return network.eval().requires_grad_(False)


def make_biggan():
    torch.manual_seed(0)
    config = BigGANConfig((64, 32, 32, 16, 16, 16, 8), 3, z_dim=8, embedding_dim=4, attention=3)
    network = BigGAN(config, name="things").eval().requires_grad_(False)
    return fix_classes(network, {"class 1": 1.0})


class BrightnessScorer:
    """Tells anger from calm by how bright a picture is, and sees nothing else."""

    name = "brightness"

    def __init__(self, middle, spread):
        self.middle, self.spread = middle, spread

    def measure(self, frames):
        return (frames.astype(np.float32).mean((1, 2, 3)) - self.middle) / self.spread

    def score(self, faces):
        share = 1 / (1 + np.exp(-4 * self.measure(faces)))
        scores = np.zeros((len(faces), len(Emotion)), np.float32)
        scores[:, Emotion.ANGER], scores[:, Emotion.CALM] = share, 1 - share
        return scores


@pytest.mark.parametrize("make", [make_stylegan3, make_biggan])
def test_its_own_picture_is_found_again(make):
    generator, loss = make(), make_loss()
    z = torch.randn(1, 8, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        picture = generator.synthesis(generator.mapping(z)).clamp(-2, 2)
        mean = generator.mapping(torch.zeros(1, 8))
    found = invert(generator, picture, loss, FAST)
    with torch.no_grad():
        again = generator.synthesis(found.w_plus)
        before = find_perceptual_distance(loss, generator.synthesis(mean), picture)
        after = find_perceptual_distance(loss, again, picture)
    assert float(after) < 0.5 * float(before)
    assert not found.failed.any()


def test_directions_by_its_own_labels_move_what_they_are_named_for():
    generator = make_stylegan3()
    sample = draw_frames(generator, generator.mapping(torch.randn(32, 8)))
    means = sample.astype(np.float32).mean((1, 2, 3))
    scorer = BrightnessScorer(float(means.mean()), float(means.std()))
    labels = ScoredLabels(scorer, samples=160, per_emotion=40, confidence=0.7)
    labelled = labels.load_labels(generator)
    fitted = fit_directions(labelled, generator.num_layers)
    assert fitted.emotions[Emotion.ANGER].held_out_auc > 0.8
    direction = fitted.emotions[Emotion.ANGER].direction
    changes = [change_brightness(generator, direction, scorer, seed) for seed in range(6)]
    assert np.mean(changes) > 0.3


def change_brightness(generator, direction, scorer, seed):
    """How much brighter anger is than calm, in spreads of random pictures."""
    face = Face.random(generator, seed=seed)
    # Row 0 places the picture; a mask keeps it where it is.
    mask = LayerMask(layer_stop=None, layer_start=1)
    keyframes = make_emotion_keyframes(
        face.rows, EmotionTrack.of("calm", "anger"), {Emotion.ANGER: direction}, mask
    )
    plan = KeyframeMotion(keyframes).plan(face, Scene(4))
    times_s = torch.tensor([moment.time_s for moment in plan.moments], dtype=torch.float64)
    rows = plan.path(times_s)
    assert torch.equal(rows[0, 0], rows[1, 0])
    calm, angry = scorer.measure(draw_frames(generator, rows))
    return angry - calm
