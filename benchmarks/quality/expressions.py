"""Are emotions told, and do people stay themselves: hit rates, and dlib's distances.

Emotions are told by the judge, which is ours and knows renders, and by mini-XCEPTION, which others
trained on photographs (FER2013): it had no part in making what it looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations

import numpy as np

from benchmarks.quality.pictures import (
    Figures,
    Renderer,
    draw_faces,
    edit_faces,
    find_rows,
    render_faces,
    run_on,
)
from embed.networks.identity import DlibFaceEncoder
from synth.emotions import Emotion
from synth.generators.base import Generator
from synth.generators.bundled_parameters import (
    Z_DIM,
    FaceParameters,
    map_latents_to_parameters,
    truncate_parameters,
)
from synth.judging.judge import EmotionJudge
from synth.storage.assets import AssetError
from synth.types import Frames

JUDGE_PX = 256
IDENTITY_PX = 512

#: Frames [frame, n, n, 3] -> probabilities of the emotions [frame, 7].
Score = Callable[[Frames], np.ndarray]


def find_scores(judge: EmotionJudge) -> dict[str, Score]:
    """Who tells emotions, by name: the judge, and mini-XCEPTION where its file can be had."""
    from emotion_seq.classifiers.mini_xception import MiniXception

    found: dict[str, Score] = {"judge": score_with(judge)}
    other = MiniXception()
    try:
        other.fetch_models()
    except AssetError as error:
        print(f"mini-XCEPTION is left out: {error}")
    else:
        found["mini_xception"] = other.score
    return found


def score_with(judge: EmotionJudge) -> Score:
    """The judge as others are asked."""
    return lambda frames: run_on(frames, judge.judge).numpy()


def measure_edits(
    generator: Generator, scores: Mapping[str, Score], count: int, psi: float
) -> Figures:
    """Share of `count` random people at each emotion, by directions at intensity 1, told as such.

    Everybody looks at the same pictures.
    """
    shown = {
        emotion: draw_faces(generator, w_plus, JUDGE_PX)
        for emotion, w_plus in edit_faces(generator, count, psi).items()
    }
    figures: Figures = {"faces_per_emotion": count}
    for name, score in scores.items():
        figures |= count_hits(score, shown, name)
    return figures


def measure_hits(
    generator: Generator,
    scores: Mapping[str, Score],
    parameters: np.ndarray,
    renderer: Renderer | None,
) -> Figures:
    """Share of people of `parameters` at each emotion in full that are told as such.

    Known: G(w*) of the parameters; rendered: the same, drawn. Everybody looks at the same pictures.
    """
    shown = show_emotions(parameters)
    rows = {
        e: find_rows(generator, np.stack([face.to_vector() for face in faces]))
        for e, faces in shown.items()
    }
    pictures = {"known": {e: draw_faces(generator, w, JUDGE_PX) for e, w in rows.items()}}
    if renderer is not None:
        drawn = {e: render_faces(renderer, f, JUDGE_PX) for e, f in shown.items()}
        pictures["rendered"] = drawn
    figures: Figures = {"faces_per_emotion": len(parameters)}
    for what, frames in pictures.items():
        for name, score in scores.items():
            figures |= count_hits(score, frames, f"{what}_{name}")
    return figures


def show_emotions(parameters: np.ndarray) -> dict[Emotion, list[FaceParameters]]:
    """The people of parameter vectors [face, P], calm and with each emotion alone in full."""
    people = [FaceParameters.from_vector(vector) for vector in parameters]
    return {
        e: [face.with_emotion(None if e is Emotion.CALM else e.label) for face in people]
        for e in Emotion
    }


def count_hits(score: Score, shown: dict[Emotion, Frames], what: str) -> Figures:
    """The hit rate for each emotion and overall; confusions go to standard output."""
    hits: Figures = {}
    for emotion, frames in shown.items():
        told = score(frames).argmax(1)
        hits[f"{what}_{emotion.label}"] = float((told == emotion).mean())
        wrong = {e.label: int((told == e).sum()) for e in Emotion if e != emotion}
        told_as = ", ".join(f"{count} {name}" for name, count in wrong.items() if count)
        print(f"{what} {emotion.label}: told as {told_as or 'nothing else'}")
    return {f"{what}_all": float(np.mean(list(hits.values()))), **hits}


def measure_identity(
    generator: Generator, count: int, psi: float, renderer: Renderer | None
) -> Figures:
    """What dlib makes of `count` random people edited to each emotion; rendered_*: of as many
    others as the renderer draws them, which is what the generator learns from."""
    edited = edit_faces(generator, count, psi)
    shown = {e: draw_faces(generator, w_plus, IDENTITY_PX) for e, w_plus in edited.items()}
    figures: Figures = {"faces": count, **tell_people_apart(shown)}
    if renderer is not None:
        z = np.random.default_rng(0).normal(size=(count, Z_DIM))
        people = truncate_parameters(map_latents_to_parameters(z), np.full(count, psi))
        drawn = {
            e: render_faces(renderer, faces, JUDGE_PX) for e, faces in show_emotions(people).items()
        }
        figures |= {f"rendered_{key}": value for key, value in tell_people_apart(drawn).items()}
    return figures


def tell_people_apart(faces: Mapping[Emotion, Frames]) -> Figures:
    """dlib on the same people at each emotion: faces found, distances within and between people,
    and the share of pairs in which one person's two expressions are nearer to each other than two
    people with the same expression."""
    encoder = DlibFaceEncoder()
    shown = {emotion: encoder.encode(frames) for emotion, frames in faces.items()}
    found: np.ndarray = np.isfinite(np.stack(list(shown.values()))[..., 0])
    own = np.concatenate([_find_distances(shown[a], shown[b]) for a, b in combinations(shown, 2)])
    ones, others = np.triu_indices(found.shape[1], 1)
    apart = {e: _find_distances(rows[ones], rows[others]) for e, rows in shown.items()}
    calm_strangers, strangers = apart[Emotion.CALM], np.concatenate(list(apart.values()))
    calm = shown[Emotion.CALM]
    to_calm = {e: _find_distances(shown[e], calm) for e in shown if e.value}
    all_to_calm = np.concatenate(list(to_calm.values()))
    figures: Figures = {
        "found_calm": float(np.isfinite(calm[..., 0]).mean()),
        "found_all": float(found.mean()),
    }
    for emotion, distances in to_calm.items():
        figures[f"{emotion.label}_to_calm_median"] = float(np.median(distances))
        figures[f"{emotion.label}_to_calm_95_percent_below"] = float(np.percentile(distances, 95))
    return {
        **figures,
        "expression_to_calm_95_percent_below": float(np.percentile(all_to_calm, 95)),
        "two_expressions_median": float(np.median(own)),
        "two_expressions_95_percent_below": float(np.percentile(own, 95)),
        "calm_strangers_median": float(np.median(calm_strangers)),
        "calm_strangers_5_percent_below": float(np.percentile(calm_strangers, 5)),
        "expression_to_calm_nearer_than_calm_strangers": find_share_in_order(
            all_to_calm, calm_strangers
        ),
        "two_expressions_nearer_than_two_people": find_share_in_order(own, strangers),
    }


def _find_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distances of embeddings [face, dimension] where both faces were found."""
    distances = np.linalg.norm(a - b, axis=1)
    return distances[np.isfinite(distances)]


def find_share_in_order(near: np.ndarray, far: np.ndarray) -> float:
    """Share of all pairs (one of `near`, one of `far`) in which the near one is smaller."""
    farther = len(far) - np.searchsorted(np.sort(far), near, side="right")
    return float(farther.mean() / len(far))
