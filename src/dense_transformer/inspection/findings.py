"""What was found out about one image: values that writers turn into files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dense_transformer.errors import ConfigError
from dense_transformer.inference import mismatch
from dense_transformer.inspection.ablation import Kind
from dense_transformer.inspection.chains import Chain
from dense_transformer.inspection.changes import Change, Judgement
from dense_transformer.inspection.grids import fiducial_arrows
from dense_transformer.inspection.numbers import LevelNumbers
from dense_transformer.inspection.spread import SpreadNumbers
from dense_transformer.types import Array, Image, Prediction
from dense_transformer.zoo import Model


@dataclass(frozen=True, slots=True)
class Questions:
    """What to ask of an image.

    Attributes
    ----------
    level : int or None
        Transformer to look at closely; None: the deepest.
    tile : int or None
        Index, from 0 and in the order of the plan, of the tile to look at closely;
        None: the one whose fiducials move most. People count tiles from 1.
    ablate : tuple of str
        What to put in the place of each transformer's own warp, one after another.
    film : bool
        Whether to look at the tile at several strengths too.
    """

    level: int | None = None
    tile: int | None = None
    ablate: tuple[Kind, ...] = ("identity",)
    film: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One tile with all its transformers at a part of what they learned.

    Attributes
    ----------
    strength : float
        0: the identity, 1: as learned.
    chain : Chain
        The warps then.
    probability : ndarray, shape (h, w)
        Of the foreground then, source px of the tile's part of the image.
    """

    strength: float
    chain: Chain
    probability: Array


@dataclass(frozen=True, slots=True, eq=False)
class Alternative:
    """Another prediction of the image, beside the learned one.

    Attributes
    ----------
    name : str
        For tables and files, such as ``"level4-identity"``.
    what : str
        For people, such as ``"with no warp at level 4"``.
    change : Change
        From the learned prediction to this.
    judgement : Judgement or None
        Against labels, where there are some.
    words : str
        What it comes to.
    """

    name: str
    what: str
    change: Change
    judgement: Judgement | None
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What a network does to one image.

    Attributes
    ----------
    image, section : Image, int
        What was looked at.
    model : Model
        By which network.
    pixel_nm : (float, float) or None
        Size of a source px.
    prediction : Prediction
        Of the whole image, with all warps.
    judgement : Judgement or None
        Of the prediction, against labels where there are some.
    chains : tuple of Chain
        The warps, tile by tile.
    level, tile : int
        Which transformer and which tile, its index, are looked at closely.
    numbers, spread : tuple
        Of each level: over the image, and between its tiles.
    alternatives : tuple of Alternative
        Without a transformer's own warp, and by another model.
    tile_pixels : ndarray, shape (h, w) or (h, w, c)
        The tile as the network saw it, its own px, about [0, 1].
    moments : tuple of Moment
        The tile from the identity to as learned.
    not_applicable : tuple of str
        What was asked to be put in the place of a warp and can't be, as the image is
        one tile.
    """

    image: Image
    section: int
    model: Model
    pixel_nm: tuple[float, float] | None
    prediction: Prediction
    judgement: Judgement | None
    chains: tuple[Chain, ...]
    level: int
    tile: int
    numbers: tuple[LevelNumbers, ...]
    spread: tuple[SpreadNumbers, ...]
    alternatives: tuple[Alternative, ...]
    tile_pixels: Array
    moments: tuple[Moment, ...]
    not_applicable: tuple[Kind, ...] = ()

    @property
    def chain(self) -> Chain:
        """The warps of the tile that is looked at closely."""
        return self.chains[self.tile]

    @property
    def tile_number(self) -> int:
        """The same tile as people count, from 1: in words and names of files."""
        return self.tile + 1

    @property
    def tile_moves_most(self) -> bool:
        """Whether no other tile's fiducials move further on average."""
        return self.tile == choose_tile(self.chains, self.level, None)

    @property
    def caution(self) -> str:
        """What is amiss between model and image; empty if nothing. See `mismatch`."""
        return mismatch(self.model, self.image, self.pixel_nm, self.section)

    @property
    def name(self) -> str:
        """Name of the image and section."""
        return self.prediction.image_name


def choose_tile(chains: Sequence[Chain], level: int, tile: int | None) -> int:
    """Return `tile`, or the one whose fiducials move most; ConfigError if not there."""
    if tile is None:
        shifts = [fiducial_arrows(c, level).length_px.mean() for c in chains]
        return int(np.argmax(shifts))
    if not 0 <= tile < len(chains):
        raise ConfigError(
            f"there is no tile {tile + 1}; the image has tiles 1 to {len(chains)}, "
            "counted row by row"
        )
    return tile
