"""An answer of a run as layers, and whether they take another one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_dtn.layers import LayerSpec
from napari_dtn.sources import Source

if TYPE_CHECKING:
    from dense_transformer.zoo import Card


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An answer as layers."""

    specs: list[LayerSpec]
    source: Source
    image: str


def source_px(source: Source, card: Card) -> float:
    """Return how large a pixel of the network is, px of the image; 1 if unknown."""
    if card.height_px:
        return source.image.size[0] / card.height_px / card.zoom
    nm, of = source.image.pixel_nm, card.pixel_nm
    return (of[0] / nm[0] if nm and of else 1.0) / card.zoom


def fits(picture: Picture, before: Picture | None) -> bool:
    """Return whether layers that show one answer need only data to show another."""
    if before is None or before.source.layer_id != picture.source.layer_id:
        return False
    shapes = [[spec.data.shape for spec in one.specs] for one in (before, picture)]
    return shapes[0] == shapes[1]
