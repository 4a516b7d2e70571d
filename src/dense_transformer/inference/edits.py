"""What-if: use other parameters than those that a network's transformers learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from dense_transformer.config import NetworkConfig, TransformerConfig
from dense_transformer.errors import ConfigError
from dense_transformer.geometry import parameter_count
from dense_transformer.inference.tiles import TilePlan
from dense_transformer.nn import Edit
from dense_transformer.types import Array, Box, WarpEdit

STEEPEST = 0.95  # |gy| + |gx| of a projective denominator; at 1 it vanishes in a corner


def check_edits(edits: Sequence[WarpEdit], config: NetworkConfig) -> None:
    """Refuse edits that can't be made to a network.

    Raises
    ------
    ConfigError
        If a level has no transformer, parameters are of another number or not
        finite, or two edits are for the same level and tile.
    """
    pairs = {pair.level: pair for pair in config.transformers}
    seen: set[tuple[int, Box | None]] = set()
    for edit in edits:
        if edit.level not in pairs:
            known = ", ".join(map(str, sorted(pairs))) or "none: it is a plain U-Net"
            raise ConfigError(
                f"an edit is for level {edit.level}; the model's transformers are "
                f"at level {known}"
            )
        _check_numbers(edit, pairs[edit.level])
        if (edit.level, edit.tile_px) in seen:
            where = f"tile {edit.tile_px}" if edit.tile_px else "all tiles"
            raise ConfigError(
                f"two edits are for level {edit.level} of {where}; leave one"
            )
        seen.add((edit.level, edit.tile_px))


def check_tiles(edits: Sequence[WarpEdit], plan: TilePlan) -> None:
    """Refuse edits of tiles that a plan doesn't have.

    Raises
    ------
    ConfigError
        If a tile isn't there.
    """
    wanted = {edit.tile_px for edit in edits if edit.tile_px is not None}
    if not wanted:
        return
    boxes = {plan.box(*place) for place in plan.order()}
    if missing := sorted(wanted - boxes):
        raise ConfigError(
            f"an edit is for the tile {missing[0]} px (top, left, bottom, right), and "
            f"the image is cut into {len(plan)} tiles of {plan.tile[0]} x "
            f"{plan.tile[1]} px, none of which is that; use the image, tile size and "
            "overlap that it was made for"
        )


def editing(
    edits: Sequence[WarpEdit], config: NetworkConfig, boxes: Sequence[Box]
) -> Edit | None:
    """Return what `DenseTransformerNetwork.trace` takes to edit a batch.

    Parameters
    ----------
    edits : sequence of WarpEdit
        Checked; one of a tile goes before one of all.
    config : NetworkConfig
        Of the network.
    boxes : sequence of Box
        The tiles of the batch, in pixels of the image that the network saw.

    Returns
    -------
    callable or None
        None where none of these tiles is changed.
    """
    chosen: dict[int, list[WarpEdit | None]] = {}
    for edit in edits:
        tiles = chosen.setdefault(edit.level, [None] * len(boxes))
        for index, box in enumerate(boxes):
            if edit.tile_px == box or (edit.tile_px is None and tiles[index] is None):
                tiles[index] = edit
    chosen = {level: some for level, some in chosen.items() if any(some)}
    if not chosen:
        return None
    families = {pair.level: pair.family for pair in config.transformers}

    def use(level: int, theta: Tensor) -> Tensor:
        tiles = chosen.get(level)
        if tiles is None:
            return theta
        rows = [
            row if edit is None else _edited(row, edit, families[level])
            for row, edit in zip(theta, tiles, strict=True)
        ]
        return torch.stack(rows)

    return use


def edited_parameters(theta: Array, edit: WarpEdit, family: str) -> Array:
    """Return the parameters (n,) that an edit makes of learned ones, float32."""
    row = torch.from_numpy(np.array(theta, dtype=np.float32))
    return np.asarray(_edited(row, edit, family).numpy())


def _edited(theta: Tensor, edit: WarpEdit, family: str) -> Tensor:
    if edit.theta is not None:
        theta = torch.from_numpy(np.array(edit.theta)).to(theta)
    if edit.strength != 1.0:
        theta = theta * edit.strength
    if family != "projective":
        return theta
    steep = theta[6:].abs().sum()  # beyond 1 the image would run through infinity
    if steep > STEEPEST:
        theta = torch.cat([theta[:6], theta[6:] * (STEEPEST / steep)])
    return theta


def _check_numbers(edit: WarpEdit, pair: TransformerConfig) -> None:
    if not np.isfinite(edit.strength):
        raise ConfigError(f"strength {edit.strength} of an edit: use a finite number")
    if edit.theta is None:
        return
    count = parameter_count(pair.family, pair.lattice)
    theta = np.asarray(edit.theta)
    if theta.shape != (count,) or not np.isfinite(theta).all():
        rows, columns = pair.lattice
        raise ConfigError(
            f"parameters of shape {theta.shape} for level {edit.level}: its "
            f"{pair.family} transformer of {rows} x {columns} fiducials takes "
            f"{count} finite numbers"
        )
