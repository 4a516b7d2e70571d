"""What a run predicted at some steps, kept as files in its directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dense_transformer.errors import RunError
from dense_transformer.inspection.rewarp import make_warp
from dense_transformer.training.preview_file import unpack_preview
from dense_transformer.types import Array, Warp


@dataclass(frozen=True, slots=True)
class PreviewFile:
    """A preview of a run.

    Attributes
    ----------
    step : int
        When it was made.
    picture : Path or None
        PNG for people.
    data : Path or None
        For `read_preview`; runs of older versions have none.
    """

    step: int
    picture: Path | None
    data: Path | None


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """The first validation image as a run saw it at one step.

    Attributes
    ----------
    step : int
        When.
    image : ndarray, shape (h, w) or (h, w, 3), uint8
        The image, made smaller where it is large.
    probability : ndarray, shape (h, w), uint8
        Of the foreground, 255 is certain.
    scale : (float, float)
        Network pixels per pixel of these, (y, x).
    warps : tuple of Warp
        Of its tiles, shallow first within a tile.
    """

    step: int
    image: Array
    probability: Array
    scale: tuple[float, float]
    warps: tuple[Warp, ...]


def find_previews(folder: Path) -> tuple[PreviewFile, ...]:
    """Return the previews in a folder, by step; it need not be there."""
    found: dict[int, dict[str, Path]] = {}
    for path in folder.glob("*") if folder.is_dir() else ():
        if path.stem.isdecimal() and path.suffix in (".png", ".npz"):
            found.setdefault(int(path.stem), {})[path.suffix] = path
    return tuple(
        PreviewFile(step, files.get(".png"), files.get(".npz"))
        for step, files in sorted(found.items())
    )


def read_preview(preview: PreviewFile) -> Preview:
    """Return what a run predicted at a step, with its warps as they were then.

    Raises
    ------
    RunError
        If the file is gone, damaged, or there is none for that step.
    """
    if preview.data is None:
        raise RunError(
            f"the preview of step {preview.step} is a picture only: the run is of an "
            "older version"
        )
    data = unpack_preview(preview.data)
    warps = [
        make_warp(
            level.level,
            level.family,
            level.lattice_size,
            theta,
            level.input_size,
            level.warped_size,
            (int(tile[0]), int(tile[1]), int(tile[2]), int(tile[3])),
        )
        for level in data.levels
        for tile, theta in zip(level.tiles_px, level.theta, strict=True)
    ]
    order = {tile: i for i, tile in enumerate(dict.fromkeys(w.tile_px for w in warps))}
    warps.sort(key=lambda warp: (order[warp.tile_px], warp.level))
    height, width = data.probability.shape
    scale = data.size_px[0] / height, data.size_px[1] / width
    return Preview(preview.step, data.image, data.probability, scale, tuple(warps))
