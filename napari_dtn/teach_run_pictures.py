"""What a run predicts of the part that is on screen, as layers. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dense_transformer.types import Array, Box, Image
from napari_dtn.inspect_layers import placed_at, plane
from napari_dtn.inspect_run import (
    DOT,
    GRID_LINES,
    LINK,
    prediction_spec,
    preview_specs,
    warp_specs,
)
from napari_dtn.layers import LayerSpec
from napari_dtn.sources import Frame, Source
from napari_dtn.teach_run_tail import EventTail

if TYPE_CHECKING:
    from dense_transformer.inspection import Preview

ARM, ACROSS = 0.75, 0.25  # of a cross: half its length and its width, of a dot's size
CROSS = {**LINK, "edge_color": DOT["face_color"]}


@dataclass(frozen=True, slots=True)
class ViewFile:
    """An answer of a run to what is on screen.

    Attributes
    ----------
    step : int
        Of the run.
    path : Path
        The file.
    image : str
        Name within the project.
    section : int
        0-based.
    box : Box
        What was predicted; px of the image.
    """

    step: int
    path: Path
    image: str
    section: int
    box: Box


class ViewTail:
    """The newest answer in the folder of a run.

    Parameters
    ----------
    run : Path
        Its folder.
    """

    def __init__(self, run: Path) -> None:
        self._run = run
        self._tail = EventTail(run / "events.jsonl")

    def newest(self) -> ViewFile | None:
        """Return the newest answer since the last look, or None."""
        found = None
        while events := self._tail.read():
            views = [_view_file(event, self._run) for event in events]
            found = next((view for view in reversed(views) if view), found)
        return found if found is not None and found.path.exists() else None


def picture_specs(view: ViewFile, source: Source, warps: bool) -> list[LayerSpec]:
    """Return the prediction, and the warps of its tiles, in the frame of the image.

    Parameters
    ----------
    view : ViewFile
        The answer.
    source : Source
        The image.
    warps : bool
        Whether to draw the warps.

    Raises
    ------
    RunError
        If its file is damaged or gone.
    """
    from dense_transformer.inspection import PreviewFile, read_preview

    preview = read_preview(PreviewFile(view.step, None, view.path))
    specs = preview_specs(preview, place_of(preview, view, source))[1:]
    corner, pitch = corner_and_pitch(preview, view)
    on_image = [
        spec if spec.kind == "image" else _on_image(spec, source, corner, pitch)
        for spec in specs
    ]
    return _named(on_image, source, warps)


def empty_specs(
    source: Source, box: Box, tile_px: float, warps: bool
) -> list[LayerSpec]:
    """Return the layers of `picture_specs` with nothing in them yet.

    To put new data into a layer takes a fraction of what it takes to add one, and
    these can be added before a run computes on all cores.

    Parameters
    ----------
    source : Source
        The image.
    box : Box
        What is on screen; px of the image.
    tile_px : float
        Side of a tile of the model, px of the image: how far apart its fiducials are
        follows from it.
    warps : bool
        Whether to draw the warps.
    """
    top, left, bottom, right = box
    pitch = (bottom - top) / 2, (right - left) / 2
    corner = top + (pitch[0] - 1) / 2, left + (pitch[1] - 1) / 2
    nothing = plane(np.zeros((2, 2), np.uint8), source)
    spacing = min(tile_px, bottom - top, right - left) / GRID_LINES
    ndim = source.frame.ndim
    specs = [
        prediction_spec(source, nothing, placed_at(corner, source, pitch)),
        *warp_specs(
            source,
            spacing,
            np.zeros((0, 2, ndim), np.float32),
            np.zeros((0, 2, ndim), np.float32),
            np.zeros((0, ndim)),
        ),
    ]
    return _named(specs, source, warps)


def _named(specs: list[LayerSpec], source: Source, warps: bool) -> list[LayerSpec]:
    name = f"{source.image.name} while it learns"
    words = ("prediction", "warped grid", "shift of the fiducials", "fiducials")
    named = [
        replace(
            crosses(spec) if spec.kind == "points" else spec, name=f"{name}: {word}"
        )
        for spec, word in zip(specs, words, strict=False)
    ]
    return named if warps else named[:1]


def crosses(dots: LayerSpec) -> LayerSpec:
    """Return points as crosses of two lines each.

    napari's points come with letters, which take 0.2 s to be drawn for the first time:
    a window that stands still while somebody paints.
    """
    size, at = dots.look["size"], np.asarray(dots.data)
    lines = np.zeros((2, len(at), 2, at.shape[-1]), np.float32)
    for axis in (0, 1):
        lines[axis, :, 0] = at
        lines[axis, :, 0, at.shape[-1] - 2 + axis] -= size * ARM
        lines[axis, :, 1, at.shape[-1] - 2 + axis] = 2 * size * ARM
    look = {**CROSS, "edge_width": size * ACROSS}
    data = lines.reshape(-1, 2, at.shape[-1])
    return replace(dots, kind="vectors", data=data, look=look)


def corner_and_pitch(preview: Preview, view: ViewFile) -> tuple[Array, Array]:
    """Return where a part's network pixels (y, x) lie: ``corner + pitch * px``.

    In px of the image, with integers at the centres of pixels.
    """
    size = np.multiply(preview.probability.shape, preview.scale)  # network px
    top, left, bottom, right = view.box
    pitch = np.array([bottom - top, right - left]) / size  # image px per network px
    return np.array([top, left]) + (pitch - 1) / 2, pitch


def _on_image(
    spec: LayerSpec, source: Source, corner: Array, pitch: Array
) -> LayerSpec:
    """Return points or lines of a part in px of the image, for its frame.

    A frame that moves costs napari 50 ms for lines, new data in the same one 2 ms.
    """
    data = np.array(spec.data)
    if spec.kind == "points":
        data[..., -2:] = corner + pitch * data[..., -2:]
    else:
        data[:, 0, -2:] = corner + pitch * data[:, 0, -2:]
        data[:, 1, -2:] *= pitch
    widths = ("edge_width", "size")
    size = float(pitch.mean())
    look = {k: v * size if k in widths else v for k, v in spec.look.items()}
    return replace(spec, data=data, frame=source.frame.placed(), look=look)


def place_of(preview: Preview, view: ViewFile, source: Source) -> Source:
    """Return where the part lies: its pixels are the network's, its frame the image's.

    Parameters
    ----------
    preview : Preview
        Its picture has pixels of `preview.scale` network pixels.
    view : ViewFile
        Which part of which section.
    source : Source
        The image.
    """
    corner, pitch = corner_and_pitch(preview, view)
    lead = source.frame.ndim - 2
    frame: dict[str, Any] = source.frame.placed(
        [0.0] * lead + [*corner], [1.0] * lead + [*pitch]
    )
    high, wide = (
        round(n) for n in np.multiply(preview.probability.shape, preview.scale)
    )
    pixels = np.broadcast_to(np.uint8(0), (high, wide))  # its size is all that counts
    image = Image(pixels, "yx", source.image.name)
    return Source(image, Frame(**frame), source.layer_id, source.lead, view.section)


def _view_file(event: dict[str, Any], run: Path) -> ViewFile | None:
    """Return what a ``view`` event says; None for others and for nonsense."""
    name, box = event.get("file"), event.get("box")
    image, section = event.get("image"), event.get("section")
    if event["event"] != "view" or not isinstance(name, str) or Path(name).name != name:
        return None
    if not isinstance(image, str) or not isinstance(section, int):
        return None
    whole = isinstance(box, list) and len(box) == 4
    if not whole or not all(isinstance(n, int) for n in box):
        return None
    top, left, bottom, right = box
    if bottom <= top or right <= left:
        return None
    return ViewFile(
        event["step"], run / name, image, section, (top, left, bottom, right)
    )
