"""A model before and after it was taught: on held-out annotations and on an image."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

import numpy as np

from dense_transformer.config import PredictConfig, TeachConfig
from dense_transformer.errors import DataError, StoppedError
from dense_transformer.evaluation import score
from dense_transformer.inference import choose_device, predict
from dense_transformer.teaching.beginning import training_config
from dense_transformer.teaching.held_out import judge
from dense_transformer.teaching.lesson_data import open_lesson
from dense_transformer.teaching.snapshot import Lesson
from dense_transformer.types import Array, Image, Prediction, Progress, Scores
from dense_transformer.zoo import Model


@dataclass(frozen=True, slots=True)
class HeldOutScores:
    """How two models do on the annotations that a run didn't learn from.

    Attributes
    ----------
    before, after : Scores
        Of each model; NaN where only one class is held out.
    words : str
        The same for people.
    """

    before: Scores
    after: Scores
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class ImageComparison:
    """Two models' answers on one section of an image.

    Attributes
    ----------
    before, after : Prediction
        Of each model, in the image's pixels.
    difference : ndarray, shape (h, w), float32
        Probability after less before, -1 to 1.
    changed_share : float
        Share of the pixels whose most probable class is another.
    scores : (Scores, Scores) or None
        Before and after, against labels where they were given.
    """

    before: Prediction
    after: Prediction
    difference: Array
    changed_share: float
    scores: tuple[Scores, Scores] | None


def compare_held_out(
    lesson: Lesson,
    before: Model,
    after: Model,
    *,
    device: str = "auto",
    stop: Callable[[], bool] | None = None,
) -> Generator[Progress, None, HeldOutScores]:
    """Return how two models do on what a lesson holds out.

    Parameters
    ----------
    lesson : Lesson
        Of a run; with something held out.
    before, after : Model
        The models.
    device : str
        As in `PredictConfig`.
    stop : callable, optional
        Asked between pieces; True ends with StoppedError.

    Yields
    ------
    Progress
        Counted in models.

    Raises
    ------
    DataError
        If nothing is held out.
    ProjectError, ImageError
        If an image moved, changed or can't be read.
    """
    if not lesson.has_held_out:
        raise DataError(
            "nothing is held out, so the models can't be compared by scores; annotate "
            "another place and teach again"
        )
    found = []
    for done, model in enumerate((before, after)):
        yield Progress(done, 2, "model", message=f"judging {model.card.name}")
        config = training_config(TeachConfig(), model)
        data = open_lesson(lesson, model, config.patch)
        network = model.network.to(choose_device(device))
        work = judge(network, data.held_out, config)
        while True:
            try:
                next(work)
            except StopIteration as end:
                found.append(end.value.scores)
                break
            if stop is not None and stop():
                raise StoppedError("stopped before both models were judged")
            yield Progress(done, 2, "model")
        network.to("cpu")
    yield Progress(2, 2, "model")
    return HeldOutScores(found[0], found[1], _words(found[0], found[1]))


def compare_image(
    before: Model,
    after: Model,
    image: Image,
    config: PredictConfig | None = None,
    *,
    section: int = 0,
    labels: Array | None = None,
    stop: Callable[[], bool] | None = None,
) -> Generator[Progress, None, ImageComparison]:
    """Return how two models answer one section of an image.

    Parameters
    ----------
    before, after : Model
        The models.
    image, config, section, stop
        As for `predict`.
    labels : ndarray, shape (h, w), optional
        0 = unknown, else class index + 1, such as an example's `validation`.

    Yields
    ------
    Progress
        Counted in tiles of both; a finished tile of the second is its `part`.

    Raises
    ------
    What `predict` raises.
    """
    predictions: list[Prediction] = []
    for number, model in enumerate((before, after)):
        work = predict(model, image, config, section=section, stop=stop)
        while True:
            try:
                step = next(work)
            except StopIteration as end:
                predictions.append(end.value)
                break
            name = ("before", "after")[number]
            yield replace(
                step,
                done=step.done + number * step.total,
                total=2 * step.total,
                message=f"{name}: {step.message}" if step.message else "",
                part=step.part if number else None,
            )
    first, second = predictions
    difference = _unit(second.probability) - _unit(first.probability)
    difference.setflags(write=False)
    scores = None
    if labels is not None and np.any(labels):
        foreground = len(first.classes)
        scores = (
            score([(first.probability, labels)], foreground),
            score([(second.probability, labels)], foreground),
        )
    changed = float((first.labels != second.labels).mean())
    return ImageComparison(first, second, difference, changed, scores)


def _words(before: Scores, after: Scores) -> str:
    if np.isfinite(before.auc) and np.isfinite(after.auc):
        name, old, new = "AUC", before.auc, after.auc
    else:
        name, old, new = "IoU", before.iou, after.iou
    if not (np.isfinite(old) and np.isfinite(new)):
        return f"{after.pixels} pixels are held out, too few to tell"
    verdict = "better" if new > old else "worse" if new < old else "the same"
    return (
        f"{verdict}: {name} on {after.pixels} held-out pixels {old:.3f} before, "
        f"{new:.3f} after"
    )


def _unit(probability: Array) -> Array:
    if probability.dtype == np.uint8:
        return np.asarray(probability, np.float32) / np.float32(255)
    return np.array(probability, np.float32)
