"""A random forest on multi-scale features, as ilastik-like plugins teach one.

Intensity, edges and texture at sigmas from 0.5 to 16 px (scikit-image), 100 trees
(scikit-learn): what people would use instead. Needs the extra ``bench``.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
from skimage.feature import multiscale_basic_features
from sklearn.ensemble import RandomForestClassifier

from benchmarks.teach_domains import Domain
from benchmarks.teach_scoring import THREADS, Array, score_maps
from dense_transformer.types import Scores

LARGEST_SIGMA = 16.0
MOST_PIXELS = 64_000  # of the annotated ones; more made it slower, not better
VIEW_PX = 512  # what is on screen


class Taught(NamedTuple):
    """What was reached, and when."""

    scores: Scores
    first_s: float  # until what is on screen is predicted with what was annotated
    end_s: float  # until the final model is there and a whole section predicted


def teach_forest(domain: Domain, labels: Array, seed: int) -> Taught:
    """Return the scores of a forest taught with annotations, and its times."""
    begin = time.perf_counter()
    inputs, answers = [], []
    view: Array | None = None
    for z in np.flatnonzero((labels > 0).any((1, 2))):
        features = describe(domain.pixels[z])
        known = labels[z] > 0
        inputs.append(features[known])
        answers.append(labels[z][known])
        view = features[:VIEW_PX, :VIEW_PX]
    forest = fit(np.concatenate(inputs), np.concatenate(answers), seed)
    assert view is not None, "nothing is annotated"
    predict(forest, view)
    first_s = time.perf_counter() - begin
    maps = {domain.score[0]: predict(forest, describe(domain.pixels[domain.score[0]]))}
    end_s = time.perf_counter() - begin
    for z in domain.score[1:]:
        maps[z] = predict(forest, describe(domain.pixels[z]))
    return Taught(score_maps(domain, lambda z: maps[z]), first_s, end_s)


def describe(pixels: Array) -> Array:
    """Return the features (h, w, f), float32, of a section (h, w) or (h, w, c)."""
    features = multiscale_basic_features(
        pixels,
        sigma_min=0.5,
        sigma_max=LARGEST_SIGMA,
        workers=THREADS,
        channel_axis=-1 if pixels.ndim == 3 else None,
    )
    return np.asarray(features, np.float32)


def fit(inputs: Array, answers: Array, seed: int) -> Any:
    """Return a forest of 100 trees."""
    rng = np.random.default_rng(seed)
    if len(answers) > MOST_PIXELS:
        some = rng.choice(len(answers), MOST_PIXELS, replace=False)
        inputs, answers = inputs[some], answers[some]
    forest = RandomForestClassifier(100, n_jobs=THREADS, random_state=seed)
    return forest.fit(inputs, answers)


def predict(forest: Any, features: Array) -> Array:
    """Return the foreground's probability, (h, w)."""
    flat = features.reshape(-1, features.shape[-1])
    found = forest.predict_proba(flat)[:, list(forest.classes_).index(2)]
    return np.asarray(found, np.float32).reshape(features.shape[:2])
