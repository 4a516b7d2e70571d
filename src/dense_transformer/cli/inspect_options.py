"""What `dtn inspect` is asked on the command line, as values."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dense_transformer.cli.options import read_settings
from dense_transformer.config import PredictConfig
from dense_transformer.errors import ConfigError, ImageError

if TYPE_CHECKING:
    from dense_transformer.inspection.export import Wanted
    from dense_transformer.inspection.findings import Questions
    from dense_transformer.types import Array
    from dense_transformer.zoo import Model


KINDS = {"identity": "identity", "mean": "mean", "other": "other tile"}
FIGURES, FILMS = ("pdf", "svg", "png"), ("gif", "mp4")
TWIN = "twin"
_ENDINGS = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".h5", ".hdf5", ".hdf")


def add_questions(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what to ask."""
    parser.add_argument(
        "--level", type=int, help="Transformer to look at closely (default: deepest)."
    )
    parser.add_argument(
        "--tile",
        type=int,
        metavar="N",
        dest="tile_number",
        help="Tile to look at closely, counted from 1 row by row "
        "(default: the one that moves most).",
    )
    parser.add_argument(
        "--labels",
        type=Path,
        help="Labels of the image (0 ignored, 1, 2 ...), or a folder with a file "
        "of each image's name.",
    )
    parser.add_argument(
        "--compare",
        metavar="MODEL",
        help=f"Another model to compare with; {TWIN!r}: the plain U-Net beside it.",
    )
    parser.add_argument(
        "--ablate",
        default="identity",
        metavar="{" + ",".join((*KINDS, "none")) + "}",
        help="What to put in the place of a transformer's warp, or several parted by "
        "commas: identity,mean (default identity).",
    )


def add_formats(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what to write."""
    parser.add_argument(
        "--figure-format",
        default="pdf",
        metavar="{" + ",".join((*FIGURES, "none")) + "}",
        help="Format of the figures, or several parted by commas: pdf,svg "
        "(default pdf).",
    )
    parser.add_argument(
        "--film-format",
        default="gif",
        metavar="{" + ",".join((*FILMS, "none")) + "}",
        help="Format of the film from the identity to the learned warp, or both "
        "parted by a comma (default gif).",
    )
    parser.add_argument(
        "--numbers-only",
        action="store_true",
        help="Tables alone: no maps, figures, films and pages of single images.",
    )


def read_config(arguments: argparse.Namespace) -> PredictConfig:
    """Return how to predict; `--tile-size` is the setting `tile`."""
    named = argparse.Namespace(**{**vars(arguments), "tile": arguments.tile_size})
    return read_settings(named, PredictConfig)


def read_questions(arguments: argparse.Namespace) -> Questions:
    """Return what to ask of each image; ConfigError for an unknown word."""
    from dense_transformer.inspection.findings import Questions

    kinds = read_words(arguments.ablate, tuple(KINDS), "--ablate")
    number = arguments.tile_number
    if number is not None and number < 1:
        raise ConfigError(f"--tile {number}: tiles are counted from 1, row by row")
    film = bool(read_formats(arguments).films)
    return Questions(
        arguments.level,
        None if number is None else number - 1,
        tuple(KINDS[kind] for kind in kinds),  # type: ignore[misc]
        film,
    )


def read_formats(arguments: argparse.Namespace) -> Wanted:
    """Return what to write; ConfigError for an unknown word."""
    from dense_transformer.inspection.export import Wanted

    figures = read_words(arguments.figure_format, FIGURES, "--figure-format")
    films = read_words(arguments.film_format, FILMS, "--film-format")
    if arguments.numbers_only:
        return Wanted((), (), page=False, maps=False)
    return Wanted(figures, films)


def read_rival(arguments: argparse.Namespace) -> Model | None:
    """Return the model to compare with, if one was asked for.

    Raises
    ------
    ConfigError
        If the twin was asked for and the model has none.
    """
    from dense_transformer.inspection.comparison import find_twin
    from dense_transformer.zoo import load_model

    name = arguments.compare
    if name == TWIN:
        name = find_twin(arguments.model)
        if name is None:
            raise ConfigError(
                f"--compare {TWIN}: {arguments.model} has no twin among the models "
                "(`dtn models`); name the model to compare with"
            )
    return None if name is None else load_model(name)


def read_truth(
    arguments: argparse.Namespace, path: Path, model: Model, section: int
) -> Array | None:
    """Return the labels of an image's section, if labels were given.

    Raises
    ------
    ImageError
        If the folder of labels holds none for the image.
    """
    from dense_transformer.data import read_labels

    where: Path | None = arguments.labels
    if where is None:
        return None
    if where.is_dir():
        fitting = sorted(p for p in where.iterdir() if p.stem == path.stem)
        if not fitting:
            raise ImageError(f"{where} holds no labels named {path.stem}")
        where = fitting[0]
    return read_labels(where, len(model.card.classes), section=section)


def check_labels(labels: Path | None, paths: Sequence[Path]) -> None:
    """Raise ConfigError for one file of labels where there are several images."""
    if labels is not None and len(paths) > 1 and not labels.is_dir():
        raise ConfigError(
            f"--labels {labels} for {len(paths)} images: give a folder that holds a "
            "file of each image's name"
        )


def expand(paths: Sequence[Path]) -> list[Path]:
    """Return the images that are named, those of folders one by one.

    Raises
    ------
    ImageError
        If a folder holds no images.
    """
    images: list[Path] = []
    for path in paths:
        if not path.is_dir():
            images.append(path)
            continue
        inside = sorted(
            p for p in path.iterdir() if p.suffix.lower() in _ENDINGS and p.is_file()
        )
        if not inside:
            raise ImageError(f"{path} holds no images ({', '.join(_ENDINGS)})")
        images += inside
    return images


def read_words(text: str, known: Sequence[str], option: str) -> tuple[str, ...]:
    """Return the words of a list such as ``"pdf,svg"``; ``"none"`` is an empty one.

    Raises
    ------
    ConfigError
        For a word that isn't known.
    """
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    if words == ("none",):
        return ()
    for word in words:
        if word not in known:
            raise ConfigError(
                f"{option} {word!r}: use {', '.join(known)}, several with commas, "
                "or none"
            )
    return words
