"""What is remembered between sessions, in napari's own settings."""

from __future__ import annotations

from typing import Any

from napari.settings import get_plugin_settings

PLUGIN = "napari-dtn"
DEFAULTS: dict[str, Any] = {
    "device": "auto",
    "model": "em-membrane-dtn",
    "threshold": 0.5,
    "tile_height": 0,
    "tile_width": 0,
    "overlap": 0.25,
    "batch": 4,
}


class Preferences:
    """The plugin's page of napari's preferences; in memory where there is none."""

    def __init__(self) -> None:
        self._own = dict(DEFAULTS)
        try:
            self._page = get_plugin_settings(PLUGIN).predict
        except (KeyError, AttributeError):  # the manifest isn't registered
            self._page = None

    def get(self, name: str) -> Any:
        """Return the value of `name`, one of `DEFAULTS`."""
        return self._own[name] if self._page is None else getattr(self._page, name)

    def set(self, name: str, value: Any) -> None:
        """Remember a value; napari saves it."""
        if self._page is None:
            self._own[name] = value
        elif getattr(self._page, name) != value:
            setattr(self._page, name, value)
