"""Where projects lie, and the directories of their runs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from dense_transformer.errors import WriteError
from dense_transformer.inference.files import file_name
from dense_transformer.zoo import user_folder

FILE = "project.json"


def default_project_folder(image_path: str | os.PathLike[str] | None) -> Path:
    """Return where a project for an image belongs; it need not be there yet.

    Beside the image, ``NAME-teach``, where that can be written; else, and for what
    has no file, in the user's own data, ``projects/NAME-HASH``.
    """
    projects = user_folder().parent / "projects"
    if image_path is None:
        number = 1
        while (projects / f"untitled-{number}").exists():
            number += 1
        return projects / f"untitled-{number}"
    path = Path(image_path).resolve()
    name = f"{file_name(path.stem)}-teach"
    beside = path.parent / name
    if (beside / FILE).exists() or os.access(path.parent, os.W_OK):
        return beside
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
    return projects / f"{name}-{digest}"


def list_runs(project: Path) -> tuple[Path, ...]:
    """Return the directories of a project's runs, oldest first."""
    try:
        found = list((project / "runs").iterdir())
    except OSError:
        return ()
    return tuple(sorted(p for p in found if p.name.isdecimal() and p.is_dir()))


def make_run(project: Path) -> Path:
    """Return the directory of a new run, made now; needs no lock.

    Raises
    ------
    WriteError
        If it can't be made.
    """
    runs = list_runs(project)
    number = int(runs[-1].name) + 1 if runs else 1
    while True:
        path = project / "runs" / f"{number:04d}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            number += 1  # somebody was faster
        except OSError as error:
            raise WriteError(f"can't make {path}: {error.strerror}") from error
        else:
            return path
