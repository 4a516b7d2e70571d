"""What is remembered between sessions, in napari's own settings."""

from __future__ import annotations

from typing import Any

from napari.settings import get_plugin_settings
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer

PLUGIN = "napari-dtn"
SAVE_MS = 700  # after the last change: napari writes a file at each, 35 ms
DEFAULTS: dict[str, Any] = {
    "device": "auto",
    "model": "em-membrane-dtn",
    "threshold": 0.5,
    "tile_height": 0,
    "tile_width": 0,
    "overlap": 0.25,
    "batch": 4,
}


class Preferences(QObject):
    """The plugin's page of napari's preferences; in memory where there is none."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._own = dict(DEFAULTS)
        self._unsaved: set[str] = set()
        try:
            self._page = get_plugin_settings(PLUGIN).predict
        except (KeyError, AttributeError):  # the manifest isn't registered
            self._page = None
        else:
            self._own = {name: getattr(self._page, name) for name in DEFAULTS}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_MS)
        self._timer.timeout.connect(self.save)

    def get(self, name: str) -> Any:
        """Return the value of `name`, one of `DEFAULTS`."""
        return self._own[name]

    def set(self, name: str, value: Any) -> None:
        """Remember a value, and save it when no other follows."""
        if self._own[name] != value:
            self._own[name] = value
            self._unsaved.add(name)
            self._timer.start()

    def save(self) -> None:
        """Hand what has changed to napari, which writes it."""
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()
        if self._page is not None:
            for name in self._unsaved:
                setattr(self._page, name, self._own[name])
        self._unsaved.clear()
