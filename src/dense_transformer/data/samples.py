"""The small samples that travel with the package: where they are."""

from __future__ import annotations

from pathlib import Path

from dense_transformer.errors import DataError

EM = "em"
ROAD = "road"


def list_samples() -> tuple[str, ...]:
    """Return the names of the shipped samples."""
    return (EM, ROAD)


def sample_path(name: str) -> Path:
    """Return the folder of a sample, with `images` and `labels` of equal names.

    Raises
    ------
    DataError
        If there is no sample of that name, or its files weren't installed.
    """
    if name not in list_samples():
        known = ", ".join(list_samples())
        raise DataError(f"no sample is called {name!r}; take one of {known}")
    for root in _roots():
        folder = root / name
        if (folder / "images").is_dir():
            return folder
    raise DataError(
        f"the files of sample {name!r} are missing from {_roots()[0]}; "
        "install napari-dtn again, or draw them with "
        "`python -m dense_transformer.data.synthesis FOLDER`"
    )


def sample_images(name: str) -> tuple[Path, ...]:
    """Return the image files of a sample, in their order."""
    return _files(sample_path(name) / "images")


def sample_labels(name: str) -> tuple[Path, ...]:
    """Return the label files of a sample, in the order of `sample_images`."""
    return _files(sample_path(name) / "labels")


def _roots() -> tuple[Path, Path]:
    """Return where samples lie when installed, and in a working copy."""
    package = Path(__file__).resolve().parents[1]
    return package / "sample_data", package.parents[1] / "sample_data"


def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(p for p in folder.iterdir() if not p.name.startswith(".")))
