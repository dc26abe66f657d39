"""Boundaries between an emotion's latents and calm ones, by scikit-learn (thesis, section 3.2).

    score(x) = x . n + b, above 0 on the emotion's side

Coordinates are standardised for the fit and the normal is brought back: n = n' / s, with s the
spread within a class: that between classes is what is looked for. All seven emotions at once give
softmax weights; those of an emotion less those of calm are its boundary against calm, so the
largest score, calm having 0, is the softmax's own answer.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import LinearSVC

from directions.fitting.settings import FitSettings, Scaling
from synth.emotions import Emotion

MAX_STEPS = 2000
#: A coordinate that hardly varies is left as it is.
LEAST_SPREAD = 1e-6

Features = Float[np.ndarray, "sample feature"]
Vector = Float[np.ndarray, " feature"]


@dataclass(frozen=True, eq=False)
class Boundary:
    """normal [feature], of any length, and offset."""

    normal: Vector
    offset: float

    def score(self, features: Features) -> Float[np.ndarray, " sample"]:
        """Above 0 on the emotion's side; in units of the normal's length."""
        return features @ self.normal + self.offset


def fit_boundaries(
    features: Features,
    emotions: Int[np.ndarray, " sample"],
    c: float,
    settings: FitSettings,
) -> dict[Emotion, Boundary]:
    """A boundary against calm for each emotion that has samples.

    Only calm samples and clear examples belong in here.
    """
    features = features.astype(np.float64)
    shown = [e for e in Emotion if e is not Emotion.CALM and (emotions == e).any()]
    if settings.contrast == "multinomial":
        return _fit_all(features, emotions, shown, c, settings)
    found = {}
    for emotion in shown:
        used = (emotions == Emotion.CALM) | (emotions == emotion)
        truth = emotions[used] == emotion
        found[emotion] = fit_boundary(features[used], truth, c, settings)
    return found


def fit_boundary(
    features: Features, truth: Bool[np.ndarray, " sample"], c: float, settings: FitSettings
) -> Boundary:
    """One boundary of two classes; both must have samples."""
    if settings.model == "mean":
        high, low = features[truth].mean(0), features[~truth].mean(0)
        return Boundary(high - low, float(-(high - low) @ (high + low) / 2))
    centre, spread = _measure_spread(features, truth, settings.standardise)
    scaled = (features - centre) / spread
    if settings.model == "svm":
        model = LinearSVC(C=c, class_weight="balanced", max_iter=MAX_STEPS, random_state=0)
    else:
        model = LogisticRegression(C=c, class_weight="balanced", max_iter=MAX_STEPS)
    with warnings.catch_warnings():
        # Weak regularisation may need more steps than help; cross-validation judges the result.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(scaled, truth)
    return _bring_back(model.coef_[0], float(np.ravel(model.intercept_)[0]), centre, spread)


def fit_slope(
    features: Features, values: Float[np.ndarray, " sample"], c: float, standardise: Scaling
) -> Vector:
    """The way along which an attribute changes: ridge regression, as strongly regularised as a
    logistic regression of this C."""
    centre, spread = _measure_spread(features, np.zeros(len(features)), standardise)
    scaled = (values - values.mean()) / max(float(values.std()), LEAST_SPREAD)
    model = Ridge(alpha=1 / c).fit((features - centre) / spread, scaled)
    return _bring_back(model.coef_, 0.0, centre, spread).normal


def _fit_all(
    features: Features,
    emotions: Int[np.ndarray, " sample"],
    shown: list[Emotion],
    c: float,
    settings: FitSettings,
) -> dict[Emotion, Boundary]:
    centre, spread = _measure_spread(features, emotions, settings.standardise)
    model = LogisticRegression(C=c, class_weight="balanced", max_iter=MAX_STEPS)
    model.fit((features - centre) / spread, emotions)
    if len(model.classes_) == 2:  # scikit-learn keeps one row for two classes
        return {
            shown[0]: _bring_back(
                model.coef_[0], float(np.ravel(model.intercept_)[0]), centre, spread
            )
        }
    intercepts = np.ravel(model.intercept_)
    at = {int(value): k for k, value in enumerate(model.classes_)}
    calm, found = at[Emotion.CALM], {}
    for emotion in shown:
        normal = model.coef_[at[emotion]] - model.coef_[calm]
        offset = intercepts[at[emotion]] - intercepts[calm]
        found[emotion] = _bring_back(normal, float(offset), centre, spread)
    return found


def _measure_spread(
    features: Features, classes: np.ndarray, standardise: Scaling
) -> tuple[Vector, Vector]:
    """Mean, and root of the mean squared distance from the mean of the own class."""
    centre = features.mean(0)
    if standardise == "none":
        return centre, np.ones_like(centre)
    within = np.zeros_like(centre)
    for value in np.unique(classes):
        own = features[classes == value]
        within += np.square(own - own.mean(0)).sum(0)
    within /= len(features)
    spread = np.sqrt(within if standardise == "each" else np.full_like(within, within.mean()))
    return centre, np.where(spread < LEAST_SPREAD, 1.0, spread)


def _bring_back(normal: Vector, offset: float, centre: Vector, spread: Vector) -> Boundary:
    normal = normal / spread
    return Boundary(normal, float(offset - centre @ normal))
