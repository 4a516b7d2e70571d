"""The warps of a validation, kept as far as memory allows, and their health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dense_transformer.evaluation import measure_health
from dense_transformer.types import Warp, WarpHealth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dense_transformer.config import TrainConfig
    from dense_transformer.nn import TensorWarp
    from dense_transformer.types import Box

MOST_BYTES = 1 << 27


class WarpLog:
    """Collects warps, tile by tile.

    Attributes
    ----------
    warps : list of Warp
        In the order of the tiles; none are added beyond 128 MiB.
    """

    def __init__(self) -> None:
        self.warps: list[Warp] = []
        self._bounds: dict[int, tuple[float, float]] = {}
        self._bytes = 0

    def add(self, boxes: Sequence[Box], traced: Sequence[TensorWarp]) -> None:
        """Take over the warps of a batch of tiles."""
        for warp in traced:
            self._bounds[warp.level] = warp.bound
            if self._bytes < MOST_BYTES:
                self._take(warp, boxes)

    def health(self, config: TrainConfig) -> tuple[WarpHealth, ...]:
        """Return how alive the warps are, level by level: their bounds differ."""
        found: list[WarpHealth] = []
        for transformer in sorted(config.network.transformers, key=lambda t: t.level):
            level = transformer.level
            found += measure_health(
                [warp for warp in self.warps if warp.level == level],
                self._bounds[level],
                absolute=transformer.parametrisation == "absolute",
            )
        return tuple(found)

    def _take(self, warp: TensorWarp, boxes: Sequence[Box]) -> None:
        tensors = (warp.fiducials, warp.points, warp.coverage, warp.theta)
        arrays = [tensor.detach().float().cpu().numpy() for tensor in tensors]
        lattice = warp.lattice.detach().float().cpu().numpy().copy()
        for index, box in enumerate(boxes):
            fiducials, points, coverage, theta = (array[index] for array in arrays)
            self.warps.append(
                Warp(
                    warp.level,
                    warp.family,
                    lattice,
                    fiducials,
                    points,
                    coverage,
                    box,
                    theta=theta,
                )
            )
        self._bytes += sum(array.nbytes for array in arrays)
