"""Annotations as a data set that `dtn train` and others read, and back."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

from dense_transformer.data import read_image, read_section
from dense_transformer.data.entries import images_in, partner
from dense_transformer.data.labels import check_labels, open_labels, section_values
from dense_transformer.errors import DataError, ProjectError
from dense_transformer.files import atomic_write
from dense_transformer.inference.files import make_folder, write_map
from dense_transformer.teaching.annotations import Patch
from dense_transformer.teaching.images import store_image
from dense_transformer.teaching.journal import Journal
from dense_transformer.teaching.project import Project
from dense_transformer.teaching.project_file import ImageEntry
from dense_transformer.types import Array, Image, Progress

PATCHES = "patches.json"
SETTINGS = "train.toml"
_LARGEST = 2**26  # bytes of a file of patches


def export_data_set(
    project: Project, folder: Path | str
) -> Generator[Progress, None, tuple[Path, ...]]:
    """Write every annotated section as an image with labels; return the files.

    ``images/NAME.tif`` and ``labels/NAME.tif`` of equal names (``NAME-012`` for
    section 12 of a stack), labels 0 = ignored, else class index + 1. A network is
    trained on it by ``dtn train FOLDER/train.toml --run RUN``. ``patches.json`` says
    which boxes are annotated as a whole, for `import_data_set`.

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
        If nothing is annotated.
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
    for kind in ("images", "labels"):
        make_folder(root / kind)
    written, patches = [], {}
    for done, (entry, painted, section) in enumerate(work):
        yield Progress(done, len(work), "section", message=f"exporting {entry.name}")
        name = section_name(entry, section)
        image = project.open_image(entry.name)
        written.append(root / "images" / f"{name}.tif")
        store_image(_one_section(image, section), written[-1])
        written.append(root / "labels" / f"{name}.tif")
        write_map(written[-1], painted.section(section), image.pixel_nm)
        patches[name] = [p.box for p in painted.patches if p.section == section]
    text = json.dumps({"classes": project.classes, "patches": patches}, indent=1)
    written.append(atomic_write(root / PATCHES, text.encode()))
    written.append(atomic_write(root / SETTINGS, _settings(project).encode()))
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
    boxes = _read_patches(root / PATCHES)
    entries = []
    for done, (name, path) in enumerate(images.items()):
        yield Progress(done, len(images), "image", message=f"importing {name}")
        other = partner(name, root / "labels", labels)
        entries.append(import_labels(project, path, other, boxes.get(name, [])))
    yield Progress(len(images), len(images), "image")
    return tuple(entries)


def import_labels(
    project: Project,
    image_path: Path,
    labels_path: Path,
    boxes: list[tuple[int, int, int, int]] | None = None,
    *,
    pixel_nm: tuple[float, float] | None = None,
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

    Raises
    ------
    DataError, ImageError, ProjectError
        As `import_data_set`.
    """
    image, labels = read_image(image_path), open_labels(labels_path)
    theirs, ours = (labels.sections, *labels.size), (image.sections, *image.size)
    if theirs != ours:
        raise DataError(
            f"{labels_path} has the shape {theirs} (z, y, x), {image_path} {ours}; "
            "labels have to be of the same size"
        )
    parts = _labelled(labels, len(project.classes), labels_path)
    entry, first = project.find(image_path), 0
    if entry is None:
        entry, first = _exported(project, image)
    if entry is None:
        entry = project.add_image(image.name, image_path, pixel_nm)
    journal = project.journal(entry.name)
    patches = [Patch(first, *box) for box in boxes or ()]
    journal.change(
        paint=[
            (first + z, 0, 0, _over(journal, first + z, values)) for z, values in parts
        ],
        add=patches,
    )
    return entry


def _exported(project: Project, image: Image) -> tuple[ImageEntry | None, int]:
    """Return the image and section that `export_data_set` wrote `image` from."""
    for entry in project.images if image.sections == 1 else ():
        for section in range(entry.sections):
            if section_name(entry, section) == image.name:
                own = read_section(project.open_image(entry.name), section)
                if np.array_equal(own, read_section(image, 0)):
                    return entry, section
    return None, 0


def section_name(entry: ImageEntry, section: int) -> str:
    """Return the name of the files of a section: the image's, numbered in a stack."""
    if entry.sections == 1:
        return entry.name
    digits = max(3, len(str(entry.sections - 1)))
    return f"{entry.name}-{section:0{digits}}"


def _one_section(image: Image, section: int) -> Image:
    pixels = read_section(image, section)
    return Image(pixels, "yxc", image.name, image.pixel_nm)


def _labelled(labels: Image, classes: int, path: Path) -> list[tuple[int, Array]]:
    """Return the sections on which something is labelled; raises DataError."""
    checked = (
        (z, check_labels(section_values(labels, z), classes, str(path)))
        for z in range(labels.sections)
    )
    return [(z, values) for z, values in checked if values.any()]


def _over(journal: Journal, section: int, values: Array) -> Array:
    """Return new labels where there are some, else what is painted."""
    return np.where(values > 0, values, journal.read(section))


def _read_patches(path: Path) -> dict[str, list[tuple[int, int, int, int]]]:
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        values: Any = json.loads(path.read_bytes())["patches"]
        found = {}
        for name, boxes in values.items():
            if any(
                len(box) != 4 or not all(type(v) is int for v in box) for box in boxes
            ):
                raise ValueError(f"{name!r} has boxes that aren't four whole numbers")
            found[str(name)] = [tuple(box) for box in boxes]
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as e:
        raise ProjectError(
            f"{path} is damaged: {e}; remove it to import labels without patches"
        ) from e
    return found


def _settings(project: Project) -> str:
    """Return the settings with which `dtn train` reads the data set."""
    sizes = [entry.pixel_nm for entry in project.images if entry.pixel_nm]
    classes = json.dumps(list(project.classes), ensure_ascii=False)
    lines = [
        "# dtn train train.toml --run RUN",
        "# labels/: 0 is ignored, 1, 2 ... are the classes below",
        'name = "taught"',
        "[network]",
        f"classes = {len(project.classes)}",
        "[data]",
        'layout = "folders"',
        'root = "."',
        f"classes = {classes}",
    ]
    if sizes:
        lines.append(f"pixel_nm = {list(sizes[0])}")
    return "\n".join(lines) + "\n"
