"""File > Open and drops: HDF5 images, predictions, and model files for the dock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dense_transformer.types import Image

LayerData = tuple[Any, ...]
NO_LAYER: list[LayerData] = [(None,)]  # napari's way to say: read, nothing to show


def get_reader(
    path: str | list[str],
) -> Callable[[str | list[str]], list[LayerData]] | None:
    """Return what reads `path`, or None for anything that isn't ours."""
    name = path[0] if isinstance(path, list) else path
    if str(name).lower().endswith((".h5", ".hdf5", ".hdf")):
        return read_images
    if str(name).endswith("-summary.json"):
        return read_predictions
    if str(name).lower().endswith(".safetensors"):
        return open_models
    return None


def read_images(path: str | list[str]) -> list[LayerData]:
    """Return images as layers that read a section when it is looked at.

    Raises
    ------
    ImageError
        If a file holds no image, or several and doesn't say which.
    """
    from dense_transformer.data import read_image

    layers = []
    for name in path if isinstance(path, list) else [path]:
        image = read_image(name)
        data, options = lazy_layer(image)
        if image.channels not in (1, 3, 4):
            options.pop("rgb")
            options = {"channel_axis": data.ndim - 1, **options}
            options["name"] = [f"{image.name} {c}" for c in range(image.channels)]
        layers.append((data, options, "image"))
    return layers


def lazy_layer(image: Image) -> tuple[Any, dict[str, Any]]:
    """Return pixels that are read when they are looked at, and layer options."""
    import dask.array as da

    stack = image.axes.startswith("z")
    chunks = ((1,) if stack else ()) + tuple(image.data.shape[int(stack) :])
    data = da.from_array(image.data, chunks=chunks, asarray=False, lock=True)
    options: dict[str, Any] = {"name": image.name, "rgb": image.channels in (3, 4)}
    if image.pixel_nm is not None:
        # The distance of sections is not known: their axis stays in pixels.
        options["scale"] = ((1.0,) if stack else ()) + image.pixel_nm
        options["units"] = (("pixel",) if stack else ()) + ("nm", "nm")
    return data, options


def read_predictions(path: str | list[str]) -> list[LayerData]:
    """Return the layers of predictions that `dtn predict` has written.

    Raises
    ------
    ImageError
        If files are missing, damaged or don't fit together.
    """
    from napari_dtn.placement import make_layer
    from napari_dtn.saved import read_saved

    names = path if isinstance(path, list) else [path]
    specs = [spec for name in names for spec in read_saved(name)]
    return [make_layer(spec).as_layer_data_tuple() for spec in specs]


def open_models(path: str | list[str]) -> list[LayerData]:
    """Choose a model file in the dock; adds no layer."""
    import napari

    from napari_dtn.commands import open_dock

    viewer = napari.current_viewer()
    if viewer is not None:
        tab = open_dock(viewer).predict
        for name in path if isinstance(path, list) else [path]:
            tab.open_model(str(name))
    return NO_LAYER
