"""Annotations as a data set that `dtn train` and others read, and back."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path

import numpy as np

from dense_transformer.data import read_image, read_section
from dense_transformer.data.entries import images_in, partner
from dense_transformer.data.labels import check_labels, open_labels, section_values
from dense_transformer.errors import DataError, ProjectError
from dense_transformer.files import atomic_write
from dense_transformer.inference.files import make_folder, write_map
from dense_transformer.teaching.annotations import Patch
from dense_transformer.teaching.exchange_record import (
    PATCHES,
    SETTINGS,
    ExchangeRecord,
    pack_record,
    pack_settings,
    read_record,
    section_name,
    unlike_names,
)
from dense_transformer.teaching.images import find_file, store_image
from dense_transformer.teaching.journal import Journal
from dense_transformer.teaching.project import Project
from dense_transformer.teaching.project_file import ImageEntry
from dense_transformer.types import Array, Box, Image, Progress
from dense_transformer.work import finish


def export_data_set(
    project: Project, folder: Path | str
) -> Generator[Progress, None, tuple[Path, ...]]:
    """Write every annotated section as an image with labels; return the files.

    ``images/NAME.tif`` and ``labels/NAME.tif`` of equal names (``NAME-012`` for
    section 12 of a stack; numbered where two would have one name), labels 0 =
    ignored, else class index + 1. A network is trained on it by ``dtn train
    FOLDER/train.toml --run RUN``. ``patches.json`` says what the files were written
    from and which boxes are annotated as a whole, for `import_data_set`.

    Parameters
    ----------
    project : Project
        Open for writing or to look.
    folder : path
        Made if it isn't there; files of equal names are replaced.

    Yields
    ------
    Progress
        Counted in sections.

    Raises
    ------
    DataError
        If nothing is annotated, or an image of the project lies where a file would
        be written.
    ProjectError
        If an image moved or changed.
    WriteError
        If there is no room.
    """
    root = make_folder(folder)
    found = [(e, project.journal(e.name).annotations()) for e in project.images]
    work = [(entry, a, z) for entry, a in found for z in a.sections]
    if not work:
        raise DataError("nothing is annotated yet, so there is nothing to export")
    names = unlike_names((entry, section) for entry, _, section in work)
    _spare_originals(project, [root / "images" / f"{name}.tif" for name in names])
    for kind in ("images", "labels"):
        make_folder(root / kind)
    written, record = [], ExchangeRecord()
    for done, ((entry, painted, section), name) in enumerate(
        zip(work, names, strict=True)
    ):
        yield Progress(done, len(work), "section", message=f"exporting {entry.name}")
        image = project.open_image(entry.name)
        written.append(root / "images" / f"{name}.tif")
        store_image(_one_section(image, section), written[-1])
        written.append(root / "labels" / f"{name}.tif")
        write_map(written[-1], painted.section(section), image.pixel_nm)
        record.origin[name] = entry.name, section
        record.patches[name] = [p.box for p in painted.patches if p.section == section]
    text = pack_record(record, project.classes)
    written.append(atomic_write(root / PATCHES, text))
    settings = pack_settings(project.classes, project.images)
    written.append(atomic_write(root / SETTINGS, settings))
    yield Progress(len(work), len(work), "section")
    return tuple(written)


def import_data_set(
    project: Project, folder: Path | str
) -> Generator[Progress, None, tuple[ImageEntry, ...]]:
    """Add the images of a data set with their labels; return their entries.

    An image that the project has already is not added again. Its labels that
    aren't 0 replace what is painted there, as one change that can be undone.

    Parameters
    ----------
    project : Project
        Open for writing.
    folder : path
        With ``images/`` and ``labels/`` of equal names: 0 = not annotated, else
        class index + 1; and ``patches.json`` where `export_data_set` wrote it.

    Yields
    ------
    Progress
        Counted in images.

    Raises
    ------
    DataError
        If a partner is missing, sizes differ, or a label is no class.
    ImageError
        If a file can't be read.
    ProjectError
        If ``patches.json`` is damaged, or the project was opened only to look.
    """
    root = Path(folder)
    images, labels = images_in(root / "images"), images_in(root / "labels")
    record = read_record(root / PATCHES)
    entries = []
    for done, (name, path) in enumerate(images.items()):
        yield Progress(done, len(images), "image", message=f"importing {name}")
        other = partner(name, root / "labels", labels)
        boxes, origin = record.patches.get(name, []), record.origin.get(name)
        steps = _import_steps(project, path, other, boxes, None, origin)
        entries.append(
            (yield from _told_as(Progress(done, len(images), "image"), steps))
        )
    yield Progress(len(images), len(images), "image")
    return tuple(entries)


def import_labels(
    project: Project,
    image_path: Path,
    labels_path: Path,
    boxes: list[Box] | None = None,
    *,
    pixel_nm: tuple[float, float] | None = None,
    origin: tuple[str, int] | None = None,
) -> ImageEntry:
    """Add an image, unless it is there, and what is labelled on it; return its entry.

    Parameters
    ----------
    project : Project
        Open for writing.
    image_path, labels_path : Path
        An image or a stack, and labels of as many sections of the same size.
    boxes : list of Box
        Annotated as a whole; of a stack on its first section.
    pixel_nm : tuple of float, optional
        Pixel size (y, x), nm; what the file says if not given.
    origin : (str, int), optional
        Image and section that the file was exported from, if it says so.

    Raises
    ------
    DataError, ImageError, ProjectError
        As `import_data_set`.
    """
    steps = _import_steps(
        project, image_path, labels_path, boxes or [], pixel_nm, origin
    )
    return finish(steps)


def _import_steps(
    project: Project,
    image_path: Path,
    labels_path: Path,
    boxes: list[Box],
    pixel_nm: tuple[float, float] | None,
    origin: tuple[str, int] | None,
) -> Generator[Progress, None, ImageEntry]:
    """Do what `import_labels` does; yield after each section that was read.

    What is painted by others meanwhile stays: the change is made in one piece.
    """
    image, labels = read_image(image_path), open_labels(labels_path)
    theirs, ours = (labels.sections, *labels.size), (image.sections, *image.size)
    if theirs != ours:
        raise DataError(
            f"{labels_path} has the shape {theirs} (z, y, x), {image_path} {ours}; "
            "labels have to be of the same size"
        )
    parts = []
    for z in range(labels.sections):
        yield Progress(z, labels.sections, "section")
        values = section_values(labels, z)
        values = check_labels(values, len(project.classes), str(labels_path))
        if values.any():
            parts.append((z, values))
    entry, first = project.find(image_path), 0
    if entry is None:
        entry, first = _exported(project, image, origin)
    if entry is None:
        entry = project.add_image(image.name, image_path, pixel_nm)
    yield Progress(labels.sections, labels.sections, "section")
    journal = project.journal(entry.name)
    journal.change(
        paint=[
            (first + z, 0, 0, _over(journal, first + z, values)) for z, values in parts
        ],
        add=[Patch(first, *box) for box in boxes],
    )
    return entry


def _told_as(
    progress: Progress, steps: Generator[Progress, None, ImageEntry]
) -> Generator[Progress, None, ImageEntry]:
    """Yield `progress` for each step of a part of the work."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            entry: ImageEntry = end.value
            return entry
        yield progress


