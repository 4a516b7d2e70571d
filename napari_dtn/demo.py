"""A first look: napari with an image, its boundaries, its warp and the dock.

``python -m napari_dtn.demo`` stays open; with ``--screenshot FILE`` it leaves a
picture of the whole window and ends.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZE = (1500, 950)
LIMIT_S = 300.0


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; returns the exit status."""
    given = _parser().parse_args(arguments)
    import napari

    from napari_dtn.commands import open_dock

    viewer = napari.Viewer(title="Dense Transformer Networks", show=True)
    viewer.window.resize(*SIZE)
    layer = _open_image(viewer, given.image)
    viewer.layers.selection.active = layer
    tab = open_dock(viewer).predict
    viewer.reset_view()  # the dock has made the canvas narrower
    outcome: list[bool] = []
    tab.shown.connect(lambda: _show_warp(viewer))
    tab.shown.connect(lambda: outcome.append(True))
    tab.gave_up.connect(lambda text: outcome.append(False))
    tab.prefer_model(given.model)
    tab.predict_layer(layer)
    if given.screenshot is None:
        napari.run()
        return 0
    done = _wait(lambda: bool(outcome), LIMIT_S) and outcome[0]
    _wait(lambda: False, 1.0)  # what was added is drawn
    given.screenshot.parent.mkdir(parents=True, exist_ok=True)
    viewer.screenshot(str(given.screenshot), canvas_only=False, flash=False)
    sys.stdout.write(f"{tab.bar.status.text()}\n{given.screenshot}\n")
    viewer.close()
    return 0 if done else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m napari_dtn.demo", description=__doc__
    )
    parser.add_argument(
        "--image", type=Path, help="Image to open instead of the sample."
    )
    parser.add_argument(
        "--model", default="em-membrane-dtn", help="Name or file of a model."
    )
    parser.add_argument("--screenshot", type=Path, help="Write a PNG and end.")
    return parser


def _open_image(viewer: Any, path: Path | None) -> Any:
    if path is None:
        return viewer.open_sample("napari-dtn", "em_stack")[-1]
    from napari_dtn.reader import read_images

    (data, options, _), *_ = read_images(str(path))
    return viewer.add_image(data, **options)


def _show_warp(viewer: Any) -> None:
    """Show what the warp did, too; the dock leaves it hidden at first."""
    for layer in viewer.layers:
        if any(part in layer.name for part in ("coverage S", "warped", "fiducials")):
            layer.visible = True


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    """Let the window work until `done`; return whether it was, in time."""
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)
    return done()


if __name__ == "__main__":
    sys.exit(main())
