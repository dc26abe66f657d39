"""Voters of known taste are recovered from their answers; what cannot be trusted is said."""

import json

import numpy as np
import pytest
from PIL import Image
from preference_samples import STRENGTHS, answer, decide, save_answers

from scripts import score_preferences as script
from synth.scores.preferences.answers import load_key, load_voters, read_voter
from synth.scores.preferences.making import describe_key
from synth.scores.preferences.plan import StudySettings, plan_study
from synth.scores.preferences.report import format_results, save_results
from synth.scores.preferences.results import measure_agreement, score_voters
from synth.scores.preferences.strengths import Ballot, compute_wilson, fit_strengths

SETTINGS = StudySettings(per_voter=None, seed=3)


def make_key(tmp_path, films=12, methods=(*STRENGTHS,)):
    paths = {method: [tmp_path / method / f"{k}.mp4" for k in range(films)] for method in methods}
    plain = describe_key(plan_study(paths, SETTINGS), SETTINGS)
    (tmp_path / "key.json").write_text(json.dumps(plain))
    return plain, load_key(tmp_path / "key.json")


def vote(plain, key, count, seed=0, taste=STRENGTHS, undecided=0.0):
    rng = np.random.default_rng(seed)
    return [
        read_voter(answer(plain, decide(plain, rng, taste, undecided), f"v{k}", rng), key)
        for k in range(count)
    ]


def test_strengths_of_simulated_voters_are_recovered(tmp_path):
    results = score_voters(*_reverse(make_key(tmp_path), 20))
    assert list(results.strengths) == ["ours", "mocogan", "tgan"]
    for name, strength in results.strengths.items():
        assert strength.low < STRENGTHS[name] < strength.high
        assert strength.high - strength.low < 0.6
        assert strength.chance == pytest.approx(1 / (1 + np.exp(-strength.log_odds)))
    assert results.intervals_of == "voters"
    (pair,) = (pair for pair in results.pairs if pair.methods == ("ours", "tgan"))
    expected = 1 / (1 + np.exp(STRENGTHS["tgan"] - STRENGTHS["ours"]))
    assert pair.first.low < expected < pair.first.high
    assert pair.answers == 12 * 20 and pair.neither.count == 0
    assert (results.voters, results.answers, results.excluded) == (20, 720, {})
    assert results.left.low < 0.5 < results.left.high
    assert results.median_s == 2.5


def _reverse(keys, count):
    plain, key = keys
    return key, vote(plain, key, count)


@pytest.mark.parametrize("voters", [4, 8, 20])
def test_intervals_hold_what_they_promise(voters):
    """Of the intervals of many studies about 95 % hold the truth."""
    rng, names = np.random.default_rng(5), [*STRENGTHS]
    truth, hits, studies = np.array([STRENGTHS[name] for name in names]), 0, 150
    for _ in range(studies):
        ballots = []
        for _ in range(voters):
            chances = 1 / (1 + np.exp(truth[None] - truth[:, None]))
            wins = np.triu(rng.binomial(12, chances), 1).astype(float)
            ballots.append(Ballot(wins + np.tril(12 - wins.T, -1)))
        strengths, _ = fit_strengths(ballots)
        hits += sum(s.low < t < s.high for s, t in zip(strengths, truth, strict=True))
    assert 0.92 < hits / (3 * studies) < 0.99


def test_voters_who_repeat_themselves_tell_less_than_their_votes():
    def fit(repeats):
        """Ten voters, six of whom say one thing, again and again, and four the other."""
        kinds = np.array([[0.0, 1], [0, 0]]), np.array([[0.0, 0], [1, 0]])
        strengths, of = fit_strengths([Ballot(repeats * kinds[k >= 6]) for k in range(10)])
        assert of == "voters"
        return strengths[0].high - strengths[0].low

    # Sixteen times as many votes that are independent would make it a quarter as wide.
    assert fit(16) == pytest.approx(fit(1), rel=0.25)


