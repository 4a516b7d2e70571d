"""Predict straight into files, for images whose results fill the memory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import tifffile

from dense_transformer.config import PredictConfig
from dense_transformer.files import remove_partial, staged_file
from dense_transformer.inference.files import (
    PixelSize,
    file_name,
    make_folder,
    tiff_options,
    write_details,
)
from dense_transformer.inference.prediction import predict, result_name
from dense_transformer.types import (
    Array,
    Box,
    Image,
    Prediction,
    Progress,
    WarpEdit,
)
from dense_transformer.zoo import Model

_BLOCK = 2**24  # bytes written at once


def predict_to_files(
    model: Model,
    image: Image,
    config: PredictConfig | None = None,
    *,
    out: Path | str,
    section: int = 0,
    region: Box | None = None,
    stop: Callable[[], bool] | None = None,
    edits: Sequence[WarpEdit] = (),
) -> Generator[Progress, None, tuple[Prediction, tuple[Path, ...]]]:
    """Predict as `predict` and write as `write_prediction`, without a copy in memory.

    Probability and labels are written through memory maps while tiles come in, and
    appear under their names when all is done; if not, nothing is left behind.

    Returns
    -------
    Prediction
        Its probability and labels are memory maps of the files.
    tuple of Path
        The files.

    Raises
    ------
    WriteError
        If the disk is full (before anything is computed) or the folder read-only.
        And what `predict` raises.
    """
    config = config or PredictConfig()
    image = replace(image, pixel_nm=config.pixel_nm or image.pixel_nm)
    folder, name = make_folder(out), file_name(result_name(image, section))
    remove_partial(folder)  # of a prediction that was killed
    paths = folder / f"{name}-probability.tif", folder / f"{name}-labels.tif"
    with contextlib.ExitStack() as stack:
        arrays = [
            stack.enter_context(_mapped(path, image.size, dtype, image.pixel_nm))
            for path, dtype in zip(paths, (config.dtype, "uint8"), strict=True)
        ]
        result = yield from predict(
            model,
            image,
            config,
            section=section,
            region=region,
            stop=stop,
            out=(arrays[0], arrays[1]),
            edits=edits,
        )
        # A file that is still mapped can't be renamed on Windows.
        nothing = np.empty((0, 0), np.uint8)
        result = replace(result, probability=nothing, labels=nothing)
        arrays.clear()
    maps = [tifffile.memmap(path, mode="r") for path in paths]
    result = replace(result, probability=maps[0], labels=maps[1])
    details = write_details(result, image, folder, model=model.card.name, edits=edits)
    return result, (*paths, *details)


@contextlib.contextmanager
def _mapped(
    path: Path, size: tuple[int, int], dtype: str, pixel_nm: PixelSize
) -> Iterator[Array]:
    """Give a map of a new TIFF file that appears as `path` when the block ends."""
    with staged_file(path) as file:
        options = tiff_options(pixel_nm)
        with tifffile.TiffWriter(file, bigtiff=_needs_bigtiff(size, dtype)) as tiff:
            place = tiff.write(shape=size, dtype=dtype, returnoffset=True, **options)
        offset, count = cast("tuple[int, int]", place)
        _fill(file, offset, count)
        yield np.memmap(file, dtype=dtype, mode="r+", offset=offset, shape=size)


def _needs_bigtiff(size: tuple[int, int], dtype: str) -> bool:
    """Return whether offsets within the file don't fit 32 bits."""
    return size[0] * size[1] * np.dtype(dtype).itemsize > 2**32 - 2**25


def _fill(file: Any, offset: int, count: int) -> None:
    """Write zeros, so that a full disk is an error now and not a crash later.

    A page of a map that can't be stored kills the process with a signal.
    """
    zeros = bytes(min(_BLOCK, count))
    file.seek(offset)
    for start in range(0, count, _BLOCK):
        file.write(zeros[: min(_BLOCK, count - start)])
    file.flush()
    os.fsync(file.fileno())
