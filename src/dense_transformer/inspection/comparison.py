"""Two models, or two checkpoints of a run, on the same image."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path

from dense_transformer.config import NetworkConfig, PredictConfig
from dense_transformer.errors import ModelError
from dense_transformer.inference import predict
from dense_transformer.inspection.changes import (
    TOLERANCE_PX,
    Change,
    Judgement,
    judge,
    measure_change,
    stage,
)
from dense_transformer.types import Array, Image, Prediction, Progress
from dense_transformer.zoo import Card, Model, find_model, list_models
from dense_transformer.zoo.container import read_header


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two models' predictions of one section, side by side.

    Attributes
    ----------
    names : (str, str)
        Of the models.
    predictions : (Prediction, Prediction)
        In source pixels, whatever pixel size each model works at.
    change : Change
        From the first to the second.
    scores : (Judgement, Judgement) or None
        Of both, against labels where they were given.
    notice : str
        What to mind, such as that they find different classes; mostly empty.
    """

    names: tuple[str, str]
    predictions: tuple[Prediction, Prediction]
    change: Change
    scores: tuple[Judgement, Judgement] | None
    notice: str


def compare(
    first: Model,
    second: Model,
    image: Image,
    config: PredictConfig | None = None,
    *,
    section: int = 0,
    labels: Array | None = None,
    before: Prediction | None = None,
    tolerance_px: float = TOLERANCE_PX,
    stop: Callable[[], bool] | None = None,
) -> Generator[Progress, None, Comparison]:
    """Return how two models see one section of an image.

    Each gets the image as it needs it: its pixel size, its channels and, unless
    `config` sets one, its own tile size.

    Parameters
    ----------
    first, second : Model
        The models.
    image, config, section, stop
        As for `predict`.
    labels : ndarray, shape (h, w), or None
        0 where unknown, else class index + 1.
    before : Prediction or None
        Of the first model, where it is there already.
    tolerance_px : float
        For the contours' scores.

    Yields
    ------
    Progress
        In tiles; the total is known once the second model has begun.

    Raises
    ------
    DataError
        If labels don't fit the image.
    And what `predict` raises.
    """
    names = _names(first, second)
    done = 0
    if before is None:
        work = predict(first, image, config, section=section, stop=stop)
        counted = _Counted(stage(names[0], work, after=1))
        before = yield from counted
        done = counted.tiles // 2
    work = predict(second, image, config, section=section, stop=stop)
    after = yield from stage(names[1], work, after=0, done=done)
    scores = None
    if labels is not None:
        one, two = (judge(p, labels, tolerance_px) for p in (before, after))
        scores = one, two
    change = measure_change(before, after)
    notice = _notice(first.card, second.card)
    return Comparison(names, (before, after), change, scores, notice)


class _Counted:
    """Progress passed on, its total kept."""

    def __init__(self, work: Generator[Progress, None, Prediction]) -> None:
        self._work, self.tiles = work, 0

    def __iter__(self) -> Generator[Progress, None, Prediction]:
        while True:
            try:
                step = next(self._work)
            except StopIteration as end:
                prediction: Prediction = end.value
                return prediction
            self.tiles = step.total
            yield step


def find_twin(name: str) -> str | None:
    """Return the model that differs from another by its transformers alone.

    A DTN's twin is a plain U-Net with the same network otherwise, the same classes,
    pixel size and data; a U-Net's is such a DTN. Among several, that of the same
    family of names (``x-dtn``, ``x-unet``), then of the same seed.

    Parameters
    ----------
    name : str
        Name of a shipped or own model, or the path of a file.

    Returns
    -------
    str or None
        A name that `load_model` takes; None where there is none.

    Raises
    ------
    ModelError
        If there is no such model, or its file is damaged.
    """
    path = find_model(name)
    header = read_header(path)
    found = []
    for entry in list_models():
        if entry.card is None or entry.path == path:
            continue
        try:
            other = read_header(entry.path)
        except ModelError:  # replaced meanwhile
            continue
        if bool(other.network.transformers) == bool(header.network.transformers):
            continue
        if _bare(other.network) == _bare(header.network) and _alike(
            header.card, other.card
        ):
            stem, seed = _stem(entry.name), other.card.seed
            rank = stem != _stem(path.stem), seed != header.card.seed, entry.name
            found.append((rank, entry.name))
    return min(found)[1] if found else None


def run_models(run: Path | str) -> tuple[Path, ...]:
    """Return the model files of a run that are there: the best, then the last."""
    names = ("best.safetensors", "last.safetensors")
    return tuple(path for n in names if (path := Path(run) / n).is_file())


def _bare(network: NetworkConfig) -> NetworkConfig:
    return replace(network, transformers=(), deterministic=False)


def _alike(a: Card, b: Card) -> bool:
    names = ("classes", "pixel_nm", "height_px", "zoom", "in_channels", "data")
    return all(getattr(a, n) == getattr(b, n) for n in names)


def _stem(name: str) -> str:
    words = name.lower().replace("_", "-").split("-")
    return "-".join(w for w in words if w not in ("dtn", "unet", "twin"))


def _names(first: Model, second: Model) -> tuple[str, str]:
    """Return both names, told apart by their files where they are the same."""
    one, two = first.card.name, second.card.name
    if one != two:
        return one, two
    if first.path.stem != second.path.stem:
        return f"{one} ({first.path.stem})", f"{two} ({second.path.stem})"
    return f"{one} (1)", f"{two} (2)"


def _notice(first: Card, second: Card) -> str:
    if first.classes == second.classes:
        return ""
    return (
        f"the models find different things: {first.classes[-1]!r} of "
        f"{len(first.classes)} classes and {second.classes[-1]!r} of "
        f"{len(second.classes)}; the difference is of these two"
    )
