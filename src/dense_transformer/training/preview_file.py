"""A validation image's prediction and warps as a small file, to be drawn again."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as PILImage

from dense_transformer.errors import RunError
from dense_transformer.types import Array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dense_transformer.data import Pair
    from dense_transformer.types import Warp

VERSION = 1
LARGEST_PX = 768  # of the pictures; warps are exact
LARGEST_BYTES = 2**28  # of all arrays of a file, unpacked


@dataclass(frozen=True, slots=True, eq=False)
class LevelPreview:
    """The warps of one transformer of all tiles, as parameters.

    Attributes
    ----------
    level : int
        1-based level.
    family : str
        Kind of transformation.
    lattice_size, input_size, warped_size : (int, int)
        Fiducials, and heights and widths of the maps of one tile.
    tiles_px : ndarray, shape (tiles, 4), int32
        Top, left, bottom, right, network px.
    theta : ndarray, shape (tiles, n), float32
        Offsets from the identity.
    """

    level: int
    family: str
    lattice_size: tuple[int, int]
    input_size: tuple[int, int]
    warped_size: tuple[int, int]
    tiles_px: Array
    theta: Array


@dataclass(frozen=True, slots=True, eq=False)
class PreviewData:
    """What a preview file holds.

    Attributes
    ----------
    image : ndarray, shape (h, w) or (h, w, 3), uint8
        The validation image.
    probability : ndarray, shape (h, w), uint8
        Of the foreground, 255 is certain.
    size_px : (int, int)
        Height and width of the image in network px; `image` may be smaller.
    levels : tuple of LevelPreview
        Shallow first.
    """

    image: Array
    probability: Array
    size_px: tuple[int, int]
    levels: tuple[LevelPreview, ...]


def pack_preview(pair: Pair, probability: Array, warps: Sequence[Warp]) -> bytes:
    """Return a preview file's bytes; the same for the same values.

    Parameters
    ----------
    pair : Pair
        The image, normalised.
    probability : ndarray, shape (h, w)
        Of the foreground.
    warps : sequence of Warp
        Of its tiles, with points and parameters.
    """
    height, width = probability.shape
    shown = pair.pixels if len(pair.pixels) == 3 else pair.pixels[:1]
    image = np.stack([_shrink(plane / 2 + 0.5) for plane in shown], -1)
    arrays = {
        "version": np.array(VERSION),
        "size_px": np.array([height, width], np.int32),
        "image": image if image.shape[-1] == 3 else image[..., 0],
        "probability": _shrink(probability),
    }
    for level in sorted({warp.level for warp in warps}):
        some = [warp for warp in warps if warp.level == level]
        first = some[0]
        columns = int((first.lattice[:, 0] == first.lattice[0, 0]).sum())
        sizes = [
            (len(first.lattice) // columns, columns),
            first.coverage.shape,
            first.points.shape[:2],
        ]
        arrays[f"sizes{level}"] = np.array(sizes, np.int32)
        arrays[f"family{level}"] = np.frombuffer(first.family.encode(), np.uint8)
        arrays[f"tiles{level}"] = np.array([w.tile_px for w in some], np.int32)
        arrays[f"theta{level}"] = np.stack([w.theta for w in some]).astype(np.float32)
    return _zip(arrays)


def unpack_preview(path: Path) -> PreviewData:
    """Return what a preview file holds; nothing in it is run.

    Raises
    ------
    RunError
        If the file isn't there, damaged, too large or too new.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(item.file_size for item in archive.infolist())
        if total > LARGEST_BYTES:
            raise RunError(f"{path} would unpack to {total / 2**20:.0f} MiB; not read")
        with np.load(path, allow_pickle=False) as arrays:
            return _from_arrays({name: arrays[name] for name in arrays.files})
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise RunError(
            f"the preview {path} can't be read: {str(error)[:120]}; choose another step"
        ) from error


def _from_arrays(arrays: dict[str, Array]) -> PreviewData:
    if int(arrays["version"]) != VERSION:
        raise ValueError(f"its version is {int(arrays['version'])}, not {VERSION}")
    image, probability = arrays["image"], arrays["probability"]
    height, width = (int(n) for n in arrays["size_px"])
    if image.dtype != np.uint8 or probability.dtype != np.uint8:
        raise ValueError("its pictures are not of bytes")
    if image.shape not in (probability.shape, (*probability.shape, 3)):
        raise ValueError("its pictures are of two sizes")
    found = [
        _level(int(name[6:]), arrays)
        for name in arrays
        if name.startswith("family") and name[6:].isdecimal()
    ]
    found.sort(key=lambda item: item.level)
    for array in (image, probability):
        array.setflags(write=False)
    return PreviewData(image, probability, (height, width), tuple(found))


def _level(level: int, arrays: dict[str, Array]) -> LevelPreview:
    family = bytes(arrays[f"family{level}"].astype(np.uint8)).decode("ascii")
    sizes = [(int(a), int(b)) for a, b in arrays[f"sizes{level}"].reshape(3, 2)]
    tiles, theta = arrays[f"tiles{level}"], arrays[f"theta{level}"]
    counts = {"translation": 2, "attention": 3, "affine": 6, "projective": 8}
    counts["tps"] = 2 * sizes[0][0] * sizes[0][1]
    if not all(1 <= n <= 8192 for pair in sizes for n in pair):
        raise ValueError(f"sizes {sizes} of level {level} are out of range")
    if tiles.shape != (len(theta), 4) or theta.shape[1:] != (counts[family],):
        raise ValueError(f"the parameters of level {level} are not those of its tiles")
    if not np.isfinite(theta).all():
        raise ValueError(f"the parameters of level {level} are not finite")
    return LevelPreview(level, family, sizes[0], sizes[1], sizes[2], tiles, theta)


def _shrink(values: Array) -> Array:
    """Return values 0..1 as bytes, at most `LARGEST_PX` wide."""
    image = PILImage.fromarray((np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8))
    factor = min(1.0, LARGEST_PX / max(image.size))
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    return np.asarray(image.resize(size, PILImage.Resampling.BOX))


def _zip(arrays: dict[str, Array]) -> bytes:
    """Return an npz whose bytes don't depend on the time of day."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            item: Any = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            item.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(item, content.getvalue())
    return buffer.getvalue()
