"""The models that can be loaded by name: the shipped ones and the user's own."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dense_transformer.errors import ConfigError, ModelError
from dense_transformer.zoo.card import Card
from dense_transformer.zoo.container import read_header

SUFFIX = ".safetensors"
SHIPPED_FOLDER = Path(__file__).parent / "models"
CONFIG_FOLDER = Path(__file__).parent / "configs"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class ModelEntry:
    """A model that `load_model` finds by its name.

    Attributes
    ----------
    name : str
        The name, which is the file's.
    path : Path
        The file.
    source : {"shipped", "own"}
        Whether it came with the package.
    card : Card or None
        Its card; None where the file can't be read.
    problem : str
        Why it can't; empty otherwise.
    """

    name: str
    path: Path
    source: Literal["shipped", "own"]
    card: Card | None
    problem: str


def user_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Return where the user's own models lie: ``DTN_HOME``, or the system's place."""
    env = os.environ if environment is None else environment
    if home := env.get("DTN_HOME"):
        return Path(home) / "models"
    if sys.platform == "win32":
        base = Path(env.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(env.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "napari-dtn" / "models"


def check_name(name: str) -> str:
    """Return `name` if it is safe as a file's name everywhere.

    Raises
    ------
    ModelError
        If it isn't, such as ``../x``, ``nul`` or one of more than 64 characters.
    """
    if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name) or name.endswith("."):
        raise ModelError(
            f"model name {name[:80]!r}: use 1 to 64 letters, digits, '-', '_' or '.', "
            "a letter or digit first"
        )
    return name


def list_models() -> tuple[ModelEntry, ...]:
    """Return the shipped models, then the user's own, each in order of names.

    A shipped model hides an own one of the same name. Files that can't be read
    are listed with their problem.
    """
    entries: dict[str, ModelEntry] = {}
    sources: tuple[tuple[Path, Literal["shipped", "own"]], ...] = (
        (SHIPPED_FOLDER, "shipped"),
        (user_folder(), "own"),
    )
    for folder, source in sources:
        for name, path in sorted(_files(folder).items()):
            if name not in entries:
                entries[name] = _entry(name, path, source)
    return tuple(entries.values())


def find_model(name_or_path: str | os.PathLike[str]) -> Path:
    """Return the file of a model that is given by name or by path.

    Text with a slash, a backslash or the suffix ``.safetensors`` is a path.

    Raises
    ------
    ModelError
        If there is none; the message lists the names that are known.
    """
    if not isinstance(name_or_path, str) or _is_path(name_or_path):
        path = Path(name_or_path)
        if not path.exists():
            raise ModelError(f"there is no model file {path}; {_known()}")
        return path
    name = check_name(name_or_path)
    for folder in (SHIPPED_FOLDER, user_folder()):
        if found := _files(folder).get(name):
            return found
    raise ModelError(f"there is no model {name!r}; {_known()}")


def find_config(name_or_path: str | os.PathLike[str]) -> Path:
    """Return the training configuration of a shipped model, by its name, or a path.

    Raises
    ------
    ConfigError
        If there is none; the message lists the names that are known.
    """
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.parent != Path("."):
        if path.is_file():
            return path
        what = f"there is no configuration file {path}"
    else:
        if path.name in (known := _files(CONFIG_FOLDER, ".toml")):
            return known[path.name]
        what = f"there is no configuration {path.name!r}"
    names = ", ".join(sorted(_files(CONFIG_FOLDER, ".toml"))) or "none"
    raise ConfigError(f"{what}; known are {names}; or give the path of a TOML file")


def own_path(name: str) -> Path:
    """Return where a model of the user's own of that name lies, or would lie.

    Raises
    ------
    ModelError
        If the name is unsafe, or that of a shipped model, which would hide it.
    """
    if check_name(name).lower() in {
        shipped.lower() for shipped in _files(SHIPPED_FOLDER)
    }:
        raise ModelError(f"model name {name!r} is that of a shipped model; use another")
    return user_folder() / f"{name}{SUFFIX}"


def _is_path(text: str) -> bool:
    return text.endswith(SUFFIX) or "/" in text or "\\" in text


def _known() -> str:
    names = sorted({**_files(SHIPPED_FOLDER), **_files(user_folder())})
    known = f"known are {', '.join(names)}" if names else "none is installed"
    return f"{known}; or give the path of a {SUFFIX} file"


def _files(folder: Path, suffix: str = SUFFIX) -> dict[str, Path]:
    """Return the files of a folder by name; none if it isn't there."""
    try:
        paths = [path for path in folder.iterdir() if path.suffix == suffix]
    except OSError:
        return {}
    return {path.stem: path for path in paths if _NAME.fullmatch(path.stem)}


def _entry(name: str, path: Path, source: Literal["shipped", "own"]) -> ModelEntry:
    try:
        return ModelEntry(name, path, source, read_header(path).card, "")
    except ModelError as error:
        return ModelEntry(name, path, source, None, str(error))
