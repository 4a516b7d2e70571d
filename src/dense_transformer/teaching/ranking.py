"""Where to annotate next: patches that a model is least sure about."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np

from dense_transformer.data import read_section
from dense_transformer.errors import DataError, DeviceError, StoppedError
from dense_transformer.inference import choose_device
from dense_transformer.inference.engine import (
    Engine,
    TileResult,
    place_engine,
    try_run,
)
from dense_transformer.inference.source import NetworkView, open_model_view
from dense_transformer.teaching.annotations import Annotations, Patch
from dense_transformer.teaching.candidates import plan_places
from dense_transformer.types import Array, Image, Progress
from dense_transformer.zoo import Model

_WEIGHTS = np.array([0.5, 0.35, 0.15])  # uncertainty, disagreement, warps
_NOTABLE = 2 / 3  # rank from which on a measure is a reason
_EMPTY = 0.1  # share of the usual contrast below which there is nothing to see


@dataclass(frozen=True, slots=True)
class RankedPatch:
    """A patch to annotate, with why.

    Attributes
    ----------
    patch : Patch
        In image px.
    score : float
        From 0 to 1; only their order counts.
    reasons : tuple of str
        In words for people, the strongest first.
    uncertainty : float
        Mean of 1 at a probability of one half, 0 where the model is certain.
    disagreement : float
        Mean difference of the probability between the patch and its mirror images.
    warp : float
        How far its warps are from the usual one, in usual deviations; 0 without any.
    """

    patch: Patch
    score: float
    reasons: tuple[str, ...]
    uncertainty: float
    disagreement: float
    warp: float


def rank_patches(
    model: Model,
    image: Image,
    annotations: Annotations,
    count: int = 10,
    size: tuple[int, int] = (224, 224),
    *,
    sections: Sequence[int] | None = None,
    candidates: int = 64,
    device: str = "auto",
    threads: int = 0,
    seed: int = 0,
    stop: Callable[[], bool] | None = None,
) -> Generator[Progress, None, tuple[RankedPatch, ...]]:
    """Return the patches of an image to annotate next, the most telling first.

    Each candidate is answered as it is and mirrored both ways. A patch counts by
    how uncertain the answer is, how much it depends on the mirroring, and how unlike
    those of other patches its warps are; each by its rank among the candidates.
    What is annotated by more than a quarter, and what holds nothing to see, is left
    out.

    Parameters
    ----------
    model : Model
        Whose doubts count.
    image : Image
        Where to look; only the candidates are read.
    annotations : Annotations
        What is done already.
    count : int
        How many to return.
    size : tuple of int
        Height and width of a patch, image px; halved, down to 64 px, where all such
        are annotated.
    sections : sequence of int, optional
        Where to look; in all sections by default.
    candidates : int
        How many to look at, drawn from all over the image.
    device, threads
        As in `PredictConfig`.
    seed : int
        Of the draw of candidates.
    stop : callable, optional
        Asked before each convolution; True ends with StoppedError.

    Yields
    ------
    Progress
        Counted in patches.

    Raises
    ------
    DataError
        If everything is annotated.
    ImageError
        If the image doesn't fit the model or can't be read.
    DeviceError
        If the device isn't there or its memory is too small.
    StoppedError
        If `stop` asked for it.
    """
    places = plan_places(
        image,
        annotations,
        size,
        candidates,
        sections,
        seed,
        model.config.multiple,
    )
    if not places:
        raise DataError(
            f"everything in {image.name} is annotated, by a quarter or more of each "
            "patch, small ones too; look at another image"
        )
    target = choose_device(device)
    engine = place_engine(model.network, target, "float32", threads, stop)
    if engine is None:
        raise DeviceError(f"the model doesn't fit on {target}; use device cpu")
    found: list[tuple[Patch, _Look]] = []
    views: dict[int, NetworkView] = {}
    for done, patch in enumerate(places):
        if stop is not None and stop():
            raise StoppedError(f"stopped after {done} of {len(places)} patches")
        yield Progress(done, len(places), "patch")
        if patch.section not in views:
            views = {patch.section: open_model_view(model, image, patch.section)}
        found.append((patch, _look(engine, model, views[patch.section], patch)))
    yield Progress(len(places), len(places), "patch")
    return _rank(found, count)


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What was measured on one candidate."""

    uncertainty: float
    unsure: float  # share of pixels between 20 and 80 %
    disagreement: float
    contrast: float
    theta: Array  # of all transformers together


