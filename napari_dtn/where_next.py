"""Asks the core which places of an image would teach a model most."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dense_transformer.types import Progress
from napari_dtn.predicting import Request, Stop

if TYPE_CHECKING:
    from dense_transformer.teaching import Annotations

COUNT = 12  # places in the list


@dataclass(frozen=True, slots=True)
class Place:
    """A place worth annotating.

    Attributes
    ----------
    section : int
        0-based.
    box : tuple of int
        Top, left, bottom, right, px of the image.
    score : float
        The higher, the more there is to learn.
    reasons : str
        Why, in words.
    """

    section: int
    box: tuple[int, int, int, int]
    score: float
    reasons: str


Ranker = Callable[
    [Request, "Annotations | None", int, Stop],
    Generator[Progress, None, tuple[Place, ...]],
]


def rank_places(
    request: Request, annotations: Annotations | None, side: int, stop: Stop
) -> Generator[Progress, None, tuple[Place, ...]]:
    """Return the places of an image that would teach most, the best first.

    Parameters
    ----------
    request : Request
        Image, model, device and threads.
    annotations : Annotations or None
        What is annotated already; places there are left out. Where that is all of
        them, none is returned.
    side : int
        Height and width of a place, px; of smaller ones where none is left.
    stop : callable
        Says whether to end early.
    """
    from dense_transformer.errors import DataError
    from dense_transformer.teaching.ranking import rank_patches
    from dense_transformer.zoo import load_model

    image, config = request.source.image, request.config
    yield Progress(0, 1, message="reading the model")
    try:
        ranked = yield from rank_patches(
            load_model(request.model), image, annotations or _nothing(image),
            COUNT, (side, side),
            device=config.device, threads=config.threads, stop=stop,
        )  # fmt: skip
    except DataError:  # everything is annotated: an answer, and no failure
        return ()
    return tuple(
        Place(r.patch.section, r.patch.box, r.score, "; ".join(r.reasons))
        for r in ranked
    )


def _nothing(image: Any) -> Annotations:
    from dense_transformer.teaching import Annotations, SparseLabels

    shape = (image.sections, *image.size)
    return Annotations(SparseLabels(shape), (), ("inside", "boundary"))
