"""A napari of its own that teaches, and paints on, until somebody kills it."""

from __future__ import annotations

import sys

from painting_child import open_window
from teach_run_driver import RunDriver, paint_bars

LONG = 100_000  # steps


def main(image: str, folder: str) -> None:
    """Begin a run and name its folder; say how many pixels there are after strokes."""
    window = open_window(image, folder)
    layer = paint_bars(window)
    print(RunDriver(window).begin(LONG), flush=True)
    row = 0
    while True:
        row = (row + 3) % 96
        window.stroke(layer, (row, 50), (row, 78))
        painted = int((layer.data > 0).sum())
        window.until(lambda painted=painted: sum(window.one.state.pixels) == painted)
        print(painted, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
