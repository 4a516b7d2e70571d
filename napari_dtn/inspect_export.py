"""All files about the image that is looked at, as `dtn inspect` writes them.

What workers run; the core is imported in them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dense_transformer.types import Progress
from napari_dtn.inspect_labels import to_classes
from napari_dtn.inspecting import InspectCore
from napari_dtn.predicting import Request, Stop

# What can be had alone: text, end of the name of the file with all its level {n}
# and tile {t}; the ending is the person's where there are several.
SINGLE_FILES = (
    ("Fiducials (CSV)…", "-fiducials.csv"),
    ("Displacement of the tile (CSV)…", "-level{n}-tile{t}-displacement.csv"),
    ("Displacement of the tile (TIFF)…", "-level{n}-tile{t}-field.tif"),
    ("Displacement of the image (TIFF)…", "-level{n}-field.tif"),
    ("Transform of the image for ITK (MHA)…", "-level{n}-field.mha"),
    ("Figure of the warp…", "-warp.{figure}"),
    ("Film of the warp…", "-warp.{film}"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """What to write.

    Attributes
    ----------
    folder : Path
        Where to.
    level : int or None
        Transformer that is shown closely; None: the deepest.
    tile : int
        Tile that is shown closely.
    figures, films : tuple of str
        Formats; empty: none.
    maps, page, ablation : bool
        Whether to write fields and maps, the page, and what changes without warps.
    labels : ndarray or None
        Of a Labels layer, as stored.
    """

    folder: Path
    level: int | None
    tile: int
    figures: tuple[str, ...]
    films: tuple[str, ...]
    maps: bool
    page: bool
    ablation: bool
    labels: np.ndarray | None


def export(
    core: InspectCore, request: Request, order: Order, stop: Stop
) -> Generator[Progress, None, tuple[Path, ...]]:
    """Ask everything of the section and write it; return the files.

    Raises
    ------
    DTNError
        Whatever the core finds wrong with the model, the image or the folder.
    """
    from dense_transformer.inspection.asking import inspect_image
    from dense_transformer.inspection.export import Wanted, write_findings
    from dense_transformer.inspection.findings import Questions

    model, source = core.model(request.model), request.source
    labels = order.labels
    if labels is not None:
        labels = to_classes(labels, len(model.card.classes))
    questions = Questions(
        level=order.level,
        tile=order.tile,
        ablate=("identity",) if order.ablation else (),
        film=bool(order.films),
    )
    found = yield from inspect_image(
        model, source.image, request.config, questions, section=source.section,
        labels=labels, stop=stop,
    )  # fmt: skip
    if stop():
        return ()
    yield Progress(1, 1, message="Writing")
    wanted = Wanted(order.figures, order.films, order.page, order.maps)
    return write_findings(found, order.folder, wanted)


def export_one(
    core: InspectCore, request: Request, order: Order, ending: str, path: Path,
    stop: Stop,
) -> Generator[Progress, None, tuple[Path, ...]]:  # fmt: skip
    """Write one of the files of an export to `path`, with the same bytes.

    Parameters
    ----------
    ending : str
        Of the name that the file has among all.

    Raises
    ------
    DTNError
        As `export`; if nothing of that ending is made.
    """
    from dense_transformer.errors import ImageError
    from dense_transformer.files import atomic_write

    with tempfile.TemporaryDirectory() as folder:
        order = replace(order, folder=Path(folder))
        files = yield from export(core, request, order, stop)
        found = [file for file in files if file.name.endswith(ending)]
        if stop():
            return ()
        if not found:
            raise ImageError(f"there is no {ending.lstrip('-')} of this image")
        return (atomic_write(path, found[0].read_bytes()),)


def describe_files(files: tuple[Path, ...]) -> str:
    """Return what was written, for people."""
    if len(files) == 1:
        return f"Wrote {files[0]}."
    kinds: dict[str, int] = {}
    for path in files:
        kinds[path.suffix.lstrip(".")] = kinds.get(path.suffix.lstrip("."), 0) + 1
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    page = [path.name for path in files if path.suffix == ".html"]
    words = f"{len(files)} files ({counted}) in {files[0].parent.name}."
    return words + (f" Begin with {page[0]}." if page else "")
