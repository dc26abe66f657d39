"""Many films on Ray: the same folders as by generate_video -m, weights loaded once."""

import functools
import importlib.util
import os
import sys

import pytest

from scripts import generate_videos_ray
from scripts.building import KeptParts, build
from scripts.constructors import Constructors
from scripts.generate_videos_ray import FilmMaker, RaySettings
from scripts.sweeping import read_sweep
from synth.film import film

SEEDS = ["face.seed=1,2", "track.emotions=[calm,anger]"]


@pytest.fixture
def words(run, monkeypatch):
    # Plots take longer than all else here.
    quick = functools.partial(film.save_scorecard, with_report=False)
    monkeypatch.setattr(film, "save_scorecard", quick)
    return [*run.base, *SEEDS]


def test_a_worker_makes_the_folders_of_a_sweep(run, words, monkeypatch):
    loaded = []
    whole = generate_videos_ray.generate_video

    def watch(job, place):
        loaded.append(job.generator.build())
        whole(job, place)

    monkeypatch.setattr(generate_videos_ray, "generate_video", watch)
    maker = FilmMaker(os.getcwd())
    parts = read_sweep(words).parts
    assert [maker.make(str(run.folder), part).state for part in parts] == ["finished"] * 2
    assert loaded[0] is loaded[1]
    made = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    # Hydra's own way finds nothing to do, so every setting was the same.
    code, errors = run("-m", *SEEDS)
    assert code == 0, errors
    assert all(path.read_bytes() == content for path, content in made.items())


def test_what_is_wrong_with_one_film_is_its_outcome(run, words):
    maker = FilmMaker(os.getcwd())
    (part, *_) = read_sweep([*words, "directions.path=missing.safetensors"]).parts
    outcome = maker.make(str(run.folder), part)
    assert outcome.state == "failed" and "missing.safetensors" in outcome.reason


def test_parts_are_built_again_for_other_settings_only():
    allowed = Constructors({"shard": frozenset({"embed.photos.listing.Shard"})})
    kept = KeptParts()
    built = [
        kept.build("shard", {"number": number}, lambda: build({}, "shard", allowed))
        for number in (1, 1, 2, 1)
    ]
    assert built[0] is built[1]
    assert built[1] is not built[2] and built[2] is not built[3]


@pytest.mark.parametrize(
    "changed", [{"workers": 0}, {"cpus": 0.0}, {"gpus": -1.0}], ids=["workers", "cpus", "gpus"]
)
def test_workers_that_cannot_be(changed):
    with pytest.raises(ValueError, match=r"needs ray\.workers from 1 on"):
        RaySettings(**{"address": None, "workers": None, "cpus": 1.0, "gpus": 0.0, **changed})


def test_ray_makes_films(run, words, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["ray", *words, "ray.workers=2", "ray.cpus=1"])
    if importlib.util.find_spec("ray") is None:
        with pytest.raises(SystemExit) as stopped:
            generate_videos_ray.main()
        assert stopped.value.code == 1 and 'pip install "moodreel[ray]"' in capsys.readouterr().err
        pytest.skip("needs Ray (the extra ray)")
    generate_videos_ray.main()
    assert "2 finished" in capsys.readouterr().out
