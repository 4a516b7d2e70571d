"""Commands of napari's menus."""

from __future__ import annotations

from typing import Any

from napari_dtn.preferences import PLUGIN

WIDGET = "Dense Transformer"


def open_dock(viewer: Any) -> Any:
    """Return the dock of a viewer, opened and in front."""
    dock, widget = viewer.window.add_plugin_dock_widget(PLUGIN, WIDGET)
    dock.show()
    dock.raise_()
    return widget


def predict_selected(viewer: "napari.Viewer") -> None:  # noqa: F821, UP037
    """Predict the boundaries of the selected image."""
    layer = viewer.layers.selection.active
    open_dock(viewer).predict.predict_layer(layer)
