"""What was found, as tables, maps, figures, films and pages; always the same bytes."""

from dense_transformer.inspection.export.drawing import Drawing
from dense_transformer.inspection.export.fields import (
    Field,
    field_of_maps,
    field_of_tile,
)
from dense_transformer.inspection.export.film_frames import film_frames
from dense_transformer.inspection.export.films import write_gif, write_mp4
from dense_transformer.inspection.export.ground import FORMATS, Ground, write_figure
from dense_transformer.inspection.export.maps import write_field, write_planes
from dense_transformer.inspection.export.page import (
    Figure,
    Page,
    Section,
    Table,
    write_page,
)
from dense_transformer.inspection.export.pictures import draw_pictures
from dense_transformer.inspection.export.report import compose_page
from dense_transformer.inspection.export.results import Wanted, write_findings
from dense_transformer.inspection.export.tables import (
    write_displacement,
    write_fiducials,
    write_numbers,
    write_outlines,
    write_patches,
    write_spread,
    write_table,
)
from dense_transformer.inspection.export.tile_pictures import tile_patches
from dense_transformer.inspection.export.transforms import write_transform
from dense_transformer.inspection.export.warp_figure import WarpMarks, draw_warp

__all__ = [
    "FORMATS",
    "Drawing",
    "Field",
    "Figure",
    "Ground",
    "Page",
    "Section",
    "Table",
    "Wanted",
    "WarpMarks",
    "compose_page",
    "draw_pictures",
    "draw_warp",
    "field_of_maps",
    "field_of_tile",
    "film_frames",
    "tile_patches",
    "write_displacement",
    "write_fiducials",
    "write_field",
    "write_figure",
    "write_findings",
    "write_gif",
    "write_mp4",
    "write_numbers",
    "write_outlines",
    "write_page",
    "write_patches",
    "write_planes",
    "write_spread",
    "write_table",
    "write_transform",
]
