"""File > Open Sample: what ships with the package, as layer data."""

from typing import Any

LayerData = tuple[Any, dict[str, Any], str]

SECTION_NM = 50.0  # thickness of a section, as in the real data


def em_stack() -> list[LayerData]:
    """Return the drawn stack of EM sections."""
    options = {
        "name": "EM sections",
        "scale": (SECTION_NM, 4.6, 4.6),
        "units": ("nm", "nm", "nm"),
        "axis_labels": ("z", "y", "x"),
    }
    return [(_stack("em"), options, "image")]


def road_frames() -> list[LayerData]:
    """Return the drawn road frames, one after another."""
    options = {"name": "Road frames", "rgb": True, "axis_labels": ("frame", "y", "x")}
    return [(_stack("road"), options, "image")]


def _stack(name: str) -> Any:
    """Return all images of a shipped sample, stacked along a new first axis."""
    import numpy as np

    from dense_transformer.data.images import read_image, read_section
    from dense_transformer.data.samples import sample_images

    pixels = np.stack([read_section(read_image(path)) for path in sample_images(name)])
    return pixels[..., 0] if pixels.shape[-1] == 1 else pixels
