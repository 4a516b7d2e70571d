"""A napari of its own that paints with the mouse until somebody kills it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any


class _Wait:
    """The part of pytest-qt's bot that the driver uses."""

    def waitUntil(self, condition: Any, timeout: int) -> None:
        from qtpy.QtWidgets import QApplication

        end = time.monotonic() + timeout / 1000
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("the window did not get there")
            QApplication.processEvents()
            time.sleep(0.002)

    def wait(self, ms: int) -> None:
        end = time.monotonic() + ms / 1000
        self.waitUntil(lambda: time.monotonic() > end, ms + 1000)


def open_window(image: str, folder: str) -> Any:
    """Return a window that shows the image and the Teach tab."""
    import napari
    from teach_driver import TeachCore, TeachWindow

    viewer = napari.Viewer(show=True)
    window = TeachWindow(viewer, TeachCore(Path(folder)), _Wait())
    viewer.open(image, plugin="napari")
    viewer.reset_view()
    window.turn_to_teach()
    return window


def main(image: str, folder: str) -> None:
    """Paint stroke after stroke; say how many pixels there are after each."""
    window = open_window(image, folder)
    layer = window.annotate()
    window.click(window.section("AnnotateSection").classes.button(2))
    for row in range(10, 110, 10):
        window.stroke(layer, (row, 10), (row, 140))
        # No waiting for quiet: one turn of the event loop, and the thread's answer.
        window.until(lambda: window.one.state.pixels[1] == int((layer.data == 2).sum()))
        print(int((layer.data == 2).sum()), flush=True)
    window.stroke(layer, (115, 10), (115, 140))
    print("painted on", flush=True)
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
