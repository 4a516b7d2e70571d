"""The numbers of the Inspect tab: of one tile, an image, a stack or a folder.

What workers run; the core is imported in them.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dense_transformer.types import Image, Prediction, Progress, Warp
from napari_dtn.inspecting import InspectCore
from napari_dtn.predicting import Request, Stop

if TYPE_CHECKING:
    from dense_transformer.inspection import LevelNumbers, SpreadNumbers

SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".h5", ".hdf5", ".hdf")
COLUMNS = (
    ("mean_px", "mean px"),
    ("largest_px", "largest px"),
    ("folded", "folded"),
    ("coverage_smallest", "least S"),
    ("holes", "holes"),
    ("outside", "outside"),
    ("saturation", "saturated"),
    ("bending", "bending"),
)
SHARES = ("folded", "holes", "outside", "saturation")
Numbers = tuple["LevelNumbers", ...]
Row = tuple[str, list[str]]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Numbers of one or more images.

    Attributes
    ----------
    images : tuple of (name, numbers)
        Of each image, its numbers level by level.
    spread : tuple of SpreadNumbers
        How much the warps differ between images or tiles, level by level.
    failed : tuple of str
        What could not be measured, and why.
    """

    images: tuple[tuple[str, Numbers], ...]
    spread: tuple[SpreadNumbers, ...]
    failed: tuple[str, ...] = ()


def measure_warps(
    name: str, warps: Sequence[Warp], model: Any, source: Any
) -> Measured:
    """Return the numbers of warps of one image, of a tile or of all."""
    from dense_transformer.inspection import compare_images, measure_levels

    image: Image = source.image
    numbers = measure_levels(
        warps, model.config.transformers, image.pixel_nm, image.size
    )
    spread = compare_images([(name, warps)]) if warps else ()
    return Measured(((name, numbers),), spread)


def measure_sections(
    core: InspectCore, request: Request, stop: Stop
) -> Generator[Progress, None, Measured]:
    """Return the numbers of all sections of a stack."""
    image = request.source.image
    many = [
        (f"{image.name} {section}", replace(request.source, section=section))
        for section in range(image.sections)
    ]
    return (yield from _measure_all(core, request, many, stop))


def measure_folder(
    core: InspectCore, request: Request, folder: Path, stop: Stop
) -> Generator[Progress, None, Measured]:
    """Return the numbers of all images of a folder, one file after the other.

    Raises
    ------
    FileNotFoundError
        If the folder holds no image.
    """
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    if not files:
        raise FileNotFoundError(
            f"{folder} holds no image ({', '.join(SUFFIXES)}); choose another folder"
        )
    return (yield from _measure_all(core, request, [(p.name, p) for p in files], stop))


def _measure_all(
    core: InspectCore, request: Request, many: Sequence[tuple[str, Any]], stop: Stop
) -> Generator[Progress, None, Measured]:
    """Predict one after the other; what fails is told and left out."""
    from dense_transformer.data import read_image
    from dense_transformer.errors import DTNError
    from dense_transformer.inspection import compare_images

    model = core.model(request.model)
    images: list[tuple[str, Numbers]] = []
    warps: list[tuple[str, tuple[Warp, ...]]] = []
    failed = []
    for number, (name, place) in enumerate(many):
        if stop():
            break
        try:
            source = place
            if isinstance(place, Path):
                found = read_image(place)
                source = replace(request.source, image=found, section=0, lead=())
            asked = replace(request, source=source, region=None)
            steps = core.predict(asked, stop)
            done = yield from _as_part(steps, number, len(many), name)
            images += measure_warps(name, done.warps, model, source).images
            warps.append((name, done.warps))
        except DTNError as error:
            failed.append(f"{name}: {error}")
    spread = compare_images(warps) if warps else ()
    return Measured(tuple(images), spread, tuple(failed))


def _as_part(
    steps: Generator[Progress, None, Prediction], number: int, count: int, name: str
) -> Generator[Progress, None, Prediction]:
    """Run one of `count` predictions; its progress is a share of that of all."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            prediction: Prediction = end.value
            return prediction
        yield replace(
            step,
            done=number * step.total + step.done,
            total=count * step.total,
            seconds_left=None,
            message=f"{name} ({number + 1} of {count})",
            part=None,
        )


def rows_of(
    found: Measured, level: int | None
) -> tuple[list[str], list[Row], list[str]]:
    """Return columns, rows and hints of a table for people.

    One image: its numbers as rows, its levels as columns. Several: the images as
    rows, the numbers of `level` (None: the deepest) as columns.
    """
    from dense_transformer.inspection.export.words import level_rows, share

    if len(found.images) == 1:
        levels = found.images[0][1]
        tables = [level_rows(numbers) for numbers in levels]
        rows = [
            (line[0][0], [c[1] for c in line]) for line in zip(*tables, strict=True)
        ]
        return (
            [f"level {numbers.level}" for numbers in levels],
            rows,
            [hint for _, _, hint in tables[0]] if tables else [],
        )
    rows = []
    for name, levels in found.images:
        chosen = [n for n in levels if level in (None, n.level)][-1:]
        for numbers in chosen:
            values = {field: getattr(numbers, field) for field, _ in COLUMNS}
            cells = [share(v) if f in SHARES else f"{v:.3g}" for f, v in values.items()]
            rows.append((name, cells))
    return [words for _, words in COLUMNS], rows, []


def describe(found: Measured) -> str:
    """Return what the numbers come to, in plain words."""
    from dense_transformer.inspection import describe_spread
    from dense_transformer.inspection.export.words import describe_movement

    words = []
    if len(found.images) == 1:
        words += [describe_movement(numbers) for numbers in found.images[0][1]]
    words += [describe_spread(spread) for spread in found.spread]
    if found.failed:
        words.append(f"Not measured: {'; '.join(found.failed[:3])}")
    return "\n".join(words)


def write_csv(path: Path, found: Measured) -> Path:
    """Write all numbers of all images and levels, one row each."""
    from dense_transformer.inspection.export import write_numbers

    return write_numbers(path, found.images)
