"""What is done to a model before its first step: bright for dark, zoom, statistics."""

from __future__ import annotations

import copy
import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dense_transformer.data import Pair
from dense_transformer.nn.devices import is_out_of_memory
from dense_transformer.teaching.held_out import (
    MANY,
    SPARE,
    judge,
    merit_of,
    slack_of,
)
from dense_transformer.teaching.renorming import (
    adapt_statistics,
    inverted_copy,
    is_negative,
)
from dense_transformer.teaching.zoom import propose_zoom

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from dense_transformer.config import TeachConfig, TrainConfig
    from dense_transformer.nn import DenseTransformerNetwork
    from dense_transformer.teaching.lesson_data import LessonData
    from dense_transformer.teaching.lesson_views import LessonViews
    from dense_transformer.teaching.sampling import Spot
    from dense_transformer.teaching.zoom import Proposal

JUDGED = 8  # places to choose by
MARGIN = 0.005  # of merit that a change must gain, or more where pixels are few
LEAST_TRUST = 0.025


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """What the first step begins with.

    Attributes
    ----------
    network : DenseTransformerNetwork
        A copy, on the device of the model.
    words : str
        What was changed; empty if nothing.
    trust : float
        How far to believe it where nothing is annotated, 0 to 1.
    merit : float
        How good it is on all that is annotated; see `merit_of`.
    zoom : float
        How much larger than the model it sees images.
    evident : bool
        Whether the images look like the model's own at that zoom: then few labels that
        don't tell the two apart don't speak against it.
    pixels : float
        Annotated ones that it was chosen by, as the model sees them.
    adapted : bool
        Whether its batch norm has statistics of the images, or the model was taught
        before: then it knows something of them.
    """

    network: DenseTransformerNetwork
    words: str
    trust: float
    merit: float
    zoom: float = 1.0
    evident: bool = False
    pixels: float = MANY
    adapted: bool = False

    @property
    def least_gain(self) -> float:
        """Merit that a change has to gain."""
        return max(MARGIN, slack_of(self.pixels))


def choose_base(
    network: DenseTransformerNetwork,
    views: LessonViews,
    teach: TeachConfig,
    config: TrainConfig,
) -> Generator[str, None, Base]:
    """Return what to begin with, as annotations say: the model, or a changed copy.

    Parameters
    ----------
    network : DenseTransformerNetwork
        The model, on its device; it isn't changed.
    views : LessonViews
        All annotations count, held out or not: few strokes are little to choose by.
    teach, config
        What may be changed, and how to compute.

    """
    best, words = copy.deepcopy(network).eval(), ""
    judged = _judged(views.at(1.0), config)
    found = yield from judge(best, judged, config)
    if teach.invert:
        negative = inverted_copy(network).eval()
        validation = yield from judge(negative, judged, config)
        if is_negative(found.scores.auc, validation.scores.auc):
            best, words, found = negative, "intensities inverted", validation
    pixels = sum(int((pair.labels > 0).sum()) for pair in judged)
    del judged  # it keeps pixels that one may be about to see larger
    trust = trust_in(found.scores.auc, pixels)
    taught = bool(views.model.card.parent)
    base = Base(best, words, trust, merit_of(found), pixels=pixels, adapted=taught)
    proposal = None
    if teach.zoom and config.data.height_px is None:
        proposal = yield from propose_zoom(best, views.look, views.model.card.zoom)
    plain = yield from _with_statistics(base, views.at(1.0), teach, config)
    if proposal is None:
        return plain
    try:
        zoomed = yield from _zoomed(base, proposal, views, teach, config)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return plain  # enlarged it takes many times the memory
    wanted = plain.merit + (-SPARE if proposal.evident else base.least_gain)
    return zoomed if zoomed.merit > wanted else plain


def _zoomed(
    base: Base,
    proposal: Proposal,
    views: LessonViews,
    teach: TeachConfig,
    config: TrainConfig,
) -> Generator[str, None, Base]:
    """Return a base that sees images as proposed."""
    data = views.at(proposal.zoom)
    found = yield from judge(base.network, _judged(data, config), config)
    seen = f"the image seen {proposal.zoom:.2g} times as large"
    larger = Base(
        base.network,
        ", ".join(filter(None, (base.words, seen))),
        trust_in(found.scores.auc, base.pixels),
        merit_of(found),
        proposal.zoom,
        proposal.evident,
        base.pixels,
        base.adapted,
    )
    return (yield from _with_statistics(larger, data, teach, config))


def _with_statistics(
    base: Base,
    data: LessonData,
    teach: TeachConfig,
    config: TrainConfig,
) -> Generator[str, None, Base]:
    """Return a base with statistics of the image where that gains enough, else it."""
    if not teach.adapt:
        return base
    adapted = copy.deepcopy(base.network)
    yield "measuring the image's statistics"
    adapt_statistics(adapted, [pair.pixels for pair in data.windows])
    found = yield from judge(adapted, _judged(data, config), config)
    if merit_of(found) <= base.merit + base.least_gain:
        return base
    return dataclasses.replace(
        base,
        network=adapted,
        words=", ".join(filter(None, (base.words, "statistics of this image"))),
        trust=trust_in(found.scores.auc, base.pixels),
        merit=merit_of(found),
        adapted=True,
    )


def _judged(data: LessonData, config: TrainConfig) -> list[Pair]:
    """Return what to choose by: some of the places, and what is held out."""
    return [*_windows_of(data.spots, config.patch), *data.held_out[:JUDGED]]


def trust_in(auc: float, pixels: float = MANY) -> float:
    """Return how far to believe a model where nothing is annotated, 0 to 1.

    ``4 auc - 3`` of its area under the ROC curve on what is annotated, and next to
    nothing below 0.75: what finds so little had better be forgotten, but few strokes
    hold together better with a little of it (``docs/teach-study.md``). Of few pixels
    ``2 auc - 1``: people paint where a model is wrong, so that it is better elsewhere
    than it looks there. 1 where the area isn't known, as of one class.

    Parameters
    ----------
    auc : float
        On what is annotated.
    pixels : float
        How much that is.
    """
    if not math.isfinite(auc):
        return 1.0
    share = 2 * auc - 1 if pixels < MANY else 4 * auc - 3
    return min(1.0, max(LEAST_TRUST, share))


def _windows_of(spots: Sequence[Spot], patch: tuple[int, int]) -> list[Pair]:
    """Return some of the spots as pairs of the size of a patch."""
    count = min(len(spots), JUDGED)
    pairs = []
    for index in range(count):
        spot = spots[index * len(spots) // count]
        size = spot.pair.labels.shape
        corner = []
        for axis in (0, 1):
            middle = (spot.box[axis] + spot.box[axis + 2]) // 2
            last = max(0, size[axis] - patch[axis])
            corner.append(min(max(0, middle - patch[axis] // 2), last))
        y, x = corner
        cut = np.s_[y : y + patch[0], x : x + patch[1]]
        pairs.append(
            Pair(spot.pair.name, spot.pair.pixels[:, *cut], spot.pair.labels[cut])
        )
    return pairs
