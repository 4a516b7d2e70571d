"""File > Open Sample: what ships with the package, and real sections by download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LayerData = tuple[Any, dict[str, Any], str]

_SHOWN = 13  # of the real sections: one that the shipped models didn't train on


def em_stack() -> list[LayerData]:
    """Return the drawn stack of EM sections, and below it its labels, hidden."""
    from dense_transformer.data.samples import sample_images, sample_labels

    image = _sections(_stack(sample_images("em")), "EM sections")
    return [_labels(_stack(sample_labels("em")), image), image]


def road_frames() -> list[LayerData]:
    """Return the drawn road frames, one after another, and their labels, hidden."""
    from dense_transformer.data.samples import sample_images, sample_labels

    pixels = _stack(sample_images("road"))
    options = {"name": "Road frames", "axis_labels": ("frame", "y", "x"), "rgb": True}
    image: LayerData = (pixels, options, "image")
    return [_labels(_stack(sample_labels("road")), image), image]


def vnc_section() -> list[LayerData]:
    """Return one real section, or start to fetch it (1 MB)."""
    return _real(slice(_SHOWN, _SHOWN + 1), f"VNC section {_SHOWN}")


def vnc_stack() -> list[LayerData]:
    """Return sixteen real sections, or start to fetch them (17 MB)."""
    return _real(slice(None), "VNC sections")


def _real(which: slice, name: str) -> list[LayerData]:
    """Return real sections that are here already; else fetch them beside the window.

    napari wants a layer at once: a black one stands in until the sections are
    here, and goes if they don't come. Without a window this waits for them.
    """
    from napari import current_viewer

    from dense_transformer.data.downloads import fetch_all, find_download
    from dense_transformer.data.vnc_sections import VNC_CITATION, VNC_SECTIONS, VNC_SIZE
    from dense_transformer.work import finish

    wanted = VNC_SECTIONS[which]
    about = {"source": VNC_CITATION}
    here = [find_download(one) for one in wanted]
    if all(here):
        return [_sections(_stack(here), name, about)]
    viewer = current_viewer()
    if viewer is None:
        return [_sections(_stack(finish(fetch_all(wanted))), name, about)]
    import numpy as np

    from napari_dtn.fetching import Fetching

    ticket = Fetching(
        viewer, name, lambda stop: fetch_all(wanted, stop=stop), _pixels
    ).ticket
    black = np.zeros((len(wanted), *VNC_SIZE), np.uint8)
    return [_sections(black, f"{name} (fetching)", about | ticket)]


def _pixels(paths: tuple[Path, ...]) -> Any:
    """Return fetched sections, (y, x) if it is one, else (z, y, x)."""
    pixels = _stack(paths)
    return pixels[0] if len(pixels) == 1 else pixels


def _sections(
    pixels: Any, name: str, metadata: dict[str, Any] | None = None
) -> LayerData:
    """Return EM sections, shape (z, y, x), as an image layer in nanometres."""
    from dense_transformer.data.vnc_sections import VNC_PIXEL_NM, VNC_SECTION_NM

    options = {
        "name": name,
        "scale": (VNC_SECTION_NM, *VNC_PIXEL_NM),
        "units": ("nm", "nm", "nm"),
        "axis_labels": ("z", "y", "x"),
        "contrast_limits": (0, 255),
        "metadata": metadata or {},
    }
    if len(pixels) == 1:
        pixels = pixels[0]
        options |= {key: options[key][1:] for key in ("scale", "units", "axis_labels")}
    return pixels, options, "image"


def _labels(labels: Any, image: LayerData) -> LayerData:
    """Return labels, shape (z, y, x), in the frame of their image; not shown."""
    frame = ("scale", "units", "axis_labels")
    options = {key: image[1][key] for key in frame if key in image[1]}
    name = f"{image[1]['name']}: labels"
    return labels, {"name": name, "visible": False, **options}, "labels"


def _stack(paths: Any) -> Any:
    """Return all images, stacked along a new first axis."""
    import numpy as np

    from dense_transformer.data.images import read_image, read_section

    pixels = np.stack([read_section(read_image(path)) for path in paths])
    return pixels[..., 0] if pixels.shape[-1] == 1 else pixels
