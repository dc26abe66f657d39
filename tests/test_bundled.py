"""What ships: a generator and its directions, that belong together and tell their origin."""

from pathlib import Path

import numpy as np
import pytest

from synth.emotions import Emotion
from synth.faces.random_faces import map_seeds
from synth.generators import bundled, load_bundled_generator, load_native
from synth.generators.bundled import BUNDLED_NAME, BUNDLED_WEIGHTS
from synth.motion.direction_sets import find_bundled_directions
from synth.resizing import resize_frames
from synth.types import to_frames


def test_the_generator_has_the_shape_of_the_published_one():
    generator = load_bundled_generator()
    assert generator.name == BUNDLED_NAME
    assert generator.resolution == 1024
    assert (generator.num_layers, generator.w_dim) == (18, 512)


def test_pictures_of_a_lower_resolution_are_those_of_the_full_one():
    # Inversion and the studio's live pictures look at 256x256.
    generator = load_bundled_generator()
    w_plus = map_seeds(range(3), generator, 0.7)
    whole = to_frames(generator.synthesis(w_plus))
    for size in (256, 512):
        small = to_frames(generator.synthesis(w_plus, resolution=size))
        difference = small.astype(float) - resize_frames(whole, size)
        assert np.sqrt(np.mean(difference**2)) < 3


def test_all_weights_together_are_small_enough_to_ship():
    weights = list(BUNDLED_WEIGHTS.parents[3].glob("*/**/weights/*.safetensors"))
    assert BUNDLED_WEIGHTS in weights
    assert BUNDLED_WEIGHTS.stat().st_size <= 25e6
    assert sum(path.stat().st_size for path in weights) <= 40e6


def test_its_directions_are_found_and_cover_every_emotion():
    fitted = find_bundled_directions(load_bundled_generator())
    assert fitted is not None
    emotions = set(Emotion) - {Emotion.CALM}
    assert set(fitted.directions) == emotions
    assert set(fitted.calm_levels) == emotions


def test_the_card_tells_where_it_comes_from():
    card = load_native(BUNDLED_WEIGHTS).card
    for entry in ("data", "command", "seed", "hours", "lineage"):
        assert card.get(entry), f"needs {entry} on the card; got {sorted(card)}"
    assert float(card["hours"]) > 0


def test_missing_bundled_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "BUNDLED_WEIGHTS", tmp_path / "none.safetensors")
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors"):
        bundled.load_bundled_generator()
