"""An answer of a run as layers, room for one, and whether they take another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_dtn.layers import LayerSpec
from napari_dtn.on_screen import visible_box
from napari_dtn.sources import Source
from napari_dtn.teach_run_pictures import empty_specs

if TYPE_CHECKING:
    from dense_transformer.zoo import Card
    from napari_dtn.teach_context import TeachContext


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An answer as layers."""

    specs: list[LayerSpec]
    source: Source
    image: str


def room_specs(
    context: TeachContext, warps: bool
) -> tuple[list[LayerSpec], Source] | None:
    """Return layers for an answer to what is on screen, empty, and the image.

    None where nothing can be on screen: no image, no model, looked at elsewhere.
    """
    layer, model = context.layer(), context.model()
    if layer is None or model is None or model.card is None:
        return None
    source, box = context.source(), visible_box(layer, context.viewer)
    if source is None or box is None:
        return None
    side = min(model.card.patch) * source_px(source, model.card)
    return empty_specs(source, box, side, warps), source


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
