"""What ships: a generator and its directions, that belong together and tell their origin."""

from directions.store import find_bundled_directions
from synth.checkpoints.native import load_native
from synth.emotions import Emotion
from synth.generators import load_bundled_generator
from synth.generators.bundled import BUNDLED_WEIGHTS
from synth.training.pack import NAME


def test_the_generator_is_large_enough_to_look_at():
    generator = load_bundled_generator()
    assert generator.name == NAME
    assert generator.resolution >= 256
    assert generator.w_dim == 512


def test_its_directions_are_found_and_cover_every_emotion():
    fitted = find_bundled_directions(load_bundled_generator())
    assert fitted is not None
    emotions = set(Emotion) - {Emotion.CALM}
    assert set(fitted.directions) == emotions
    assert set(fitted.calm_levels) == emotions


def test_the_card_tells_where_it_comes_from():
    card = load_native(BUNDLED_WEIGHTS).card
    for entry in ("data", "command", "seed", "hours_on_two_cores"):
        assert card.get(entry), f"needs {entry} on the card; got {sorted(card)}"
    assert float(card["hours_on_two_cores"]) > 0
