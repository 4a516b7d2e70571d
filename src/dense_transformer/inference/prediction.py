"""Predict an image: tiles through a network, joined again, in its own pixels."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np

from dense_transformer.ahead import Ahead
from dense_transformer.config import PredictConfig
from dense_transformer.errors import ConfigError, StoppedError
from dense_transformer.inference.channels import check_channels
from dense_transformer.inference.edits import check_edits, check_tiles, editing
from dense_transformer.inference.engine import Engine, TileResult, place_engine, try_run
from dense_transformer.inference.ladder import (
    Rung,
    cpu_rung,
    first_rung,
    fit_tile,
    next_rung,
)
from dense_transformer.inference.source import NetworkView, open_model_view
from dense_transformer.inference.stitch import Stitch
from dense_transformer.inference.tiles import plan_tiles
from dense_transformer.nn.devices import choose_device
from dense_transformer.types import (
    Array,
    Box,
    Image,
    Part,
    Prediction,
    Progress,
    WarpEdit,
)
from dense_transformer.zoo import Model


def predict(
    model: Model,
    image: Image,
    config: PredictConfig | None = None,
    *,
    section: int = 0,
    region: Box | None = None,
    stop: Callable[[], bool] | None = None,
    out: tuple[Array, Array] | None = None,
    edits: Sequence[WarpEdit] = (),
) -> Generator[Progress, None, Prediction]:
    """Return what a model finds in one section of an image.

    Parameters
    ----------
    model : Model
        Its network is left as it is.
    image : Image
        Read tile by tile. A model of one channel reads the mean of RGB, one
        of several reads a gray image several times.
    config : PredictConfig
        Tiles, device and type of the result.
    section : int
        Which section of a stack.
    region : Box or None
        (top, left, bottom, right), source px: the tiles that meet it come first.
    stop : callable
        Asked before each convolution; True ends the work with StoppedError.
    out : tuple of ndarray or None
        Arrays (h, w) to write the probability (type `config.dtype`) and the labels
        (uint8) to, such as memory-mapped files; None: new ones.
    edits : sequence of WarpEdit
        What to use instead of what transformers learned. Deeper ones see the space
        that the edited ones above them make.

    Yields
    ------
    Progress
        Counted in tiles, with each finished piece of the result as its `part`.

    Returns
    -------
    Prediction
        In source pixels, whatever pixel size the model works at.

    Raises
    ------
    ImageError
        If the image doesn't fit the model; see `open_model_view` and `check_channels`.
    ConfigError
        If an edit is for a level or tile that isn't there, or doesn't fit it.
    DeviceError
        If the device is not there, or no tile fits into memory.
    DivergedError
        If the network's values are not finite.
    StoppedError
        If `stop` asked for it.
    """
    config = config or PredictConfig()
    check_edits(edits, model.config)
    first = first_rung(model, config, choose_device(config.device))
    notice = check_channels(image, model.config.in_channels)
    view = open_model_view(model, image, section, config.pixel_nm)
    first = replace(first, tile=fit_tile(first.tile, view.size, model))
    arrays = out or (np.empty(image.size, config.dtype), np.empty(image.size, np.uint8))
    _check_out(arrays, image, config)
    job = _Job(model, view, config, first, region, stop, arrays, tuple(edits))
    stitch, rung = yield from _climb(job, [notice, _resampling(view), _flat(view)])
    return Prediction(
        probability=_read_only(arrays[0]),
        labels=_read_only(arrays[1]),
        levels=stitch.levels(),
        warps=stitch.warps(),
        classes=model.card.classes,
        device=rung.describe(first),
        image_name=result_name(image, section),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """What stays the same, however little memory there is."""

    model: Model
    view: NetworkView
    config: PredictConfig
    first: Rung
    region: Box | None
    stop: Callable[[], bool] | None
    out: tuple[Array, Array]
    edits: tuple[WarpEdit, ...]


def _climb(
    job: _Job, notices: list[str]
) -> Generator[Progress, None, tuple[Stitch, Rung]]:
    """Predict, with less at a time whenever memory runs out; return all of it."""
    rung = job.first
    while True:
        precision, threads = job.config.precision, job.config.threads
        engine: Engine | None = None  # frees the last one before the next is made
        engine = place_engine(
            job.model.network, rung.device, precision, threads, job.stop
        )
        if engine is None:
            rung = cpu_rung(rung, job.first)
            continue
        plan = plan_tiles(job.view.size, rung.tile, job.config.overlap)
        check_tiles(job.edits, plan)
        stitch = Stitch(plan, job.view, *job.out, keep_warps=job.config.keep_warps)
        tiles = f"{len(plan)} tiles of {rung.tile[0]} x {rung.tile[1]} px"
        message = "; ".join(
            [f"{tiles} on {rung.describe(job.first)}", *filter(None, notices)]
        )
        yield Progress(0, len(plan), "tile", message=message)
        rung = yield from _predict_tiles(job, rung, engine, stitch)
        if stitch.done == len(plan):
            return stitch, rung


def _predict_tiles(
    job: _Job, rung: Rung, engine: Engine, stitch: Stitch
) -> Generator[Progress, None, Rung]:
    """Predict all tiles of a plan; return the rung, early if it needs other tiles."""
    plan = stitch.plan
    region = job.view.to_network(job.region) if job.region else None
    start = monotonic()
    waiting: deque[tuple[tuple[int, int], Array]] = deque()

    def read(place: tuple[int, int]) -> Array:
        return job.view.read(plan.box(*place))

    order, ahead = plan.order(region), 2 * rung.batch
    with Ahead(read, order, ahead=ahead, name="dtn-tiles") as tiles:
        while stitch.done < len(plan):
            if job.stop is not None and job.stop():
                raise StoppedError(f"stopped after {stitch.done} of {len(plan)} tiles")
            while len(waiting) < rung.batch and tiles:
                waiting.append(tiles.take())
            batch = [waiting[i] for i in range(min(rung.batch, len(waiting)))]
            boxes = [plan.box(*place) for place, _ in batch]
            edit = editing(job.edits, job.model.config, boxes)
            results = try_run(engine, [pixels for _, pixels in batch], edit)
            if results is None:
                shorter = next_rung(rung, job.first, job.model.config.multiple)
                if shorter.tile != rung.tile or shorter.device != rung.device:
                    return shorter
                rung = shorter
                message = f"on {rung.describe(job.first)}"
                yield Progress(stitch.done, len(plan), "tile", message=message)
                continue
            yield from _add(stitch, batch, results, start)
            for _ in batch:
                waiting.popleft()
    return rung


def _add(
    stitch: Stitch,
    batch: list[tuple[tuple[int, int], Array]],
    results: list[TileResult],
    start: float,
) -> Iterator[Progress]:
    """Add a batch to the stitch and tell how far it is, with what was finished."""
    message, before = "", stitch.done
    parts = stitch.add([place for place, _ in batch], results)
    if before == 0 and stitch.dropped_bytes:
        message = (
            "points and coverage of the single tiles would take "
            f"{stitch.dropped_bytes / 2**30:.1f} GiB: only their fiducials are kept"
        )
    done, total = stitch.done, len(stitch.plan)
    left = (monotonic() - start) / done * (total - done)
    shown: Sequence[Part | None] = parts or [None]
    for part in shown:
        yield Progress(done, total, "tile", left, message, part=part)


def _check_out(
    arrays: tuple[Array, Array], image: Image, config: PredictConfig
) -> None:
    """Refuse arrays that the result doesn't fit into."""
    for array, dtype in zip(arrays, (config.dtype, "uint8"), strict=True):
        if array.shape != image.size or array.dtype != np.dtype(dtype):
            raise ConfigError(
                f"out: an array {array.shape} of {array.dtype} can't hold the result; "
                f"give one {image.size} of {dtype}"
            )


def _read_only(array: Array) -> Array:
    """Return a view that can't be written to; the caller's own array still can."""
    view = array.view()
    view.setflags(write=False)
    return view


def _resampling(view: NetworkView) -> str:
    if view.size == view.image.size:
        return ""
    height, width = view.size
    return f"seen at {height} x {width} px, as the model was trained"


def _flat(view: NetworkView) -> str:
    if view.intensity.high > view.intensity.low:
        return ""
    return "every pixel has the same value, or none: the result says nothing"


def result_name(image: Image, section: int) -> str:
    """Return what the result of a section is called."""
    return image.name if image.sections == 1 else f"{image.name}-z{section:04d}"
