"""A film that a sound leads: turns, what drives, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sound_motion_samples import (
    EMOTIONS,
    ROWS,
    SCENE,
    STILL,
    W_DIM,
    find_times,
    list_reasons,
    make_directions,
)
from sound_samples import make_bursts, make_clicks, make_phrases, write_wav

from synth import Emotion, Interpolation, SoundMotion
from synth.motion.sound.categories import CastSettings
from synth.motion.sound.drive import DriveSettings
from synth.motion.sound.turns import TurnSettings


def test_a_film_turns_where_the_pitch_does(steps, face):
    path, at_s = steps
    categories = ["calm", "fear", "happiness", "anger", "sadness", "calm"]
    cast = replace(EMOTIONS, categories=categories)
    plan = SoundMotion(str(path), cast=cast, drive=STILL).plan(face, SCENE)
    times_s = find_times(plan)
    assert times_s == pytest.approx([0, *at_s, 7.5], abs=128 / 22050)
    assert [moment.label for moment in plan.moments] == categories
    assert list_reasons(plan) == ["start", *["peak"] * 4, "end"]
    assert plan.sound == path and plan.path.duration_s == 7.5
    rows = plan.path(torch.from_numpy(times_s)) - face.rows
    for row, name in zip(rows, categories, strict=True):
        direction = EMOTIONS.directions.directions.get(Emotion.parse(name))
        expected = torch.zeros(ROWS, W_DIM) if direction is None else 2 * direction.vector
        torch.testing.assert_close(row, expected, atol=1e-5, rtol=0)


def test_between_turns_alpha_is_the_variation_so_far(steps, face):
    path, _ = steps
    cast = replace(EMOTIONS, categories=["calm", "fear"])
    motion = SoundMotion(str(path), turns=TurnSettings(smoothing_s=0), cast=cast, drive=STILL)
    plan = motion.plan(face, SCENE)
    heard, turns = plan.pictures["sound.png"].heard, plan.path.turns
    stop_s = turns.turns[1].time_s
    stop = int(np.argmin(np.abs(heard.change_times_s - stop_s)))
    for t in (1, stop // 3, stop - 1):
        alpha = heard.variation[:t].sum() / heard.variation[:stop].sum()
        moved = plan.path(torch.tensor([heard.change_times_s[t]])) - face.rows
        assert float(moved.norm()) == pytest.approx(2 * alpha, abs=1e-4)
    eased = replace(motion, interpolation=Interpolation("smoothstep")).plan(face, SCENE)
    moved = float((eased.path(torch.tensor([heard.change_times_s[t]])) - face.rows).norm())
    assert moved == pytest.approx(2 * alpha**2 * (3 - 2 * alpha), abs=1e-3)


def test_smoothing_slows_what_a_single_hit_does_and_moves_no_turn(tmp_path, face):
    wave = make_bursts([1.0, 3.0, 3.5, 5.0], 6.0, 0.02)
    path = str(write_wav(tmp_path / "hits.wav", wave))
    times_s = torch.arange(0, 6 * 30, dtype=torch.float64) / 30
    speeds, turns = [], []
    for smoothing_s in (0, 0.1):
        settings = TurnSettings(smoothing_s=smoothing_s)
        plan = SoundMotion(path, turns=settings, cast=EMOTIONS, drive=STILL).plan(face, SCENE)
        speeds.append(float(plan.path(times_s).diff(dim=0).flatten(1).norm(dim=1).max()))
        turns.append(find_times(plan).tolist())
    assert speeds[1] < 0.5 * speeds[0] and turns[0] == turns[1]


def test_what_the_list_lacks_is_drawn_by_the_seed(steps, face):
    path, _ = steps
    cast = replace(EMOTIONS, categories=["fear"])
    names = [
        [
            m.label
            for m in SoundMotion(str(path), cast=replace(cast, seed=seed)).plan(face, SCENE).moments
        ]
        for seed in (1, 1, 2, 3)
    ]
    assert names[0] == names[1] and len(set(map(tuple, names))) > 1
    for list_ in names:
        assert list_[0] == "fear" and all(a != b for a, b in zip(list_, list_[1:]))  # noqa: B905, RUF007
        assert set(list_[1:]) <= {e.label for e in Emotion} - {"calm"}
    alone = SoundMotion(str(path), cast=EMOTIONS).plan(face, SCENE)
    assert alone.moments[0].label == alone.moments[-1].label == "calm"


def test_no_turn_comes_sooner_than_the_least_gap(tmp_path, face):
    random = np.random.default_rng(2)
    wave = make_bursts(np.sort(random.uniform(0.1, 29, 120)), 30.0, 0.02)
    path = str(write_wav(tmp_path / "dense.wav", wave))
    for gap_s in (0.5, 2.0):
        motion = SoundMotion(path, turns=TurnSettings(least_gap_s=gap_s), cast=EMOTIONS)
        times_s = find_times(motion.plan(face, SCENE))
        assert np.diff(times_s).min() >= gap_s and len(times_s) > 0.35 * 30 / gap_s


def test_troughs_and_peaks_are_told_apart(tmp_path, face):
    random = np.random.default_rng(0)
    noise = random.normal(0, 0.1, 6 * 22050) * np.repeat([1, 1, 0.03, 1, 1, 1], 22050)
    path = str(write_wav(tmp_path / "hole.wav", noise))
    reasons = {}
    for extrema in ("peaks", "troughs", "both", "none"):
        turns = TurnSettings(0.05, 0.2, extrema=extrema, silence="ignore")
        plan = SoundMotion(path, turns=turns, cast=EMOTIONS).plan(face, SCENE)
        reasons[extrema] = set(list_reasons(plan)) - {"start", "end"}
    assert reasons["none"] == set()
    assert reasons["peaks"] <= {"peak"} and reasons["troughs"] <= {"trough"}
    assert reasons["both"] <= {"peak", "trough"} and reasons["both"]


@pytest.mark.parametrize("silence", ["cut", "turn", "ignore"])
def test_a_silence_divides_a_story(silence, tmp_path, face):
    phrases = [(0.2, 2.0), (3.0, 5.0), (6.0, 8.0)]
    path = str(write_wav(tmp_path / "story.wav", make_phrases(phrases, 8.5)))
    turns = TurnSettings(extrema="none", silence=silence)
    cast = replace(EMOTIONS, categories=["happiness", "fear", "sadness"])
    plan = SoundMotion(path, turns=turns, cast=cast, drive=STILL).plan(face, SCENE)
    if silence == "ignore":
        assert list_reasons(plan) == ["start", "end"]
        return
    assert list_reasons(plan) == ["start", "silence", "silence", "end"]
    assert find_times(plan)[1:3] == pytest.approx([2.5, 5.5], abs=0.02)
    step = make_directions().directions[Emotion.HAPPINESS].vector
    shares = (plan.path(torch.tensor([0.5, 1.5, 2.4, 2.6])) - face.rows).mul(step).sum((1, 2)) / 2
    if silence == "cut":
        assert shares.tolist() == pytest.approx([1, 1, 1, 0], abs=1e-4)
    else:
        assert 1 > shares[0] > shares[1] > 0 <= shares[2] < 0.05


def test_loudness_is_intensity_and_silence_is_calm(tmp_path, face):
    phrases = [(0.3, 2.0), (3.0, 5.0)]
    wave = make_phrases(phrases, 6.0)
    wave[round(3.0 * 22050) :] *= 0.2
    cast = replace(EMOTIONS, categories=["fear"] * 20)
    drive = DriveSettings(loudness=1, pulse=0, sway=0)
    motion = SoundMotion(str(write_wav(tmp_path / "a.wav", wave)), cast=cast, drive=drive)
    times_s = torch.tensor([1.2, 2.5, 4.0, 5.9])
    shown = (motion.plan(face, SCENE).path(times_s) - face.rows).flatten(1).norm(dim=1) / 2
    assert shown[0] > 0.9 and shown[1] < 0.01 and 0.4 < shown[2] < 0.7 and shown[3] < 0.01
    half = replace(motion, drive=replace(drive, loudness=0.5)).plan(face, SCENE)
    shown_half = (half.path(times_s) - face.rows).flatten(1).norm(dim=1) / 2
    assert float(shown_half[2]) == pytest.approx(0.5 + 0.5 * float(shown[2]), abs=0.01)
    assert shown_half[1] < 0.01, "in silence the face rests, whatever the share"


def test_onsets_are_pulses_and_beats_sway_the_head(tmp_path, face):
    wave, at_s = make_clicks(120, 12.0)
    hum = 0.1 * np.sin(np.arange(len(wave)) * 0.05)
    path = str(write_wav(tmp_path / "clicks.wav", wave + hum.astype(np.float32)))
    cast = replace(EMOTIONS, categories=["fear"] * 20)
    pulsing = DriveSettings(loudness=0, pulse=1, sway=0, half_life_s=0.08)
    plan = SoundMotion(path, cast=cast, drive=pulsing).plan(face, SCENE)
    inner = torch.from_numpy(at_s[2:-2])
    on, off = (
        (plan.path(inner + late_s) - face.rows).flatten(1).norm(dim=1) for late_s in (0.04, 0.4)
    )
    assert (on > 1.3 * off).all()
    swaying = DriveSettings(loudness=0, pulse=0, sway=1)
    plan = SoundMotion(path, cast=replace(cast, categories=["calm"] * 20), drive=swaying).plan(
        face, SCENE
    )
    moved = plan.path(inner) - face.rows
    assert moved[:, 5:].abs().max() == 0, "pose is in the coarse rows"
    side = (moved * moved[0]).sum((1, 2)).sign()
    assert (side[1:] == -side[:-1]).all(), "another side on each beat"
    assert plan.record["sound"]["tempo_bpm"] == pytest.approx(120, rel=0.02)


def test_generators_that_lack_what_is_asked_for_are_named(steps, face):
    with pytest.raises(ValueError, match=r"generator with classes; got flat"):
        SoundMotion(str(steps[0]), cast=CastSettings(kind="classes")).plan(face, SCENE)
    with pytest.raises(ValueError, match=r"flat .*motion\.cast\.kind=people"):
        SoundMotion(str(steps[0])).plan(face, SCENE)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (lambda: CastSettings(categories=["hapiness"]), "did you mean 'happiness'"),
        (lambda: CastSettings(categories=[7]), "emotion"),
        (lambda: CastSettings(categories=[]), "categories"),
        (lambda: CastSettings(kind="people", categories=["anna"]), "seeds"),
        (lambda: CastSettings(kind="people", categories=[-1]), "seeds"),
        (lambda: CastSettings(kind="dogs"), "kind"),
        (lambda: CastSettings(intensity=3), "intensity"),
        (lambda: CastSettings(seed=-1), "seed"),
        (lambda: TurnSettings(least_gap_s=0), "least_gap_s"),
        (lambda: TurnSettings(rolling_s=float("nan")), "rolling_s"),
        (lambda: TurnSettings(extrema="tops"), "extrema"),
        (lambda: TurnSettings(silence="loud"), "silence"),
        (lambda: DriveSettings(loudness=2), "loudness"),
        (lambda: DriveSettings(prior_bpm=0), "prior_bpm"),
        (lambda: SoundMotion("a.wav", seconds=-1), "seconds"),
    ],
)
def test_wrong_settings_are_refused_at_once(settings, message):
    with pytest.raises(ValueError, match=message):
        settings()


def test_a_wrong_file_is_found_before_a_generator_is(tmp_path):
    path = write_wav(tmp_path / "quiet.wav", np.zeros(44100, np.float32))
    with pytest.raises(ValueError, match=r"quiet\.wav: needs a sound that can be heard"):
        SoundMotion(str(path)).check(SCENE)
    with pytest.raises(FileNotFoundError, match=r"none\.wav"):
        SoundMotion(str(tmp_path / "none.wav")).check(SCENE)


def test_frames_may_be_asked_for_in_any_order(steps, face):
    plan = SoundMotion(str(steps[0]), cast=EMOTIONS).plan(face, SCENE)
    times_s = torch.arange(0, 190, dtype=torch.float64) / 25
    whole = plan.path(times_s)
    order = torch.randperm(len(times_s), generator=torch.Generator().manual_seed(0))
    parts = torch.cat([plan.path(chunk) for chunk in times_s[order].split(7)])
    torch.testing.assert_close(parts, whole[order])
    assert torch.equal(plan.path(torch.tensor([99.0])), plan.path(torch.tensor([7.5])))


@pytest.mark.parametrize("shape", [(64, 64), (48, 96)])
def test_the_picture_shows_four_rows_of_the_film(shape, steps, face):
    plan = SoundMotion(str(steps[0]), cast=EMOTIONS).plan(face, SCENE)
    asked = []

    def draw(times_s):
        asked.extend(times_s.tolist())
        return np.full((len(times_s), *shape, 3), (0, 200, 0), np.uint8)

    picture = plan.pictures["sound.png"](draw)
    assert picture.shape == (1056, 1760, 3)
    green = (picture == (0, 200, 0)).all(-1).mean(1)
    assert green[-160:-60].max() > 0.8 and green[: len(green) // 2].max() < 0.05
    assert min(asked) >= 0 and max(asked) <= 7.5