def test_who_always_wins_is_finitely_strong():
    wins = np.array([[0.0, 30, 30], [0, 0, 15], [0, 15, 0]])
    strengths, of = fit_strengths([Ballot(wins)])
    assert 3 < strengths[0].log_odds - strengths[1].log_odds < 7
    assert strengths[1].log_odds == pytest.approx(strengths[2].log_odds)
    assert sum(s.log_odds for s in strengths) == pytest.approx(0)
    assert "independent" in of


def test_two_methods_have_the_odds_of_their_votes():
    strengths, _ = fit_strengths([Ballot(np.array([[0.0, 29.5], [9.5, 0]]))])
    assert strengths[0].log_odds - strengths[1].log_odds == pytest.approx(np.log(30 / 10))
    even, _ = fit_strengths([Ballot(np.array([[0.0, 5], [5, 0]]))])
    assert even[0].log_odds == pytest.approx(0)


def test_methods_that_nothing_connects_have_no_strengths():
    wins = np.zeros((4, 4))
    wins[0, 1] = wins[2, 3] = 5
    assert fit_strengths([Ballot(wins)]) is None


def test_wilson_is_the_published_interval():
    # Newcombe (1998), table I: 81 of 263 and 0 of 20.
    assert compute_wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert compute_wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert compute_wilson(0, 0) == (0, 1)


def test_no_difference_counts_for_nobody(tmp_path):
    plain, key = make_key(tmp_path)
    results = score_voters(key, vote(plain, key, 6, undecided=1.0))
    for pair in results.pairs:
        assert pair.neither.share == 1 and pair.first.count == pair.second.count == 0
    assert all(s.log_odds == pytest.approx(0) for s in results.strengths.values())
    some = score_voters(key, vote(plain, key, 6, undecided=0.3))
    assert next(iter(some.strengths)) == "ours"


def test_careless_voters_are_left_out_and_named(tmp_path):
    plain, key = make_key(tmp_path)
    careful = vote(plain, key, 5)
    rng = np.random.default_rng(9)
    lefts = answer(plain, dict.fromkeys(plain["trials"]), "lefty", rng)
    for one in lefts["answers"]:
        one["chosen"] = "left"
    lefty = read_voter(lefts, key)
    assert lefty.failed["same"] == 2 and lefty.failed_share >= 0.5
    results = score_voters(key, [*careful, lefty])
    assert results.excluded == {"lefty": lefty.failed_share}
    alone = score_voters(key, careful)
    assert (results.pairs, results.strengths) == (alone.pairs, alone.strengths)
    assert results.catches["same"].failed == 2 and results.catches["same"].shown == 12
    assert score_voters(key, [*careful, lefty], most_failed=1.0).voters == 6
    with pytest.raises(ValueError, match="none of whom counts"):
        score_voters(key, [lefty])


def test_voters_who_agree_and_voters_who_do_not(tmp_path):
    plain, key = make_key(tmp_path, 30)
    twins = [vote(plain, key, 1, seed=1)[0] for _ in range(3)]
    assert measure_agreement(twins) == (1, 1)
    fair = dict.fromkeys(STRENGTHS, 0.0)
    agreement, alpha = measure_agreement(vote(plain, key, 12, taste=fair))
    assert agreement == pytest.approx(0.5, abs=0.03) and alpha == pytest.approx(0, abs=0.05)
    assert measure_agreement(twins[:1]) == (None, None)


def test_agreement_is_that_of_krippendorffs_example():
    """Computing Krippendorff's alpha-reliability (2011), section B: two observers, ten units."""
    from synth.scores.preferences.answers import Vote, Voter

    rows = ([0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0])
    observers = [
        Voter(str(n), tuple(Vote(f"t{k}", ("a", "b"), float(x)) for k, x in enumerate(row)),
              {}, {}, 0, (), ())
        for n, row in enumerate(rows)
    ]  # fmt: skip
    agreement, alpha = measure_agreement(observers)
    assert agreement == pytest.approx(0.6) and alpha == pytest.approx(0.095, abs=5e-4)