def _exported(
    project: Project, image: Image, origin: tuple[str, int] | None
) -> tuple[ImageEntry | None, int]:
    """Return the image and section that `export_data_set` wrote `image` from."""
    for entry in project.images if image.sections == 1 else ():
        for section in range(entry.sections):
            said = (entry.name, section) == origin
            if said or (origin is None and section_name(entry, section) == image.name):
                own = read_section(project.open_image(entry.name), section)
                if np.array_equal(own, read_section(image, 0)):
                    return entry, section
    return None, 0


def _spare_originals(project: Project, files: list[Path]) -> None:
    """Raise DataError if a file to be written is an image of the project."""
    theirs = set()
    for entry in project.images:
        with contextlib.suppress(ProjectError):  # it moved: it isn't where we write
            theirs.add(find_file(entry, project.folder).resolve())
    for file in files:
        if file.resolve() in theirs:
            raise DataError(
                f"{file} is an image of the project, and would be written over; "
                "export to another folder"
            )


def _one_section(image: Image, section: int) -> Image:
    pixels = read_section(image, section)
    return Image(pixels, "yxc", image.name, image.pixel_nm)


def _over(journal: Journal, section: int, values: Array) -> Array:
    """Return new labels where there are some, else what is painted."""
    return np.where(values > 0, values, journal.read(section))
