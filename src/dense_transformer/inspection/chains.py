"""All warps of one tile, composed: true positions in the image, also when they nest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dense_transformer.errors import ConfigError
from dense_transformer.inspection.composition import Composition, compose
from dense_transformer.inspection.frames import MapFrame
from dense_transformer.inspection.mesh import Mesh
from dense_transformer.types import Array, Box, Warp


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """The transformers of one tile, shallow to deep.

    A deeper transformer works on what the shallower ones made of the image: a
    position on its warped map reads a place of its input map, which is a position
    on the warped map of the next shallower one, and so on to the image.

    Attributes
    ----------
    warps : tuple of Warp
        Of one tile, one for each level, in any order; sorted by level.

    Raises
    ------
    DataError
        If there are none, they are of different tiles or share a level, or their
        points were not kept.
    """

    warps: tuple[Warp, ...]
    _nest: Composition = field(init=False, repr=False)
    _units_px: dict[int, Array] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        warps = tuple(sorted(self.warps, key=lambda warp: warp.level))
        object.__setattr__(self, "warps", warps)
        object.__setattr__(self, "_nest", compose(warps))

    @property
    def tile_px(self) -> Box:
        """The tile, in pixels of the image that the network saw."""
        return self.warps[0].tile_px

    @property
    def box_px(self) -> tuple[float, float, float, float]:
        """Top, left, bottom, right edge of the tile, source px."""
        return self._nest.tile.box_px

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels that have a transformer, ascending."""
        return tuple(warp.level for warp in self.warps)

    def warp(self, level: int | None = None) -> Warp:
        """Return the warp of a level; None: the deepest."""
        return self.warps[self._index(level)]

    def input_frame(self, level: int | None = None) -> MapFrame:
        """Return where the input map of a level's transformer lies at rest."""
        return self._nest.tile.of_map(self.mesh(level).size)

    def warped_frame(self, level: int | None = None) -> MapFrame:
        """Return where the warped map of a level's transformer lies at rest.

        Its outermost units lie on those of the input map, so the distance of its
        units is another where it is larger or smaller.
        """
        mesh = self.mesh(level)
        frame = self._nest.tile.of_map(mesh.size)
        step = mesh.step
        pitch = frame.pitch_px[0] * step[0], frame.pitch_px[1] * step[1]
        return MapFrame(frame.origin_px, (float(pitch[0]), float(pitch[1])))

    def to_image_px(self, unit: Array, level: int | None = None) -> Array:
        """Return where positions on a level's warped map read the image.

        Parameters
        ----------
        unit : ndarray, shape (..., 2)
            (y, x), unit frame of the tile, as `Warp.lattice` has them.
        level : int or None
            Level of the transformer; None: the deepest.

        Returns
        -------
        ndarray, shape (..., 2)
            (y, x), source px, through that transformer and all shallower ones.
        """
        units = self.unit_to_input(unit, level) / self.mesh(level).step
        return self.units_to_image_px(units, level)

    def from_image_px(self, px: Array, level: int | None = None) -> Array:
        """Return which positions on a level's warped map read places of the image.

        Parameters
        ----------
        px : ndarray, shape (..., 2)
            (y, x), source px.
        level : int or None
            Level of the transformer; None: the deepest.

        Returns
        -------
        ndarray, shape (..., 2)
            (y, x), unit frame of the tile; NaN where nothing reads.
        """
        units = self.image_px_to_units(px, level)
        mesh = self.mesh(level)
        return self._nest.tile.units_to_unit(units * mesh.step, mesh.size)

    def units_to_image_px(self, units: Array, level: int | None = None) -> Array:
        """Return `to_image_px` for indices of units (..., 2), centres at integers."""
        index = self._index(level)
        return self._nest.to_image_px(self._nest.meshes[index].read(units), index)

    def image_px_to_units(self, px: Array, level: int | None = None) -> Array:
        """Return `from_image_px` as indices of units (..., 2), centres at integers."""
        mesh = self.mesh(level)
        return mesh.find(self.image_px_to_input(px, level))

    def input_to_image_px(self, units: Array, level: int | None = None) -> Array:
        """Return where a level's input map lies in the image.

        Parameters
        ----------
        units : ndarray, shape (..., 2)
            (y, x), indices of units of the transformer's input map.
        level : int or None
            Level of the transformer; None: the deepest.

        Returns
        -------
        ndarray, shape (..., 2)
            (y, x), source px, through the shallower transformers.
        """
        return self._nest.to_image_px(
            np.asarray(units, dtype=np.float64), self._index(level)
        )

    def image_px_to_input(self, px: Array, level: int | None = None) -> Array:
        """Return where places of the image lie on a level's input map.

        Parameters
        ----------
        px : ndarray, shape (..., 2)
            (y, x), source px.
        level : int or None
            Level of the transformer; None: the deepest.

        Returns
        -------
        ndarray, shape (..., 2)
            (y, x), indices of units; NaN where a shallower transformer reads nothing.
        """
        return self._nest.to_input(px, self._index(level))

    def unit_to_input(self, unit: Array, level: int | None = None) -> Array:
        """Return positions (..., 2) in the tile's unit frame as input units."""
        size = self.mesh(level).size
        return self._nest.tile.unit_to_units(unit, size)

    def image_grid(
        self, level: int | None = None, finer: int = 1
    ) -> tuple[tuple[int, int], MapFrame]:
        """Return size and frame of the tile cut into parts as large as a level's units.

        Parameters
        ----------
        level : int or None
            Level of the transformer; None: the deepest.
        finer : int
            Parts along a unit.
        """
        smaller = 2 ** (self.warp(level).level - self.warps[0].level)
        height, width = self._nest.meshes[0].size
        size = -(-height // smaller) * finer, -(-width // smaller) * finer
        return size, self._nest.tile.of_map(size)

    def fiducials_px(self, level: int | None = None) -> Array:
        """Return where a level's fiducials read the image, (k, 2), source px.

        As the transformer has them, through the shallower ones; not interpolated.
        """
        index = self._index(level)
        fiducials = self.warps[index].fiducials.astype(np.float64)
        return self._nest.to_image_px(self.unit_to_input(fiducials, level), index)

    def units_px(self, level: int | None = None) -> Array:
        """Return where each unit of a level's warped map reads the image; read-only.

        Returns
        -------
        ndarray, shape (h, w, 2)
            (y, x), source px. Computed once.
        """
        index = self._index(level)
        if index not in self._units_px:
            px = self._nest.to_image_px(self._nest.meshes[index].points, index)
            px.setflags(write=False)
            self._units_px[index] = px
        return self._units_px[index]

    def rest_px(self, level: int | None = None) -> Array:
        """Return where each unit of a level's warped map lies at rest.

        Returns
        -------
        ndarray, shape (h, w, 2)
            (y, x), source px.
        """
        frame = self.warped_frame(level)
        size = self.mesh(level).out_size
        grid = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), -1)
        return np.asarray(grid * frame.pitch_px + frame.origin_px)

    def mesh(self, level: int | None = None) -> Mesh:
        """Return a level's own mesh, from its warped map to its input map."""
        return self._nest.meshes[self._index(level)]

    def _index(self, level: int | None) -> int:
        if level is None:
            return len(self.warps) - 1
        if level not in self.levels:
            known = ", ".join(map(str, self.levels))
            raise ConfigError(
                f"level {level} has no transformer; this network has some at {known}"
            )
        return self.levels.index(level)


def tile_chains(warps: Sequence[Warp]) -> tuple[Chain, ...]:
    """Return the warps of a prediction, tile by tile, in the order they come.

    Parameters
    ----------
    warps : sequence of Warp
        Such as `Prediction.warps`; of any number of tiles and levels.

    Raises
    ------
    DataError
        See `Chain`.
    """
    tiles: dict[Box, list[Warp]] = {}
    for warp in warps:
        tiles.setdefault(warp.tile_px, []).append(warp)
    return tuple(Chain(tuple(some)) for some in tiles.values())