def test_pairs_that_could_not_be_shown_are_counted_only(tmp_path):
    plain, key = make_key(tmp_path)
    content = answer(plain, dict.fromkeys(plain["trials"]), "v", np.random.default_rng(0))
    pair = next(a for a in content["answers"] if plain["trials"][a["trial"]]["kind"] == "pair")
    pair["chosen"] = "broken"
    voter = read_voter(content, key)
    assert voter.broken == 1 and len(voter.votes) == 35


def test_of_two_files_of_a_voter_the_longer_counts(tmp_path):
    plain, key = make_key(tmp_path)
    rng = np.random.default_rng(0)
    whole = answer(plain, decide(plain, rng, STRENGTHS), "v", rng)
    half = {**whole, "answers": whole["answers"][:9]}
    paths = [
        save_answers(tmp_path / folder, content)
        for folder, content in (("a", half), ("b", whole), ("c", half))
    ]
    (voter,) = load_voters(paths, key)
    assert len(voter.votes) == 36


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update(study="other"), "answers to study .*answers study 'other'"),
        (lambda c: c.update(format="x"), "needs answers of format"),
        (lambda c: c["answers"][0].update(chosen="best"), "has others"),
        (lambda c: c["answers"][0].update(left="nobody"), "has others"),
        (lambda c: c["answers"][0].update(trial="nothing"), "has others"),
        (lambda c: c["answers"].append(c["answers"][0]), "has others"),
        (lambda c: c.pop("voter"), "has others"),
    ],
)
def test_files_that_are_no_answers_are_named(tmp_path, change, message):
    plain, key = make_key(tmp_path, 2)
    content = answer(plain, dict.fromkeys(plain["trials"]), "v", np.random.default_rng(0))
    path = save_answers(tmp_path / "answers", content)
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message) as error:
        load_voters([path], key)
    assert str(path) in str(error.value)


def test_a_key_that_is_none_is_named(tmp_path):
    path = tmp_path / "key.json"
    for text in ("[]", '{"format": "other"}', "{"):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"key\.json"):
            load_key(path)


def test_the_script_writes_table_and_plot(tmp_path, monkeypatch, capsys):
    plain, _ = make_key(tmp_path)
    rng = np.random.default_rng(2)
    for k in range(3):
        save_answers(
            tmp_path / "in", answer(plain, decide(plain, rng, STRENGTHS, 0.1), f"v{k}", rng)
        )
    words = [f"key={tmp_path}/key.json", f"answers=['{tmp_path}/in']", f"paths.outputs={tmp_path}"]
    monkeypatch.setattr("sys.argv", ["score_preferences", *words, "name=out"])
    script.main()
    page = capsys.readouterr().out
    results = json.loads((tmp_path / "out" / "preferences.json").read_text())
    assert (tmp_path / "out" / "preferences.md").read_text().strip() == page.strip()
    assert "| ours / tgan | 36 |" in page and "excluded, for more than 34%" in page
    assert results["format"] == "moodreel-preferences-1" and results["voters"] == 3
    with Image.open(tmp_path / "out" / "preferences.png") as plot:
        assert plot.size[0] > 1000
    monkeypatch.setattr("sys.argv", ["score_preferences", words[0], f"answers=['{tmp_path}/no']"])
    with pytest.raises(SystemExit):
        script.main()
    assert "no" in capsys.readouterr().err


def test_a_page_without_strengths_says_so(tmp_path):
    plain, key = make_key(tmp_path, 2, ("ours", "tgan", "mocogan"))
    rng = np.random.default_rng(0)
    content = answer(plain, decide(plain, rng, STRENGTHS), "v", rng)
    two = {n for n, f in plain["films"].items() if f["method"] != "mocogan"}
    content["answers"] = [a for a in content["answers"] if {a["left"], a["right"]} <= two]
    results = score_voters(key, [read_voter(content, key)])
    assert results.strengths is None and len(results.pairs) == 1
    assert "No strengths" in format_results(results)
    save_results(tmp_path / "r.json", results)
