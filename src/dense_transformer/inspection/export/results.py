"""All files about one image, and where they go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dense_transformer.files import atomic_write
from dense_transformer.inference.files import file_name, make_folder
from dense_transformer.inspection.coverage import coverage_report
from dense_transformer.inspection.export.fields import field_of_maps, field_of_tile
from dense_transformer.inspection.export.film_frames import film_frames
from dense_transformer.inspection.export.films import to_gif, write_mp4
from dense_transformer.inspection.export.ground import write_figure
from dense_transformer.inspection.export.maps import write_field, write_planes
from dense_transformer.inspection.export.page import write_page
from dense_transformer.inspection.export.pictures import draw_pictures
from dense_transformer.inspection.export.report import compose_page
from dense_transformer.inspection.export.tables import (
    write_displacement,
    write_fiducials,
    write_numbers,
    write_outlines,
    write_patches,
)
from dense_transformer.inspection.export.tile_pictures import (
    tile_patches,
    tile_round_trip,
)
from dense_transformer.inspection.export.transforms import write_transform
from dense_transformer.inspection.findings import Findings
from dense_transformer.inspection.folds import density


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to write besides tables, maps and the page.

    Attributes
    ----------
    figures : tuple of str
        Formats of the figures: ``"svg"``, ``"pdf"``, ``"png"``.
    films : tuple of str
        Formats of the film: ``"gif"``, ``"mp4"``.
    page : bool
        Whether to write the page, which holds all figures.
    maps : bool
        Whether to write fields and maps.
    """

    figures: tuple[str, ...] = ("pdf",)
    films: tuple[str, ...] = ("gif",)
    page: bool = True
    maps: bool = True


def write_findings(
    found: Findings, out: Path | str, wanted: Wanted | None = None
) -> tuple[Path, ...]:
    """Write all that was found about one image to a folder; return the files.

    Parameters
    ----------
    found : Findings
        What was found.
    out : path
        Folder; made if it is not there.
    wanted : Wanted
        Formats.

    Raises
    ------
    ConfigError
        For a format that nobody knows, or MP4 without PyAV.
    WriteError
        If the disk is full or the folder can't be written to.
    """
    wanted = wanted or Wanted()
    start = str(make_folder(out) / file_name(found.name))
    patches = tile_patches(found)
    files = [*write_tables(found, start)]
    if wanted.maps:
        files += write_maps(found, start)
    files.append(write_patches(f"{start}-patches.csv", patches, found.pixel_nm))
    files.append(write_outlines(f"{start}-patch-outlines.csv", patches))
    pictures = draw_pictures(found, patches) if wanted.figures or wanted.page else ()
    for picture in pictures:
        for ending in wanted.figures:
            path = Path(f"{start}-{picture.name}.{ending}")
            files.append(write_figure(path, picture.drawing))
    gif = None
    if found.moments and (wanted.films or wanted.page):
        frames = film_frames(found)
        gif = to_gif(frames)
        if "gif" in wanted.films:
            files.append(atomic_write(f"{start}-warp.gif", gif))
        if "mp4" in wanted.films:
            files.append(write_mp4(f"{start}-warp.mp4", frames))
    if wanted.page:
        page = compose_page(found, pictures, patches, gif)
        files.append(write_page(f"{start}-inspection.html", page))
    return tuple(files)


def write_tables(found: Findings, start: str) -> Sequence[Path]:
    """Write numbers, fiducials and the displacement of the tile as CSV."""
    nm, tile = found.pixel_nm, found.tile
    place = f"{start}-level{found.level}-tile{found.tile_number}"
    return [
        write_numbers(f"{start}-numbers.csv", [(found.name, found.numbers)]),
        write_fiducials(f"{start}-fiducials.csv", found.chains, nm),
        write_displacement(
            f"{place}-displacement.csv", found.chain, found.level, tile=tile,
            pixel_nm=nm,
        ),
    ]  # fmt: skip


def write_maps(found: Findings, start: str) -> Sequence[Path]:
    """Write fields and maps as TIFF, and fields for ITK."""
    nm, files = found.pixel_nm, []
    for maps in found.prediction.levels:
        begin, field = f"{start}-level{maps.level}", field_of_maps(maps)
        files += [
            write_field(f"{begin}-field.tif", field, nm),
            write_transform(f"{begin}-field.mha", field, nm),
            write_planes(
                f"{begin}-coverage.tif", maps.coverage[None], ("coverage S",),
                maps.pitch_px, nm,
            ),
        ]  # fmt: skip
    files += _tile_maps(found, f"{start}-level{found.level}-tile{found.tile_number}")
    for other in found.alternatives:
        planes = np.stack([other.change.difference, other.change.changed])
        path = f"{start}-change-{file_name(other.name)}.tif"
        labels = (f"probability {other.what} less as learned", "other class")
        files.append(write_planes(path, planes, labels, pixel_nm=nm))
    return files


def _tile_maps(found: Findings, place: str) -> list[Path]:
    nm, chain, level = found.pixel_nm, found.chain, found.level
    field, dense = field_of_tile(chain, level), density(chain, level)
    report, trip = coverage_report(chain, level), tile_round_trip(found)
    over_units = np.stack([report.coverage, report.holes, trip.error])
    names = ("coverage S", "hole", "round-trip error (image at 1..99 % = -1..1)")
    cells = np.stack([dense.log_jacobian, dense.folded])
    return [
        write_field(f"{place}-field.tif", field, nm),
        write_transform(f"{place}-field.mha", field, nm),
        write_planes(
            f"{place}-coverage.tif", over_units, names, report.frame.pitch_px, nm
        ),
        write_planes(
            f"{place}-density.tif", cells,
            ("log area read / at rest", "folded"), dense.cells_frame.pitch_px, nm,
        ),
        write_planes(
            f"{place}-reads.tif", dense.reads[None], ("how often read",),
            dense.reads_frame.pitch_px, nm,
        ),
    ]  # fmt: skip
