"""The file `project.json`: which images and models a project has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dense_transformer.errors import ConfigError, ProjectError
from dense_transformer.files import atomic_write
from dense_transformer.settings import Settings, from_dict, setting

FORMAT, VERSION = "napari-dtn project", 1
_LARGEST = 2**26  # bytes


@dataclass(frozen=True, slots=True)
class ImageEntry(Settings):
    """An image of a project: where it lies, and how to know it again."""

    name: str = setting("", "Name within the project, and of its journal.")
    path: str = setting("", "File or folder; relative to the project's folder.")
    absolute: str = setting("", "Where it was when it was added.")
    stored: bool = setting(False, "Whether the project holds the pixels itself.")
    dataset: str = setting("", "Data set in an HDF5 file.")
    sections: int = setting(1, "Sections.", low=1, high=2**24)
    size: tuple[int, int] = setting((1, 1), "Height and width, px.", low=1, high=2**24)
    channels: int = setting(1, "Channels.", low=1, high=65536)
    pixel_nm: tuple[float, float] | None = setting(
        None, "Pixel size (y, x), nm; None: unknown.", low=1e-3
    )
    fingerprint: str = setting("", "Hash of the file, see `fingerprint`.")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Sections, height and width."""
        return (self.sections, *self.size)


@dataclass(frozen=True, slots=True)
class ModelRecord(Settings):
    """A model of a project: the one it began with, or one that was kept."""

    name: str = setting("", "Name it is loaded by.")
    file: str = setting("", "Its copy; relative to the project's folder.")
    sha256: str = setting("", "Of its weights.")
    parent: str = setting("", "SHA-256 of the model it was taught from; empty: none.")
    run: str = setting("", "Name of the run that made it; empty: none.")
    created: str = setting("", "When it was kept, ISO 8601.")


@dataclass(frozen=True, slots=True)
class ProjectRecord(Settings):
    """All that `project.json` says."""

    format: str = setting(FORMAT, "What the file is.")
    version: int = setting(VERSION, "Of the format.", low=1, high=VERSION)
    created: str = setting("", "When, ISO 8601.")
    classes: tuple[str, ...] = setting(
        ("inside", "boundary"), "Names of the classes, the foreground last."
    )
    images: tuple[ImageEntry, ...] = setting((), "Its images.")
    models: tuple[ModelRecord, ...] = setting((), "Its models, oldest first.")
    current: int = setting(0, "Which of them is in use.", low=0)

    def check(self) -> None:
        """Refuse what doesn't fit together, or would lead out of the folder."""
        if not self.models or self.current >= len(self.models):
            raise ConfigError(f"model {self.current} of {len(self.models)} isn't there")
        names = [image.name.casefold() for image in self.images]
        if len(set(names)) < len(names) or not all(map(_is_plain, names)):
            raise ConfigError("two images have the same name, or one has no plain name")
        inside = [m.file for m in self.models]
        inside += [image.path for image in self.images if image.stored]
        for path in inside:
            parts = Path(path).parts
            if Path(path).is_absolute() or ".." in parts or "\\" in path or not parts:
                raise ConfigError(f"{path!r} leads out of the project's folder")


def read_project(path: Path) -> ProjectRecord:
    """Return what a `project.json` says.

    Raises
    ------
    ProjectError
        If it isn't there, damaged, hostile or too new.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ProjectError(f"{path} is too large for a project; is it one?")
        values = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise ProjectError(
            f"{path.parent} is no project: it has no {path.name}; make one with "
            "`dtn teach --new`, or in napari's Teach tab"
        ) from error
    except OSError as error:
        raise ProjectError(f"can't read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ProjectError(
            f"{path} is damaged: {error}; bring it back from a backup"
        ) from error
    return _parse(values, path)


def _parse(values: Any, path: Path) -> ProjectRecord:
    if not isinstance(values, Mapping) or values.get("format") != FORMAT:
        raise ProjectError(f"{path} doesn't describe a project of napari-dtn")
    version = values.get("version")
    if isinstance(version, int) and version > VERSION:
        raise ProjectError(
            f"{path} is of version {version}, newer than {VERSION} that is known "
            "here; update napari-dtn"
        )
    try:
        return from_dict(ProjectRecord, values)
    except (ConfigError, TypeError, RecursionError) as error:
        raise ProjectError(f"{path} is damaged: {error}") from error


def write_project(path: Path, record: ProjectRecord) -> None:
    """Write a `project.json`, or leave the old one; raises WriteError."""
    text = json.dumps(record.to_dict(), indent=1, ensure_ascii=False) + "\n"
    atomic_write(path, text.encode())


def _is_plain(name: str) -> bool:
    """Return whether a name can be a file's: no way out, nothing hidden."""
    return bool(name) and name[0] != "." and not set(name) & set('/\\:*?"<>|\0')