def _look(engine: Engine, model: Model, view: NetworkView, patch: Patch) -> _Look:
    """Return the measures of one patch; the network sees it and its mirror images."""
    top, left, bottom, right = view.to_network(patch.box)
    multiple = model.config.multiple
    height = -(-(bottom - top) // multiple) * multiple
    width = -(-(right - left) // multiple) * multiple
    pixels = view.read((top, left, top + height, left + width))
    turned = [pixels, pixels[:, :, ::-1], pixels[:, ::-1]]
    results = _answers(engine, [np.ascontiguousarray(p) for p in turned])
    maps = [results[0].maps, results[1].maps[:, :, ::-1], results[2].maps[:, ::-1]]
    inner = np.s_[:, : bottom - top, : right - left]
    straight = maps[0][inner]
    if len(straight) == 1:
        sure = np.abs(2 * straight[0] - 1)
    else:  # from all alike, 0, to one alone, 1
        sure = (straight.max(0) * len(straight) - 1) / (len(straight) - 1)
    gap = np.mean([np.abs(straight - other[inner]).mean() for other in maps[1:]])
    theta = [level.theta for level in results[0].levels]
    raw = read_section(view.image, patch.section, patch.box).astype(np.float64)
    return _Look(
        float(1 - sure.mean()),
        float((sure < 0.6).mean()),
        float(gap),
        float(np.nanstd(np.where(np.isfinite(raw), raw, np.nan))),
        np.concatenate(theta) if theta else np.zeros(0),
    )


def _answers(engine: Engine, tiles: list[Array]) -> list[TileResult]:
    together = try_run(engine, tiles)
    if together is not None:
        return together
    single = [try_run(engine, [tile]) for tile in tiles]
    answers = [result[0] for result in single if result is not None]
    if len(answers) < len(tiles):
        raise DeviceError(
            f"the memory of {engine.device} is too small for a patch; take smaller "
            "patches or the device cpu"
        )
    return answers


def _rank(found: Sequence[tuple[Patch, _Look]], count: int) -> tuple[RankedPatch, ...]:
    """Return the best patches, of those that show something."""
    usual = float(np.median([look.contrast for _, look in found]))
    seen = [item for item in found if item[1].contrast >= _EMPTY * usual] or found
    warps = _unusual(np.stack([look.theta for _, look in seen]))
    measures = np.array([[k.uncertainty, k.disagreement] for _, k in seen])
    measures = np.column_stack([measures, warps])
    ranks = np.column_stack([_share_below(column) for column in measures.T])
    scores = ranks @ _WEIGHTS
    ranked = []
    for index in np.argsort(-scores, kind="stable")[:count]:
        patch, look = seen[index]
        reasons = _reasons(look, measures[index], ranks[index])
        ranked.append(
            RankedPatch(
                patch, float(scores[index]), reasons, *map(float, measures[index])
            )
        )
    return tuple(ranked)


def _unusual(theta: Array) -> Array:
    """Return how far each row is from the median, in median deviations; 0 if empty."""
    if theta.shape[1] == 0 or len(theta) < 3:
        return np.zeros(len(theta))
    away = np.abs(theta - np.median(theta, 0)).mean(1)
    usual = float(np.median(away))
    return np.asarray(away / usual if usual > 0 else np.zeros(len(theta)))


def _share_below(values: Array) -> Array:
    """Return for each value the share of the others below it; ties count half."""
    if len(values) == 1:
        return np.ones(1)
    ordered = np.sort(values)
    low = np.searchsorted(ordered, values, "left")
    high = np.searchsorted(ordered, values, "right")
    return np.asarray((low + high - 1) / 2 / (len(values) - 1))


def _reasons(look: _Look, measures: Array, ranks: Array) -> tuple[str, ...]:
    uncertainty, disagreement, warp = map(float, measures)
    words = (
        f"uncertain: {look.unsure:.0%} of its pixels are between 20 and 80 %, "
        f"{uncertainty:.2f} on average (0 certain, 1 a guess)",
        f"mirrored, it gets another answer: {100 * disagreement:.1f} points apart",
        f"warped unlike other patches: {warp:.1f} times the usual deviation",
    )
    notable = [i for i in np.argsort(-ranks * _WEIGHTS) if ranks[i] >= _NOTABLE]
    if warp < 1.5:
        notable = [i for i in notable if i != 2]
    if not notable:
        return (f"the most telling that is left; {words[0]}",)
    return tuple(words[i] for i in notable)
