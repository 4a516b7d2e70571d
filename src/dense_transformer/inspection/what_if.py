"""What if a fiducial stood elsewhere: edits by hand, to be undone and redone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dense_transformer.errors import ConfigError
from dense_transformer.evaluation.parameters import parameter_limits
from dense_transformer.geometry import lattice_points
from dense_transformer.inspection.chains import Chain
from dense_transformer.inspection.frames import frame_of
from dense_transformer.inspection.numbers import lattice_shape
from dense_transformer.inspection.rewarp import (
    input_size,
    require_parameters,
    shift_fiducials,
)
from dense_transformer.types import Array, Box, Warp, WarpEdit

FARTHEST = 2.0  # unit frame: from one end of the map to the other
LONGEST = 500  # states of a history
Edits = tuple[WarpEdit, ...]


def move_fiducial(
    warp: Warp,
    index: int,
    to_px: tuple[float, float],
    *,
    chain: Chain | None = None,
    bound: tuple[float, float] | None = None,
) -> WarpEdit:
    """Return the edit that puts one fiducial where somebody dragged it.

    A spline moves that fiducial alone. The other families can't: their fiducial goes
    there exactly, and of all transformations of the family that do so it is the one
    that moves the other fiducials least (least squares).

    Parameters
    ----------
    warp : Warp
        As it is now, edited or not.
    index : int
        Which fiducial.
    to_px : (float, float)
        (y, x), source px.
    chain : Chain or None
        All warps of the tile, where shallower transformers lie above this one: the
        place is then meant as it is drawn, composed. Where no shallower one reads
        it, nothing moves.
    bound : (float, float) or None
        Largest offsets (`offset_bound`): stay within what the network could have
        learned. None: as far as the map is wide.

    Raises
    ------
    ConfigError
        If there is no such fiducial, or the place isn't finite.
    DataError
        If the warp has no parameters.
    """
    require_parameters(warp)
    if not 0 <= index < len(warp.fiducials) or not np.isfinite(to_px).all():
        raise ConfigError(
            f"can't move fiducial {index} to {to_px}; there are 0 to "
            f"{len(warp.fiducials) - 1}, and places are finite"
        )
    size, place = input_size(warp), np.array(to_px, dtype=np.float64)
    if chain is None:
        units = frame_of(warp).to_units(place, size)
    else:
        units = chain.image_px_to_input(place, warp.level)
    theta = warp.theta.astype(np.float64)
    if np.isfinite(units).all():
        half = (np.array(size) - 1.0) / 2.0
        target = np.where(half > 0, units / np.maximum(half, 0.5) - 1.0, 0.0)
        rest = lattice_points(*lattice_shape(warp.lattice)).numpy()
        theta = _limited(_moved(warp.family, theta, rest, index, target), warp, bound)
    theta = theta.astype(np.float32)
    theta.setflags(write=False)
    return WarpEdit(warp.level, theta=theta, tile_px=warp.tile_px)


def _moved(family: str, theta: Array, rest: Array, index: int, target: Array) -> Array:
    """Return parameters with one fiducial at `target`, unit frame of the level."""
    if family == "tps":
        offsets = theta.reshape(-1, 2).copy()
        offsets[index] = target - rest[index]
        return offsets.reshape(-1)
    there = rest + shift_fiducials(family, theta, rest)
    there[index] = target
    design = _design(family, rest, there)  # (k, 2, n)
    shift = there - rest
    others = np.delete(np.arange(len(rest)), index)
    # Exact for the one: a solution and all that may be added to it.
    _, values, rows = np.linalg.svd(design[index])
    start = np.linalg.lstsq(design[index], shift[index], rcond=None)[0]
    free = rows[int((values > 1e-9).sum()) :].T
    left = shift[others].reshape(-1) - design[others].reshape(-1, len(start)) @ start
    matrix = design[others].reshape(-1, len(start)) @ free
    return np.asarray(start + free @ np.linalg.lstsq(matrix, left, rcond=None)[0])


def _design(family: str, rest: Array, there: Array) -> Array:
    """Return how each parameter shifts each fiducial, (k, 2, n).

    The projective denominator is multiplied out: shift = A p + t - (g . p) F.
    """
    y, x = rest.T
    one, zero = np.ones_like(y), np.zeros_like(y)
    affine = [(c, zero) for c in (y, x, one)] + [(zero, c) for c in (y, x, one)]
    columns = {
        "translation": [(one, zero), (zero, one)],
        "attention": [(y, x), (one, zero), (zero, one)],
        "affine": affine,
        "projective": [
            *affine,
            *((-there[:, 0] * c, -there[:, 1] * c) for c in (y, x)),
        ],
    }
    return np.stack([np.stack(pair, 1) for pair in columns[family]], -1)


def _limited(theta: Array, warp: Warp, bound: tuple[float, float] | None) -> Array:
    if bound is None:
        limits: Array = np.full(len(theta), FARTHEST)
        if warp.family == "projective":
            limits[6:] = 0.47  # |gy| + |gx| < 1: the plane stays in front
    elif warp.family == "tps":
        limits = np.tile(np.asarray(bound, dtype=np.float64), len(theta) // 2)
    else:
        limits = parameter_limits(warp.family, bound)
    return np.asarray(np.clip(theta, -limits, limits))


@dataclass(frozen=True, slots=True, eq=False)
class EditHistory:
    """Edits, and those before and after them; a value: every change makes another.

    Attributes
    ----------
    states : tuple of tuple of WarpEdit
        From the first to the last.
    at : int
        Which of them counts.
    """

    states: tuple[Edits, ...] = ((),)
    at: int = 0

    @property
    def edits(self) -> Edits:
        """The edits that count; as `predict` takes them."""
        return self.states[self.at]

    @property
    def can_undo(self) -> bool:
        """Whether there is a state before."""
        return self.at > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a state after."""
        return self.at + 1 < len(self.states)

    def do(self, edit: WarpEdit, *, amend: bool = False) -> EditHistory:
        """Return the history with an edit in place of that of its level and tile.

        Parameters
        ----------
        edit : WarpEdit
            What was done.
        amend : bool
            Go on with the last state instead of making a new one: one drag of many
            positions is one thing to undo.
        """
        name = edit.level, edit.tile_px
        others = tuple(e for e in self.edits if (e.level, e.tile_px) != name)
        return self._then((*others, edit), amend)

    def undo(self) -> EditHistory:
        """Return the history one state earlier; itself at the first."""
        return EditHistory(self.states, max(0, self.at - 1))

    def redo(self) -> EditHistory:
        """Return the history one state later; itself at the last."""
        return EditHistory(self.states, min(len(self.states) - 1, self.at + 1))

    def reset(
        self, level: int | None = None, tile_px: Box | None = None
    ) -> EditHistory:
        """Return the history with no edits, which can be undone.

        Parameters
        ----------
        level : int or None
            Only those of a level.
        tile_px : Box or None
            Only those of a tile.
        """
        left = tuple(
            e
            for e in self.edits
            if level not in (None, e.level) or tile_px not in (None, e.tile_px)
        )
        return self if len(left) == len(self.edits) else self._then(left, False)

    def _then(self, edits: Edits, amend: bool) -> EditHistory:
        kept = self.states[: self.at + (0 if amend and self.at else 1)]
        states = (*kept, edits)[-LONGEST:]
        return EditHistory(states, len(states) - 1)
