"""A study is fair and blind: what is shown to whom, and what the published folder tells."""

import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from preference_samples import save_films

from scripts import make_preference_study as script
from synth.scores.preferences.making import list_films, make_study
from synth.scores.preferences.plan import StudySettings, plan_study
from synth.video.reading import probe_video, read_frames

METHODS = ("ours", "tgan", "mocogan")


def make_paths(count=10):
    return {method: [Path(f"{method}/{k}.mp4") for k in range(count)] for method in METHODS}


def name_methods(plan, trial):
    return tuple(sorted(plan.films[film].method for film in plan.trials[trial].films))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    films = save_films(folder / "films", {"ours": 3, "tgan": 3})
    settings = StudySettings(seed=20261, same=1, frozen=1, per_voter=None)
    return folder / "out", make_study(films, settings, folder / "out"), films


def test_films_are_matched_by_index_or_all():
    by_index = plan_study(make_paths(4), StudySettings(per_voter=None, same=0, frozen=0))
    assert len(by_index.trials) == 3 * 4
    for trial in by_index.trials.values():
        assert len({by_index.films[film].source.name for film in trial.films}) == 1
    every = plan_study(make_paths(4), StudySettings(match="all", per_voter=None, same=0, frozen=0))
    assert len(every.trials) == 3 * 16 and len(every.sheets) == 1
    assert len({frozenset(trial.films) for trial in every.trials.values()}) == 48


@pytest.mark.parametrize("per_voter", [7, 12, 29])
def test_every_sheet_is_fair(per_voter):
    plan = plan_study(make_paths(), StudySettings(per_voter=per_voter, sheets=30, seed=1))
    shown = Counter()
    for sheet in plan.sheets:
        kinds = Counter(plan.trials[trial].kind for trial in sheet)
        assert kinds == {"pair": per_voter, "same": 2, "frozen": 2}
        assert len(set(sheet)) == len(sheet)
        pairs = [trial for trial in sheet if plan.trials[trial].kind == "pair"]
        groups = Counter(name_methods(plan, trial) for trial in pairs)
        assert set(groups) == set(combinations(sorted(METHODS), 2))
        assert max(groups.values()) - min(groups.values()) <= 1
        shown.update(pairs)
    assert len(shown) == 30 and max(shown.values()) - min(shown.values()) <= 2


def test_catches_are_what_they_are_called():
    plan = plan_study(make_paths(), StudySettings(same=3, frozen=4))
    kinds = Counter()
    for trial in plan.trials.values():
        one, other = (plan.films[film] for film in trial.films)
        kinds[trial.kind] += 1
        if trial.kind != "pair":
            assert trial.films[0] != trial.films[1] and one.source == other.source
            assert (one.is_frozen, other.is_frozen) == (False, trial.kind == "frozen")
    assert (kinds["same"], kinds["frozen"]) == (3, 4)


def test_a_seed_gives_the_same_study_and_none_a_secret_one():
    fixed = [plan_study(make_paths(), StudySettings(seed=7)) for _ in range(2)]
    assert fixed[0] == fixed[1]
    secret = [plan_study(make_paths(), StudySettings()) for _ in range(2)]
    assert secret[0].name != secret[1].name and not {*secret[0].films} & {*secret[1].films}
    assert plan_study(make_paths(), StudySettings(seed=secret[0].seed)) == secret[0]


def test_what_is_published_tells_nothing(study):
    folder, plan, _ = study
    published = [path for path in (folder / "page").rglob("*") if path.is_file()]
    own = [path for path in published if path.name == "study.js" or path.suffix == ".mp4"]
    assert len(own) == 1 + len(plan.films) == 1 + 6 + 2
    for path in own:
        for secret in ("tgan", "ours_", "frozen", "generator ", str(plan.seed)):
            assert secret.encode() not in path.read_bytes().lower(), (path, secret)
    told = json.loads((folder / "page" / "study.js").read_text()[len("window.STUDY = ") : -2])
    names = {film for pair in told["trials"].values() for film in pair}
    assert names == set(plan.films) and {*told["sheets"][0]} == set(plan.trials)
    assert all(pair == sorted(pair) for pair in told["trials"].values())
    assert list(told["trials"]) == sorted(told["trials"])
    tags = [probe_video(path).tags for path in own if path.suffix == ".mp4"]
    assert all(tag == tags[0] for tag in tags)


def test_films_are_the_films(study):
    folder, plan, _ = study
    for name, film in plan.films.items():
        path = folder / "page" / "films" / f"{name}.mp4"
        shown, source = (np.concatenate(list(read_frames(p))) for p in (path, film.source))
        assert shown.shape == source.shape and probe_video(path).fps == 50
        wanted = source[:1] if film.is_frozen else source
        assert np.abs(shown.astype(int) - wanted).mean() < 15
        moves = np.abs(np.diff(shown.astype(int), axis=0)).mean()
        assert (moves < 1) == film.is_frozen


def test_a_study_is_not_written_over(study):
    folder, _, films = study
    before = (folder / "key.json").read_bytes()
    with pytest.raises(FileExistsError, match="without a study"):
        make_study(films, StudySettings(), folder)
    assert (folder / "key.json").read_bytes() == before


def test_films_are_found_in_the_order_of_their_numbers(tmp_path):
    for name in ("b10.mp4", "b2.mp4", "notes.txt", ".hidden.mp4", "a.webm"):
        (tmp_path / name).touch()
    (tmp_path / "b3").mkdir()
    (tmp_path / "b3" / "frame_000000.png").touch()
    assert [path.name for path in list_films(tmp_path)] == ["a.webm", "b2.mp4", "b3", "b10.mp4"]
    with pytest.raises(ValueError, match="found none in"):
        list_films(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"match": "name"}, "match index or all"),
        ({"per_voter": 0}, "1 or more"),
        ({"frozen": -1}, "0 or more"),
        ({"undecided": False}, "same=0"),
    ],
)
def test_settings_are_checked(change, message):
    with pytest.raises(ValueError, match=message):
        StudySettings(**change)


def test_methods_are_checked():
    with pytest.raises(ValueError, match="two methods or more; got 3 of ours"):
        plan_study({"ours": make_paths(3)["ours"]}, StudySettings())
    uneven = {**make_paths(3), "tgan": make_paths(2)["tgan"]}
    with pytest.raises(ValueError, match=r"3 of ours, 2 of tgan.*match=all"):
        plan_study(uneven, StudySettings())
    assert plan_study(uneven, StudySettings(match="all", per_voter=None)).trials


def test_the_script_writes_one_folder(tmp_path, monkeypatch, capsys):
    films = save_films(tmp_path / "films", {"ours": 1, "tgan": 1})
    methods = ", ".join(f"{name}: '{place}'" for name, place in films.items())
    words = [f"methods={{{methods}}}", f"paths.outputs={tmp_path}", "name=mine", "study.frozen=1"]
    monkeypatch.setattr("sys.argv", ["make_preference_study", *words])
    script.main()
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {"page", "key.json"}
    told = capsys.readouterr().out
    assert "index.html: 4 pairs a voter" in told and "do not publish" in told
